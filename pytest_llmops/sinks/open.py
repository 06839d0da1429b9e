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
from pytest_llmops.sinks.child import Process, delivery_environment
from pytest_llmops.sinks.ledger import Entry, Ledger
from pytest_llmops.sinks.links import Links, read_links
from pytest_llmops.sinks.probe import place, probe
from pytest_llmops.sinks.process import Order, Word
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
    finished: bool
    """Whether it has what is said of the run as a whole: parameters, metrics, tables."""
    problem: str = ""
    link: str = ""
    """Where a person looks; "" where there is no address."""

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

    def __init__(
        self,
        found: Mapping[str, Settings],
        run: Run,
        folder: Path,
        process: Process | None,
        problems: Sequence[str],
    ) -> None:
        """Use `open_sinks`."""
        self.emitted = 0
        """Records handed over."""
        self.problems = list(problems)
        """Sinks that were left out, and why."""
        self.delivery = Delivery(sinks=())
        self._found = found
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
    def links(self) -> Links:
        """Addresses of the traces, by `CASE@SAMPLE` and sink."""
        return read_links(self._folder)

    def lines(self) -> list[str]:
        """What the terminal says: a line a sink, and one for each that was left out."""
        shown = self.delivery.sinks
        if not shown:
            return [*(f"{name}: {place(one)}" for name, one in self._found.items()), *self.problems]
        return [*(line for one in shown for line in self._lines(one)), *self.problems]

    def _lines(self, one: SinkDelivery) -> list[str]:
        line = f"{one.sink}: {one.delivered} attempts delivered to {one.where}"
        if one.waiting or not one.finished:
            left = f"{one.waiting} wait" if one.waiting else "the summary of the run waits"
            reason = f" ({one.problem})" if one.problem else ""
            line += f"; {left}{reason}: llmops sync {self._run.id}"
        return [line, f"  {one.link}"] if one.link else [line]

    def _count(self, records: Sequence[Record], problems: Mapping[str, str]) -> Delivery:
        ledger = Ledger(self._folder)
        keys = {(record.case, record.sample) for record in records}
        links = read_links(self._folder).values()
        counted = []
        for name, settings in self._found.items():
            where = place(settings)
            taken = len(keys & ledger.delivered(name, where))
            addresses = (link[name] for link in links if name in link)
            counted.append(
                SinkDelivery(
                    sink=name,
                    where=where,
                    delivered=taken,
                    waiting=len(keys) - taken,
                    finished=ledger.finished(name, where),
                    problem=problems.get(name, problems.get("", "")),
                    link=next(addresses, ""),
                )
            )
        return Delivery(sinks=tuple(counted))


class Reached(NamedTuple):
    """Sinks that have answered."""

    found: Mapping[str, Settings]
    problems: Sequence[str]
    """What is wrong with the others."""
    environment: Mapping[str, str]
    """Where their settings were read."""


def reach_sinks(names: Sequence[str], *, required: bool, environment: Mapping[str, str]) -> Reached:
    """Probe sinks; cheap, so that it can come before anything that takes time.

    Args:
        names: Of sinks; `all` stands for all of them, none for nothing.
        required: A sink that is not there is an error; otherwise it is left out and said.
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
    found = {
        name: one for (name, one), problem in zip(settings, answers, strict=True) if not problem
    }
    return Reached(found, problems, environment)


def open_sinks(reached: Reached, *, run: Run, folder: Path, content: bool) -> Sinks:
    """Start to deliver.

    Args:
        reached: The sinks.
        run: The run, whose first line is in the records file.
        folder: Where that file is.
        content: Send prompts and completions.
    """
    found, problems, environment = reached
    if not found:
        return Sinks(found, run, folder, None, problems)
    ledger = Ledger(folder)
    for name, settings in found.items():
        ledger.add(Entry(sink=name, where=place(settings)))
    order = Order(folder=str(folder.resolve()), sinks=tuple(found), content=content)
    process = Process(order, delivery_environment(environment, found))
    return Sinks(found, run, folder, process, problems)
