"""The sinks of a session: probed at its start, fed by another process, counted at its end.

    reached = reach_sinks(names, required=True, environment=os.environ)
    sinks = open_sinks(reached, run=run, folder=folder, content=True)
    sinks.emit(record)      for each record, after it was written to the records file
    sinks.close(end, records)
    sinks.lines()           for the terminal

Records travel through the records file, which `process` reads as it grows; `emit` counts and does
nothing that could fail or wait.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from pytest_llmops.errors import SinkError
from pytest_llmops.runs.record import End, Record, Run
from pytest_llmops.sinks.delivery.child import Process, delivery_environment
from pytest_llmops.sinks.delivery.ledger import Entry, Ledger, claim
from pytest_llmops.sinks.delivery.process import Order, Word
from pytest_llmops.sinks.links import WHOLE, Links, name_of, read_links
from pytest_llmops.sinks.probe import place, probe
from pytest_llmops.sinks.settings import Settings, names_of, read

FLUSH_SECONDS = 120.0
"""Least time for what is left at the end. A dead or hanging sink ends far earlier, by the time-outs
of its requests; this bounds what no time-out does, such as imports on a busy machine."""

FLUSH_SECONDS_A_CASE = 0.1


class SinkDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """What one sink has of a run."""

    sink: str
    where: str
    delivered: int
    """Attempts it has taken, now or earlier."""
    waiting: int
    """Attempts it has not; `llmops sync` sends them."""
    verified: int = 0
    """Attempts that were read back from it whole, at the last `llmops sync --verify`."""
    finished: bool
    """Whether it has what is said of the run as a whole: parameters, metrics, tables."""
    problem: str = ""
    link: str = ""
    """Where a person looks at one attempt, unsolved if there is such; "" without any address."""
    linked: str = ""
    """Which attempt that is, and how it ended."""
    page: str = ""
    """Where a person looks at the run as a whole; "" without an address."""

    @property
    def complete(self) -> bool:
        """Whether nothing is left to send."""
        return self.waiting == 0 and self.finished


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What the sinks have of a run."""

    sinks: tuple[SinkDelivery, ...]

    @property
    def complete(self) -> bool:
        """Whether every sink has everything."""
        return all(one.complete for one in self.sinks)


class Sinks:
    """The sinks of one run."""

    def __init__(self, reached: "Reached", run: Run, folder: Path, process: Process | None) -> None:
        """Use `open_sinks`."""
        self.emitted = 0
        """Records handed over."""
        self.problems = list(reached.problems)
        """Sinks that were left out, and why."""
        self.delivery = Delivery(sinks=())
        self._found = reached.found
        self._absent = reached.absent
        self._run = run
        self._folder = folder
        self._process = process

    def emit(self, record: Record) -> None:  # noqa: ARG002 - it is in the file already
        """Hand over a record that has been written to the records file."""
        self.emitted += 1

    def close(self, end: End | None, records: Sequence[Record]) -> Delivery:
        """Have the rest delivered, within bounds, and count; safe to repeat.

        Args:
            end: None where the session was interrupted.
            records: All of the run; they are in the records file.
        """
        if self._process is None:
            return self.delivery
        seconds = FLUSH_SECONDS + FLUSH_SECONDS_A_CASE * len(records)
        problems = self._process.finish(Word(end=end, seconds=seconds))
        self._process = None
        self.delivery = self._count(records, problems)
        return self.delivery

    @property
    def complete(self) -> bool:
        """Whether every sink that was asked for has everything; known once closed."""
        return not self.problems and self.delivery.complete

    @property
    def links(self) -> Links:
        """Addresses of the traces, by `CASE@SAMPLE` and sink."""
        return read_links(self._folder)

    def lines(self) -> list[str]:
        """What the terminal says: a line a sink, and one for each that was left out."""
        shown = [line for one in self.delivery.sinks for line in self._lines(one)]
        opened = [f"{name}: {place(one)}" for name, one in self._found.items()]
        later = f"left out: {', '.join(self._absent)}; once there: llmops sync {self._run.id}"
        return [*(shown or opened), *self.problems, *([later] if self._absent else [])]

    def _lines(self, one: SinkDelivery) -> list[str]:
        line = f"{one.sink}: {one.delivered} attempts delivered to {one.where}"
        line += f", {one.verified} of them read back" if one.verified else ""
        if one.waiting or not one.finished:
            left = f"{one.waiting} wait" if one.waiting else "the summary of the run waits"
            reason = f" ({one.problem})" if one.problem else ""
            line += f"; {left}{reason}: llmops sync {self._run.id}"
        elif one.problem:
            line += f", {one.problem}"
        shown = [f"  {one.linked}: {one.link}"] if one.link else []
        return [line, *shown, *([f"  the run: {one.page}"] if one.page else [])]

    def _count(self, records: Sequence[Record], problems: Mapping[str, str]) -> Delivery:
        ledger = Ledger(self._folder)
        keys = {(record.case, record.sample) for record in records}
        links = read_links(self._folder)
        unsolved_first = sorted(records, key=lambda one: one.solved)
        counted = []
        for name, settings in self._found.items():
            where = place(settings)
            taken = len(keys & ledger.delivered(name, where))
            looked_at = (one for one in unsolved_first if name in links.get(_name(one), {}))
            example = next(looked_at, None)
            counted.append(
                SinkDelivery(
                    sink=name,
                    where=where,
                    delivered=taken,
                    waiting=len(keys) - taken,
                    verified=len(keys & ledger.verified(name, where)),
                    finished=ledger.finished(name, where),
                    problem=problems.get(name, problems.get("", "")),
                    link=links[_name(example)][name] if example else "",
                    page=links.get(WHOLE, {}).get(name, ""),
                    linked=f"{_name(example)}, {example.outcome}" if example else "",
                )
            )
        return Delivery(sinks=tuple(counted))


