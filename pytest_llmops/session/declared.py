"""The command line of a benchmark session, declared; every session of a project that opted in does.

So nothing is imported here but what names and bounds need: `options` makes sense of the values.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pytest_llmops.agents.programs import DIRECT, KINDS
from pytest_llmops.cases import DIFFICULTIES, SPLITS
from pytest_llmops.compare.margins import DEFAULT_MARGINS, PROOFS, ratio, share
from pytest_llmops.completions import Sampling
from pytest_llmops.places.named import HELP
from pytest_llmops.session.numbers import positive, temperature
from pytest_llmops.sinks.named import SINKS

OF_GATES: Mapping[str, Any] = {
    "gate_max_tokens": DEFAULT_MARGINS.tokens,
    "gate_max_solve_loss": DEFAULT_MARGINS.solve_rate,
    "gate_max_cost": DEFAULT_MARGINS.cost,
    "gate_metrics": "",
    "gate_proof": DEFAULT_MARGINS.proof,
    "gate_sequential": False,
}
"""Options that ask for a verdict, and their values where nobody gave them."""


def of_gates(values: Mapping[str, Any]) -> str:
    """The first option given that asks for a verdict beside `--gate` itself; "" where none is."""
    given = [name for name, default in OF_GATES.items() if values[name] != default]
    return f"--{given[0].replace('_', '-')}" if given else ""


def declare(add: Callable[..., None]) -> None:
    """Declare every option; `add` takes a name and what argparse takes, defaults as the values."""
    add(
        "--model",
        metavar="NAME",
        help="model to benchmark: a name in models.toml, hf:ORG/NAME, openai:NAME@URL, replay:RUN",
    )
    _declare_agent(add)
    _declare_choice(add)
    add(
        "--no-cache",
        action="store_true",
        help="ask the model again, whatever the completion cache holds",
    )
    add(
        "--trust-cache",
        action="store_true",
        help="treat cached answers of an endpoint as those of what it serves now, in a gate too",
    )
    add("--no-grade", action="store_true", help="generate answers, but run no tests on them")
    add(
        "--no-content",
        action="store_true",
        help="record hashes of prompts and answers instead of their texts",
    )
    add(
        "--sandbox",
        choices=("bwrap", "process"),
        default="bwrap",
        help="`process` needs no namespaces, but lets answers reach the network (default: bwrap)",
    )
    add("--run-on", default="local", metavar="PLACE", help=HELP)
    add(
        "--quality",
        action="store_true",
        help="measure at the end how well written the answers are; needs npm once",
    )
    add("--runs", type=Path, metavar="FOLDER", help="where to record runs (default: runs/)")
    add("--label", default="", metavar="TEXT", help="name of the run in lists and reports")
    _declare_gate(add)
    add(
        "--sink",
        action="append",
        choices=(*SINKS, "all", "none"),
        metavar="SINK",
        help=f"send the run to {', '.join(SINKS)}, all or none; repeatable (default: llmops_sinks)",
    )


def _declare_choice(add: Callable[..., None]) -> None:
    """Declare what is asked, and how."""
    add(
        "--suite",
        action="append",
        default=[],
        metavar="NAME",
        help="suite to run; repeatable (default: every suite whose source can be reached)",
    )
    add(
        "--split",
        choices=(*SPLITS, "all"),
        default="eval",
        help="split of the suites (default: eval)",
    )
    add(
        "--difficulty",
        action="append",
        choices=DIFFICULTIES,
        default=[],
        metavar="DIFFICULTY",
        help=f"run cases of this difficulty: {', '.join(DIFFICULTIES)}; repeatable (default: all)",
    )
    add(
        "--underspecified",
        action="store_true",
        help="take cases too whose question, within the model's context_tokens, hides a name",
    )
    _declare_shard(add)
    add("--samples", type=positive, default=1, metavar="K", help="attempts per case (default: 1)")
    add(
        "--max-tokens",
        type=positive,
        default=Sampling().max_tokens,
        metavar="N",
        help=f"limit of output tokens per attempt (default: {Sampling().max_tokens})",
    )
    add(
        "--temperature",
        type=temperature,
        default=0.0,
        metavar="T",
        help="sampling temperature (default: 0, greedy)",
    )
    add(
        "--source",
        default="",
        metavar="PATH|URL",
        help="read the source of the one --suite from here",
    )


def _declare_gate(add: Callable[..., None]) -> None:
    """Declare them; `add` takes a name and what argparse takes."""
    add(
        "--gate",
        metavar="BASELINE",
        help="compare with a blessed baseline, a run or a model's newest run; exits 0, 1 or 6",
    )
    for name, parse, default, unit, accepted in (
        ("tokens", ratio, DEFAULT_MARGINS.tokens, "RATIO", "ratio of output tokens"),
        ("solve-loss", share, DEFAULT_MARGINS.solve_rate, "SHARE", "loss of solve rate"),
    ):
        told = f"largest accepted {accepted} (default: {default})"
        add(f"--gate-max-{name}", type=parse, default=default, metavar=unit, help=told)
    add(
        "--gate-max-cost",
        type=ratio,
        default=DEFAULT_MARGINS.cost,
        metavar="RATIO",
        help="largest accepted ratio of dollars, per attempt and per solved case (default: any)",
    )
    add(
        "--gate-metrics",
        default="",
        metavar="LIST",
        help="metrics to judge, such as solve-rate,dollars (default: all that can be compared)",
    )
    add(
        "--gate-proof",
        choices=PROOFS,
        default=DEFAULT_MARGINS.proof,
        help=f"`regressed` proves a loss beyond the margin, or any ({DEFAULT_MARGINS.proof})",
    )
    add(
        "--gate-undecided",
        choices=("fail", "pass"),
        default="fail",
        help="whether an undecided gate fails, with exit status 6, or passes (default: fail)",
    )
    add(
        "--gate-sequential",
        action="store_true",
        help="stop asking once the gate has decided; at most --samples per case",
    )


def _declare_agent(add: Callable[..., None]) -> None:
    """Declare the options; `add` takes what argparse takes."""
    known = ", ".join((DIRECT, "repair[:N]", *KINDS))
    told = f"how to attempt a case: {known} or a name in agents.toml ({DIRECT})"
    add("--agent", default=DIRECT, metavar="NAME", help=told)
    told = "whether agents see the judging tests in their workspace (default: absent)"
    add("--agent-tests", choices=("absent", "present"), default="absent", help=told)


def _declare_shard(add: Callable[..., None]) -> None:
    """Declare the options."""
    add(
        "--shard",
        default="",
        metavar="I/N",
        help="run part I of N of the cases; `llmops merge RUN ...` puts the runs together",
    )
    add(
        "--shard-by",
        default="",
        metavar="RUN",
        help="balance shards by how long attempts of this run took (default: by number of cases)",
    )
