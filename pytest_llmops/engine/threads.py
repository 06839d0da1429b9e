"""Which operations of a step share the processors.

Decoding is some thousand operations of microseconds. To hand half of such a one to a thread that
sleeps costs more than it saves, so within `alone` only matrix products are `shared`. Kernels are
`split` over threads of Python, as they run without its lock. Measured on two cores with 32 rows, a
step takes 0.8 of the time, and less than that where other programs are busy.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from itertools import pairwise
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


def threads() -> int:
    """Return how many threads kernels may take."""
    return _THREADS.get() or torch.get_num_threads()


def split(work: Callable[[int, int], object], ends: Sequence[int], parts: int = 0) -> None:
    """Run `work(first, last)` over units in parts of about equal cost, at the same time.

    `ends` is the cost of every unit with all before it; 0 `parts` are as many as threads.
    """
    parts = parts or threads()
    inner = [bisect_left(ends, ends[-1] * part / parts) for part in range(1, parts)]
    cuts = [0, *inner, len(ends)]
    spans = [(first, last) for first, last in pairwise(cuts) if first < last]
    together([partial(work, *span) for span in spans])


def together(works: Sequence[Callable[[], object]]) -> None:
    """Run works at the same time, the first in this thread."""
    others = [_workers(len(works)).submit(work) for work in works[1:]]
    works[0]()
    for other in others:
        other.result()


@cache
def _workers(parts: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(parts - 1, "kernels")