def _name(record: Record) -> str:
    return name_of(record.case, record.sample)


class Reached(NamedTuple):
    """Sinks that have answered, and those that have not."""

    found: Mapping[str, Settings]
    absent: Mapping[str, Settings]
    """Sinks whose settings are right, but that cannot be delivered to now."""
    problems: Sequence[str]
    """What is wrong with those, and with sinks whose settings are not right."""
    environment: Mapping[str, str]
    """Where their settings were read."""


def reach_sinks(names: Sequence[str], *, required: bool, environment: Mapping[str, str]) -> Reached:
    """Probe sinks; cheap, so that it can come before anything that takes time.

    Args:
        names: Of sinks; `all` stands for all of them, none for nothing.
        required: A sink that is not there is an error; otherwise it is left out and said, and
            `llmops sync` may deliver to it later.
        environment: Where settings and keys are read.

    Raises:
        SinkError: A name is not a sink, or a required sink has a setting that is missing or wrong,
            or does not answer; says which, where and what to do.
    """
    settings: list[tuple[str, Settings]] = []
    problems: list[str] = []
    for name in names_of(names):
        try:
            settings.append((name, read(name, environment)))
        except SinkError as error:
            problems.append(str(error))
    answers = probe(settings)
    problems += filter(None, answers)
    if problems and required:
        raise SinkError("; ".join(problems))
    found = [one for one, problem in zip(settings, answers, strict=True) if not problem]
    absent = [one for one, problem in zip(settings, answers, strict=True) if problem]
    return Reached(dict(found), dict(absent), problems, environment)


def open_sinks(reached: Reached, *, run: Run, folder: Path, content: bool) -> Sinks:
    """Start to deliver.

    Args:
        reached: The sinks.
        run: The run, whose first line is in the records file.
        folder: Where that file is.
        content: Send prompts and completions.

    Raises:
        SinkError: The run is being delivered already, or the ledger cannot be used.
    """
    asked = {**reached.found, **reached.absent}
    if not asked:
        return Sinks(reached, run, folder, None)
    with claim(folder) as held:
        ledger = Ledger(folder)
        for name, settings in asked.items():
            ledger.add(Entry(sink=name, where=place(settings)))
        if not reached.found:
            return Sinks(reached, run, folder, None)
        order = Order(folder=str(folder.resolve()), sinks=tuple(reached.found), content=content)
        process = Process(order, delivery_environment(reached.environment, reached.found), held)
    return Sinks(reached, run, folder, process)
