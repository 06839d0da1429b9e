"""What a comparison says: the figures of each tool, kept beside the run as `observability.json`.

The formula of each figure is in docs/observability.md. None stands for what was not measured.
"""

from pathlib import Path
from typing import Literal

import msgspec

from pytest_llmops.errors import SinkError

FORMAT = 1
"""Version of the file; a reader refuses others."""

FILE = "observability.json"

MeasuredOn = Literal["server", "file", "stand-in", "nothing"]
"""`file`: MLflow's database without a server; `stand-in`: a program that answers as the tool's
documentation says and is not the tool; `nothing`: the tool gave no answer."""


class Traceability(msgspec.Struct, frozen=True, kw_only=True):
    """What can be found again, starting from the id of a case. Counts, over all attempts."""

    attempts: int
    complete: int
    """Attempts found by their case with every span and parent of the chain, and `solved`."""
    spans: int
    """Spans that the records stand for."""
    lost_spans: int
    duplicated_spans: int
    """Copies of a span beyond the first."""
    unexpected_spans: int
    """Spans of the run and its cases that no record stands for."""
    wrong_token_spans: int
    wrong_cost_spans: int = 0
    """Calls whose cost is another than the record's; one that is not known must not be invented."""
    missing_scores: int
    wrong_scores: int

    @property
    def share(self) -> float | None:
        """Complete chains by attempts, 0..1."""
        return self.complete / self.attempts if self.attempts else None


class Debugging(msgspec.Struct, frozen=True, kw_only=True):
    """The way from a failing case (unsolved, or an error) to its cause. Shares are 0..1."""

    failing: int
    """Attempts that this was measured on."""
    queries: float | None
    """Median number of requests from the case id to everything the tool has of the attempt."""
    seconds: float | None
    """Median time of those requests."""
    prompt: float | None
    """Share whose prompt was in the answers; of those that have one on record."""
    completion: float | None
    error: float | None
    """Share whose error or test output was in the answers; of those that have one on record."""
    linked: float
    """Share with an address in `links.json`."""
    opens: bool | None
    """Whether the first address names the trace of its attempt; None where there is none."""


class Granularity(msgspec.Struct, frozen=True, kw_only=True):
    """How much detail the tool gives back; means an attempt, except where it says otherwise."""

    spans: float
    attributes: float
    events: float
    scores: float
    logs: float
    run_figures: int
    """Metrics, or scores of the run as a whole, by name; -1 where what has them did not answer."""
    resolution_ns: int | None
    """Nanoseconds: the largest decimal unit of which every time read back is a multiple."""
    token_kinds: tuple[str, ...]
    """Of input, cached, output, reasoning: those the tool has a field for."""


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """What delivery costs on this side, through the sink as a session uses it."""

    ms: float
    """Milliseconds an attempt, beyond those of one attempt alone."""
    start_seconds: float
    """Delivery of a run of one attempt: process, imports, description of the run."""
    bytes: float | None
    """Bytes an attempt on the wire, HTTP headers included; None for a file."""


class Footprint(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be there before the first trace."""

    steps: tuple[str, ...]
    """Commands, for a person who has this package and Docker."""
    containers: int
    """Of the profile in docker-compose.yml."""
    memory_limit: float
    """GiB, of all its containers together."""
    memory: int | None = None
    """Resident memory of the server's processes, bytes; None where they cannot be seen."""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One tool; what was measured, or why it was not."""

    name: str
    where: str
    measured_on: MeasuredOn
    footprint: Footprint
    stand_ins: tuple[str, ...] = ()
    """What was a stand-in: `traces`, `figures of the run`, `log records`, `delivery`; figures that
    it gave are marked."""
    problem: str = ""
    traceability: Traceability | None = None
    debugging: Debugging | None = None
    granularity: Granularity | None = None
    sending: Sending | None = None
    sending_problem: str = ""
    """Why delivery was not measured."""


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """The tools, on one run."""

    format: int = FORMAT
    run: str
    measured: float
    """Unix time, seconds."""
    tools: tuple[Tool, ...]


def write(folder: Path, compared: Compared) -> Path:
    """Keep a comparison beside the records of its run; gives the file.

    Raises:
        SinkError: It cannot be written.
    """
    path = folder / FILE
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(compared), indent=1) + b"\n")
    except OSError as error:
        raise SinkError(f"{path}: cannot be written: {error.strerror}") from None
    return path


def read(folder: Path) -> Compared | None:
    """Read the comparison of a run; None where there is none.

    Raises:
        SinkError: The file is broken or of another version.
    """
    path = folder / FILE
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Compared)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise SinkError(f"{path}: cannot be read: {error}; delete it, then measure anew") from None
    if found.format != FORMAT:
        raise SinkError(
            f"{path}: format {found.format}; this version reads {FORMAT} only; delete the file"
        )
    return found
