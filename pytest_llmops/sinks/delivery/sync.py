"""A recorded run delivered again, to the sinks that lack a part of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_llmops.errors import SinkError
from pytest_llmops.runs.reading import read_run
from pytest_llmops.sinks.delivery.ledger import Entry, Ledger, claim
from pytest_llmops.sinks.delivery.open import Reached, Sinks, open_sinks, reach_sinks
from pytest_llmops.sinks.probe import place


def sync(
    path: Path,
    names: Sequence[str],
    *,
    content: bool,
    environment: Mapping[str, str],
    again: bool = False,
) -> Sinks:
    """Deliver what the ledger of a run does not hold as delivered.

    Args:
        path: Its records file.
        names: Of sinks, all of which must be there; none for those that were ever asked for, of
            which one that is not there keeps the others from nothing.
        content: Send prompts and completions, where the run has them.
        environment: Where settings and keys are read.
        again: Deliver what it holds too, to the same ids.

    Raises:
        RecordError: The records cannot be read.
        SinkError: A named sink cannot be reached, none is named and none was ever asked for, or the
            run is being delivered already.
    """
    found = read_run(path)
    chosen = names or Ledger(path.parent).sinks()
    if not chosen:
        raise SinkError(f"{path.parent}: was recorded without a sink; name one with --sink")
    reached = reach_sinks(chosen, required=bool(names), environment=environment)
    if again:
        _forget(path.parent, reached)
    sinks = open_sinks(reached, run=found.run, folder=path.parent, content=content)
    sinks.close(found.end, found.records)
    return sinks


def _forget(folder: Path, reached: Reached) -> None:
    """Have what was delivered to the sinks that are there count no more."""
    with claim(folder):
        ledger = Ledger(folder)
        for name, settings in reached.found.items():
            ledger.add(Entry(sink=name, where=place(settings), again=True))
