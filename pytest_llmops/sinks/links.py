"""From an attempt to its trace in each tool: `links.json` beside the records."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from pytest_llmops.errors import SinkError
from pytest_llmops.runs.record import Run
from pytest_llmops.runs.traces import trace_id
from pytest_llmops.sinks.delivery.ledger import Key

LINKS = "links.json"

Links = dict[str, dict[str, str]]
"""By `CASE@SAMPLE`: the address by sink, and the id of the trace under `trace`. By `run`: the
address of the run as a whole by sink."""

WHOLE = "run"


def name_of(case: str, sample: int) -> str:
    """How an attempt is called in the file; pytest calls it the same."""
    return f"{case}@{sample}"


def read_links(folder: Path) -> Links:
    """Read the links of a run; none where nothing was ever delivered.

    Raises:
        SinkError: The file is broken.
    """
    path = folder / LINKS
    try:
        return msgspec.json.decode(path.read_bytes(), type=Links)
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise SinkError(f"{path}: cannot be read: {error}; `llmops sync` writes it anew") from None


def write_links(
    folder: Path,
    run: Run,
    found: Mapping[str, Mapping[Key, str]],
    pages: Mapping[str, str] | None = None,
) -> None:
    """Add links to those there are.

    Args:
        folder: Of the run.
        run: The run.
        found: Addresses by attempt, by sink.
        pages: Addresses of the run as a whole, by sink; "" for none.

    Raises:
        SinkError: The file cannot be written.
    """
    try:
        links = read_links(folder)
    except SinkError:
        links = {}
    for sink, addresses in found.items():
        for (case, sample), address in addresses.items():
            one = links.setdefault(name_of(case, sample), {})
            one |= {"trace": trace_id(run.id, case, sample), sink: address}
    if whole := {sink: address for sink, address in (pages or {}).items() if address}:
        links[WHOLE] = links.get(WHOLE, {}) | whole
    if not links:
        return
    try:
        (folder / LINKS).write_bytes(msgspec.json.format(msgspec.json.encode(links), indent=1))
    except OSError as error:
        raise SinkError(f"{folder / LINKS}: cannot be written: {error.strerror}") from None
