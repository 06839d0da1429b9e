"""Which agent attempts the cases: `agents.toml` names agents, and some need no entry.

    [fix]
    kind = "repair"                    sees the failing tests, and tries again
    turns = 5

    [cline-lean]
    kind = "cline"                     a program, run in a sandbox (`programs`)
    rules = "rules/lean.md"
    budget = { turns = 20, seconds = 300 }

Without an entry: `direct` (one answer, the default), `repair` and `repair:N`, and the name of every
kind of program as it is.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from pytest_llmops import tables
from pytest_llmops.agents.programs import DIRECT, KINDS, is_file, module_of, unknown_tools
from pytest_llmops.errors import AgentError, nearest
from pytest_llmops.grading.grader import GRADER

FEEDBACK_VERSION = 1
"""Rises with every change of what `feedback` says or of when `repair` ends."""
PROGRAM_VERSION = 2
"""Rises with every change of what a program is asked and given, by `workspace` or its adapter."""
MOST_TURNS = 1000
NEEDED = ("VERSION", "PLACE", "install", "prepare", "ending", "failed")
"""What an adapter has; see `adapter.Adapter`."""
OURS = {"text": "", "tests": False, "place": "", "code": ""}
"""Fields of programs that no table may set."""

Turns = Annotated[int, msgspec.Meta(ge=1, le=MOST_TURNS)]
Tokens = Annotated[int, msgspec.Meta(ge=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]


class Budget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one attempt may spend; the loop ends where it is spent."""

    turns: Turns = 50
    """Most answers of the model."""
    tokens: Tokens = 2_000_000
    """Most tokens, input and output of all turns together."""
    cost: Positive | None = None
    """Most US dollars, if the model has prices."""
    seconds: Positive = 600.0
    """Most seconds on the clock."""
    retries: Annotated[int, msgspec.Meta(ge=0, le=100)] = 5
    """Most failed requests in a row; after that the attempt is an error: the model is gone."""
    memory: Annotated[int, msgspec.Meta(ge=1)] = 2048
    """Most MiB that the program and all that it starts hold at once."""
    silence: Positive = 180.0
    """Most seconds in which neither the agent nor the model sends anything."""


class RepairAgent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Asks again with what the failing tests said."""

    kind: Literal["repair"] = "repair"
    """What kind of agent this is."""
    turns: Turns = 3
    """Most answers per attempt, the first included."""
    name: str = ""

    @property
    def label(self) -> str:
        """What a person is shown."""
        own = f"repair:{self.turns}"
        return own if self.name in {"repair", own} else f"{self.name} ({own})"

    @property
    def sha256(self) -> str:
        """Digest of everything that decides what it does."""
        return _digest("repair", self.turns, FEEDBACK_VERSION, GRADER)


class ProgramAgent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program of others that works in a folder, run in a sandbox."""

    kind: str
    """The program: `cline`, `mini`, `pi`, or a file of your own that says how it is run."""
    version: str = ""
    """Version of the program; if empty, the one that this package was tested with."""
    rules: str = ""
    """File of rules for the agent; the program finds it where it looks for its own."""
    system_prompt: str = ""
    """Replaces the program's own system prompt."""
    disabled_tools: tuple[str, ...] = ()
    """Names of the program's tools that the agent may not use."""
    args: tuple[str, ...] = ()
    """Further arguments for the program."""
    max_tokens: Tokens = 8192
    """Limit of output tokens per answer; a smaller limit of the program stays."""
    budget: Budget = Budget()
    """What one attempt may spend; see below."""
    concurrency: Annotated[int, msgspec.Meta(ge=0, le=256)] = 0
    """Attempts at once; 0 is the number of processors."""
    tests: bool = False
    """Whether the judging tests lie in the workspace; `--agent-tests`."""
    name: str = ""
    text: str = ""
    """Of `rules`, as it was read."""
    place: str = ""
    """Path of the user's file that is its adapter; "" for one of this package."""
    code: str = ""
    """What that file holds."""

    @property
    def pinned(self) -> str:
        """The version that is run."""
        return self.version or str(module_of(self.place or self.kind).VERSION)

    @property
    def label(self) -> str:
        """What a person is shown."""
        own = f"{self.kind} {self.pinned}"
        return own if self.name == self.kind else f"{self.name} ({own})"

    @property
    def sha256(self) -> str:
        """Digest of everything that decides what it does."""
        aside = {"name", "rules", "version", "concurrency", "place"}
        fields = {k: v for k, v in msgspec.structs.asdict(self).items() if k not in aside}
        if not self.code:
            del fields["code"]
        return _digest(PROGRAM_VERSION, self.pinned, fields)


