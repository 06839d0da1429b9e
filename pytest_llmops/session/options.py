"""The command line of a benchmark session, parsed at the edge; `declared` has its options."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from pytest_llmops.completions import Sampling
from pytest_llmops.errors import CaseError
from pytest_llmops.places.where import Where, where
from pytest_llmops.session.choosing import AgentChoice, chosen_agent
from pytest_llmops.session.configured import Configured
from pytest_llmops.session.declared import of_gates
from pytest_llmops.session.posing import budget_of_questions
from pytest_llmops.session.sharding import shard_of
from pytest_llmops.sinks.named import SINKS
from pytest_llmops.tasks.selection import Choice

if TYPE_CHECKING:
    from pytest_llmops.session.gating import GateChoice


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The command line, parsed."""

    model: str
    """As given to `--model`; "" where nothing can be run, only collected."""
    models_file: Path
    agent: AgentChoice = AgentChoice()
    choice: Choice
    cache: bool = True
    trust_cache: bool = False
    """Use cached answers of an endpoint whatever it may serve by now, and let a gate judge them."""
    grade: bool = True
    content: bool = True
    quality: bool = False
    """Measure how well written the answers are, once all are there."""
    sandbox: Literal["bwrap", "process"] = "bwrap"
    place: Where = Where()
    """Where answers are graded."""
    root: Path
    runs: Path
    label: str = ""
    gate: "GateChoice | None" = None
    sinks: tuple[str, ...] = ()
    sinks_required: bool = False
    """Whether the user named them for this session, rather than the configuration for all."""


def parse(values: Mapping[str, Any], root: Path, configured: Configured) -> Options:
    """Make sense of the command line.

    Args:
        values: The options by name (`names.by_name`), those of pytest among them.
        root: What relative names are relative to.
        configured: What the configuration file says.

    Raises:
        CaseError: Options contradict each other.
        PlaceError: `--run-on` names no place.
    """
    if values["source"] and len(values["suite"]) != 1:
        raise CaseError("--source needs exactly one --suite, whose source it replaces")
    if values["quality"] and values["no_content"]:
        raise CaseError("--quality reads answers, of which --no-content keeps none; drop one")
    if values["model"] is not None and not values["model"].strip():
        raise CaseError(
            "--model names no model; it is empty (from a variable that is not set?), and a session "
            "that asks nothing must not pass"
        )
    runs = values["runs"] or root / "runs"
    model, models_file = values["model"] or "", root / configured.models
    agent = chosen_agent(values, root / configured.agents)
    asked = None if values["underspecified"] else (model, models_file, agent, runs)
    shard, seconds = shard_of(values, runs)
    return Options(
        model=model,
        models_file=models_file,
        agent=agent,
        choice=Choice(
            suites_file=root / configured.suites,
            suites=tuple(values["suite"]),
            split=values["split"],
            difficulties=tuple(values["difficulty"]),
            samples=values["samples"],
            shard=shard,
            seconds=seconds,
            sampling=Sampling(max_tokens=values["max_tokens"], temperature=values["temperature"]),
            source=values["source"],
            context_tokens=budget_of_questions(*asked) if asked else None,
        ),
        cache=not (values["no_cache"] or values["no_content"]),  # it would keep the texts
        trust_cache=values["trust_cache"],
        grade=not values["no_grade"],
        content=not values["no_content"],
        quality=values["quality"],
        sandbox=values["sandbox"],
        place=where(values["run_on"]),
        root=root,
        runs=runs,
        label=values["label"],
        gate=_gate(values, root / configured.baselines),
        sinks=_sinks(configured.sinks if values["sink"] is None else values["sink"]),
        sinks_required=values["sink"] is not None,
    )


def _gate(values: Mapping[str, Any], baselines: Path) -> "GateChoice | None":
    """See `gate_options.gate_of`, which a session without a gate does not load."""
    if values["gate"] is None:
        if option := of_gates(values):
            raise CaseError(f"{option} needs --gate BASELINE; without it nothing is judged")
        return None
    from pytest_llmops.session.gate_options import gate_of

    return gate_of(values, baselines)


def _sinks(named: Sequence[str]) -> tuple[str, ...]:
    """The sinks that `all`, `none` and names stand for, each once, in a fixed order."""
    if unknown := set(named) - {*SINKS, "all", "none"}:
        raise CaseError(f"llmops_sinks: {min(unknown)!r} is none of {', '.join(SINKS)}")
    if "none" in named:
        return ()
    return tuple(name for name in SINKS if name in named or "all" in named)
