"""The command line of a benchmark session: declared, and parsed at the edge."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from pytest_llmops.cases import SPLITS
from pytest_llmops.compare.margins import DEFAULT_MARGINS, PROOFS, Margins, ratio, share
from pytest_llmops.compare.metrics import parse_metrics
from pytest_llmops.completions import Sampling
from pytest_llmops.errors import CaseError
from pytest_llmops.session.choosing import AgentChoice, chosen_agent, declare_agent
from pytest_llmops.session.configured import Configured
from pytest_llmops.session.gating import GateChoice
from pytest_llmops.session.numbers import positive, temperature
from pytest_llmops.session.sharding import declare_shard, shard_of
from pytest_llmops.sinks.settings import SINKS
from pytest_llmops.tasks.selection import Choice

NO_ATTEMPTS = {
    "--collect-only": "collectonly",
    "--setup-plan": "setupplan",
    "--setup-only": "setuponly",
    "--fixtures": "showfixtures",
    "--fixtures-per-test": "show_fixtures_per_test",
    "--cache-show": "cacheshow",
}
"""Options of pytest under which no test runs, and their names among its values."""


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
    sandbox: Literal["bwrap", "process"] = "bwrap"
    root: Path
    runs: Path
    label: str = ""
    gate: GateChoice | None = None
    sinks: tuple[str, ...] = ()
    sinks_required: bool = False
    """Whether the user named them for this session, rather than the configuration for all."""


def declare(add: Callable[..., None]) -> None:
    """Declare every option; `add` takes a name and what argparse takes, defaults as the values."""
    add(
        "--model",
        metavar="NAME",
        help="model to benchmark: a name in models.toml, hf:ORG/NAME, openai:NAME@URL, replay:RUN",
    )
    declare_agent(add)
    add(
        "--suite",
        action="append",
        default=[],
        metavar="NAME",
        help="suite to run (repeatable); default: every suite whose source can be reached",
    )
    add("--split", choices=(*SPLITS, "all"), default="eval", help="part of the suites; eval")
    declare_shard(add)
    add("--samples", type=positive, default=1, metavar="K", help="attempts per case; 1")
    add(
        "--max-tokens",
        type=positive,
        default=Sampling().max_tokens,
        metavar="N",
        help=f"cap of output tokens per attempt; {Sampling().max_tokens}",
    )
    add("--temperature", type=temperature, default=0.0, metavar="T", help="0, which is greedy")
    add("--source", default="", metavar="PATH|URL", help="take the source of the one --suite here")
    add("--no-cache", action="store_true", help="ask again what the completion cache holds")
    add(
        "--trust-cache",
        action="store_true",
        help="take cached answers of an endpoint for those of what it serves now, in a gate too",
    )
    add("--no-grade", action="store_true", help="generate only; run no tests of the suites")
    add("--no-content", action="store_true", help="record hashes of prompts and completions alone")
    add(
        "--sandbox",
        choices=("bwrap", "process"),
        default="bwrap",
        help="`process` does without namespaces, and so lets candidates reach the network; bwrap",
    )
    add("--runs", type=Path, metavar="FOLDER", help="where runs are recorded; runs/")
    add("--label", default="", metavar="TEXT", help="what to call the run in lists and reports")
    _declare_gate(add)
    add(
        "--sink",
        action="append",
        choices=(*SINKS, "all", "none"),
        metavar="SINK",
        help=f"send the run to {', '.join(SINKS)} or all (repeatable); default: ini llmops_sinks",
    )


def _declare_gate(add: Callable[..., None]) -> None:
    add(
        "--gate",
        metavar="BASELINE",
        help="compare with a blessed baseline, a run or a model's newest run; exit 0, 1 or 6",
    )
    for name, parse, default, unit, accepted in (
        ("tokens", ratio, DEFAULT_MARGINS.tokens, "RATIO", "ratio of output tokens"),
        ("solve-loss", share, DEFAULT_MARGINS.solve_rate, "SHARE", "loss of solve rate"),
    ):
        told = f"largest accepted {accepted}; {default}"
        add(f"--gate-max-{name}", type=parse, default=default, metavar=unit, help=told)
    add(
        "--gate-max-cost",
        type=ratio,
        default=DEFAULT_MARGINS.cost,
        metavar="RATIO",
        help="largest accepted ratio of dollars, per attempt and per solved case; not judged",
    )
    add(
        "--gate-metrics",
        default="",
        metavar="LIST",
        help="what it judges, such as solve-rate,dollars; all that can be compared",
    )
    add(
        "--gate-proof",
        choices=PROOFS,
        default=DEFAULT_MARGINS.proof,
        help=f"what regressed proves: worse than the margin, or any; {DEFAULT_MARGINS.proof}",
    )
    add(
        "--gate-undecided",
        choices=("fail", "pass"),
        default="fail",
        help="what an undecided gate does to the exit status; fail, which is 6",
    )
    add(
        "--gate-sequential",
        action="store_true",
        help="make attempts, --samples a case at most, only while the gate is undecided",
    )


def parse(values: Mapping[str, Any], root: Path, configured: Configured) -> Options:
    """Make sense of the command line.

    Args:
        values: The options by name (`names.by_name`), those of pytest among them.
        root: What relative names are relative to.
        configured: What the configuration file says.

    Raises:
        CaseError: Options contradict each other.
    """
    if values["source"] and len(values["suite"]) != 1:
        raise CaseError("--source needs exactly one --suite, whose source it replaces")
    runs = values["runs"] or root / "runs"
    shard, seconds = shard_of(values, runs)
    return Options(
        model=values["model"] or "",
        models_file=root / configured.models,
        agent=chosen_agent(values, root / configured.agents),
        choice=Choice(
            suites_file=root / configured.suites,
            suites=tuple(values["suite"]),
            split=values["split"],
            samples=values["samples"],
            shard=shard,
            seconds=seconds,
            sampling=Sampling(max_tokens=values["max_tokens"], temperature=values["temperature"]),
            source=values["source"],
        ),
        cache=not values["no_cache"],
        trust_cache=values["trust_cache"],
        grade=not values["no_grade"],
        content=not values["no_content"],
        sandbox=values["sandbox"],
        root=root,
        runs=runs,
        label=values["label"],
        gate=_gate(values, root / configured.baselines),
        sinks=_sinks(configured.sinks if values["sink"] is None else values["sink"]),
        sinks_required=values["sink"] is not None,
    )


def _gate(values: Mapping[str, Any], baselines: Path) -> GateChoice | None:
    if values["gate"] is None:
        if values["gate_sequential"]:
            raise CaseError("--gate-sequential needs --gate BASELINE")
        return None
    if not values["gate"].strip():
        raise CaseError(
            "--gate names no baseline; it is empty (from a variable that is not set?), and a gate "
            "that judges nothing must not pass"
        )
    for option, name in NO_ATTEMPTS.items():
        if values.get(name):
            raise CaseError(
                f"--gate with {option} would judge nothing, and pass; leave one out, also in "
                "PYTEST_ADDOPTS and in the configuration file (-o addopts= drops those there)"
            )
    if not values["model"]:
        raise CaseError("--gate needs --model NAME, whose run it judges")
    if values["no_grade"]:
        raise CaseError("--gate needs grades; leave --no-grade out")
    return GateChoice(
        reference=values["gate"],
        baselines=baselines,
        margins=Margins(
            tokens=values["gate_max_tokens"],
            solve_rate=values["gate_max_solve_loss"],
            cost=values["gate_max_cost"],
            proof=values["gate_proof"],
        ),
        metrics=parse_metrics(values["gate_metrics"]) if values["gate_metrics"] else (),
        undecided=values["gate_undecided"],
        sequential=values["gate_sequential"],
        trust_cache=values["trust_cache"],
    )


def _sinks(named: Sequence[str]) -> tuple[str, ...]:
    """The sinks that `all`, `none` and names stand for, each once, in a fixed order."""
    if unknown := set(named) - {*SINKS, "all", "none"}:
        raise CaseError(f"llmops_sinks: {min(unknown)!r} is none of {', '.join(SINKS)}")
    if "none" in named:
        return ()
    return tuple(name for name in SINKS if name in named or "all" in named)