Agent = RepairAgent | ProgramAgent


def resolve(name: str, path: Path, *, tests: bool = False) -> Agent | None:
    """Find the agent of a name; None for `direct`.

    Args:
        name: As given to `--agent`.
        path: `agents.toml`, which need not exist.
        tests: Whether a program finds the judging tests in its workspace.

    Raises:
        AgentError: The name is unknown, or what it names cannot be used.
    """
    agent = _named(name, path)
    if isinstance(agent, ProgramAgent) and tests:
        return msgspec.structs.replace(agent, tests=True)
    if tests:
        raise AgentError(f"--agent-tests=present: agent {name} has no workspace; leave it out")
    return agent


def _named(name: str, path: Path) -> Agent | None:
    if name == DIRECT:
        return None
    named = load_agents(path)
    if name in named:
        return named[name]
    for program in KINDS:
        if name == program:
            return ProgramAgent(kind=program, name=name)
    kind, colon, rest = name.partition(":")
    if kind == "repair" and (not colon or _is_count(rest)):
        return RepairAgent(name=name, turns=int(rest)) if colon else RepairAgent(name=name)
    if kind == "repair":
        raise AgentError(f"--agent: {name!r} should read repair:N, with N from 1 to {MOST_TURNS}")
    known = ", ".join(sorted({*named, DIRECT, "repair[:N]", *KINDS}))
    near = nearest(name, [*named, DIRECT, *KINDS])
    raise AgentError(f"--agent: {name!r} is not in {path} (known: {known}){near}")


def load_agents(path: Path) -> dict[str, Agent]:
    """Read `agents.toml`; a missing file names none.

    Raises:
        AgentError: The file is not TOML, or a table is no agent; names file and table.
    """
    found = tables.read(path, AgentError) or {}
    return {name: _parse(path, name, table) for name, table in found.items()}


def _parse(path: Path, name: str, table: Any) -> Agent:
    where = f"{path}: [{name}]"
    if name == DIRECT:
        raise AgentError(f"{where} is the name of the single answer; take another one")
    kind = table.get("kind") if isinstance(table, dict) else None
    if not isinstance(kind, str) or not (kind in {"repair", *KINDS} or is_file(kind)):
        kinds = ", ".join(("repair", *KINDS))
        raise AgentError(f"{where} needs a 'kind', one of {kinds}, or a file of your own (*.py)")
    if kind == "repair":
        return tables.value_of(RepairAgent, table, where, AgentError, {"name": name})
    agent = tables.value_of(ProgramAgent, table, where, AgentError, {**OURS, "name": name})
    if not agent.version and (lack := unknown_tools(kind, agent.disabled_tools)):
        raise AgentError(f"{where} disabled_tools: {lack}")
    if agent.rules:
        agent = msgspec.structs.replace(
            agent, text=_read(where, "rules", path.parent / agent.rules)
        )
    return _with_file(where, path.parent / kind, agent) if is_file(kind) else agent


def _read(where: str, what: str, place: Path) -> str:
    try:
        return place.read_text("utf-8")
    except OSError as error:
        raise AgentError(f"{where} {what}: {place}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise AgentError(f"{where} {what}: {place}: {error}") from None


def _with_file(where: str, place: Path, agent: ProgramAgent) -> ProgramAgent:
    """An agent whose adapter is a file of the user's."""
    code = _read(where, "kind", place)
    try:
        module = module_of(str(place))
    except Exception as error:  # noqa: BLE001 a user's code may raise anything
        raise AgentError(f"{where} kind: {place}: {type(error).__name__}: {error}") from None
    if missing := [name for name in NEEDED if not hasattr(module, name)]:
        raise AgentError(
            f"{where} kind: {place} has no {', '.join(missing)} (see `llmops docs agents`)"
        )
    return msgspec.structs.replace(agent, kind=place.stem, place=str(place), code=code)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= MOST_TURNS


def _digest(*parts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()
