"""Which operations of a step share the processors.

Decoding is some thousand operations of microseconds. To hand half of such a one to a thread that
sleeps costs more than it saves, so within `alone` only what is `shared` uses all threads: matrix
products, and the attention of prompts. Measured on two cores with 32 rows, a step takes 0.8 of the
time, and less than that where other programs are busy.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

import torch

_Args = ParamSpec("_Args")
_Result = TypeVar("_Result")

_THREADS: ContextVar[int] = ContextVar("threads", default=0)
"""Threads of what is shared within `alone`; 0 outside of it."""


@contextmanager
def alone() -> Iterator[None]:
    """Run operations in one thread, but those that are `shared`."""
    threads = torch.get_num_threads()
    token = _THREADS.set(threads)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        _THREADS.reset(token)


def shared(work: Callable[_Args, _Result], *args: _Args.args, **options: _Args.kwargs) -> _Result:
    """Return `work(...)`, run by all threads."""
    threads = _THREADS.get()
    if threads == torch.get_num_threads() or not threads:
        return work(*args, **options)
    torch.set_num_threads(threads)
    try:
        return work(*args, **options)
    finally:
        torch.set_num_threads(1)
