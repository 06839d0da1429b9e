"""The options of a gate: declared, and parsed at the edge."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pytest_llmops.compare.margins import DEFAULT_MARGINS, PROOFS, Margins, ratio, share
from pytest_llmops.compare.metrics import parse_metrics
from pytest_llmops.errors import CaseError
from pytest_llmops.session.gating import GateChoice

NO_ATTEMPTS = {
    "--collect-only": "collectonly",
    "--setup-plan": "setupplan",
    "--setup-only": "setuponly",
    "--fixtures": "showfixtures",
    "--fixtures-per-test": "show_fixtures_per_test",
    "--cache-show": "cacheshow",
}
"""Options of pytest under which no test runs, and their names among its values."""


def declare_gate(add: Callable[..., None]) -> None:
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


def gate_of(values: Mapping[str, Any], baselines: Path) -> GateChoice | None:
    """What the gate of a session is to do; None where there is none.

    Args:
        values: The options by name, those of pytest among them.
        baselines: The folder of the baselines.

    Raises:
        CaseError: The gate could not judge anything, so it would pass whatever comes.
    """
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
