"""The process that delivers: `python -m pytest_llmops.sinks.delivery.process ORDER`.

The SDKs of the tools take seconds to import, hold the interpreter while they encode, set providers
and loggers for a whole process, and may hang; so they live here and not in the test session. This
process reads the records file as it grows. It ends when its standard input does, after delivering
what is left, and then says on standard output what went wrong. Killed, it loses nothing: what was
delivered is in the ledger, and the rest in the records.
"""

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from pytest_llmops.runs.record import End, Run
from pytest_llmops.runs.stored import is_compacted, records_file, stored
from pytest_llmops.sinks.delivery.backlog import BATCH, LARGE_BATCH, Backlog
from pytest_llmops.sinks.delivery.delivery import Carrier
from pytest_llmops.sinks.delivery.destination import Destination
from pytest_llmops.sinks.delivery.ledger import Ledger
from pytest_llmops.sinks.links import write_links
from pytest_llmops.sinks.probe import place
from pytest_llmops.sinks.settings import Collector, Langfuse, Mlflow, Settings, read
from pytest_llmops.sinks.withhold import clean_record, clean_run, redactor

LOOK = 0.25
"""Seconds between two looks at the records file."""

UNUSED = ("pandas", "pyarrow")
"""What MLflow loads where it is there, 60 MB; delivery needs pyarrow for compacted runs alone."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to deliver."""

    folder: str
    """Of the run."""
    sinks: tuple[str, ...]
    content: bool
    """Send texts, where the records have them."""


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """The last word on standard input: how the session ended, and the time left for delivery."""

    end: End | None = None
    seconds: float = 60.0


def main() -> None:
    """Deliver a run."""
    os.nice(5)  # the model and the tests come first
    order = msgspec.json.decode(sys.argv[1], type=Order)
    folder, environment = Path(order.folder), dict(os.environ)
    for name in UNUSED:
        if name != "pyarrow" or not is_compacted(records_file(folder)):
            sys.modules[name] = None  # type: ignore[assignment] # as if it were not installed
    answer = _own_output()
    logging.disable(logging.CRITICAL)  # SDKs log what they send and where
    hide = redactor(environment)
    backlog = Backlog(folder, partial(clean_record, hide=hide, content=order.content))
    run = clean_run(_first_line(folder), hide)
    ledger = Ledger(folder)
    carriers = [
        _carrier(name, read(name, environment), run, folder, ledger) for name in order.sinks
    ]
    threads = [
        threading.Thread(target=one.run, args=(backlog,), name=one.sink, daemon=True)
        for one in carriers
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + _follow(backlog).seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    records = [one.record for one in backlog.kept]
    links = {one.sink: one.links(records) for one in carriers if one.done}
    pages = {one.sink: one.page() for one in carriers if one.done}
    write_links(folder, run, links, pages)
    answer(json.dumps({name: hide(text) for name, text in _problems(carriers).items()}))
    os._exit(0)  # a thread that hangs must not keep the process


def _own_output() -> Callable[[str], None]:
    """Keep standard output for the answer; what SDKs print goes with the errors."""
    channel = os.dup(1)
    os.dup2(2, 1)

    def answer(text: str) -> None:
        with os.fdopen(channel, "w") as file:
            file.write(text)

    return answer


def _first_line(folder: Path) -> Run:
    with stored(records_file(folder)) as lines:
        return msgspec.json.decode(next(lines.lines(), b""), type=Run)


def _follow(backlog: Backlog) -> Word:
    """Read records as they come, until standard input ends; return its last word."""
    heard: list[bytes] = []
    listener = threading.Thread(target=lambda: heard.append(sys.stdin.buffer.read()), daemon=True)
    listener.start()
    while listener.is_alive():
        backlog.look()
        listener.join(LOOK)
    backlog.look()
    word = msgspec.json.decode(heard[0], type=Word) if heard and heard[0] else Word()
    backlog.end = backlog.end or word.end
    backlog.complete.set()
    return word


def _carrier(name: str, settings: Settings, run: Run, folder: Path, ledger: Ledger) -> Carrier:
    connect = partial(_connect, settings, run, folder)
    most = LARGE_BATCH if isinstance(settings, Mlflow) and not settings.local else BATCH
    return Carrier(name, place(settings), connect, ledger, most=most)


def _connect(settings: Settings, run: Run, folder: Path) -> Destination:
    """Import what a sink needs and open the way to it."""
    # One sink's SDK must not be needed for, or delay, another's.
    if isinstance(settings, Langfuse):
        from pytest_llmops.sinks.langfuse.sink import connect  # noqa: PLC0415

        return connect(settings, run, folder)
    if isinstance(settings, Collector):
        from pytest_llmops.sinks.openllmetry.sink import connect as dial  # noqa: PLC0415

        return dial(settings, run, folder)
    from pytest_llmops.sinks.mlflow.sink import connect as enter  # noqa: PLC0415

    return enter(settings, run, folder)


def _problems(carriers: Sequence[Carrier]) -> dict[str, str]:
    """What went wrong, by sink."""
    late = "still delivering when its time was up"
    found = {one.sink: one.problem or ("" if one.done else late) for one in carriers}
    return {name: problem for name, problem in found.items() if problem}


if __name__ == "__main__":
    main()
