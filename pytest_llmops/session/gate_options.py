"""The options of a gate: declared, and parsed at the edge."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_llmops.compare.margins import DEFAULT_MARGINS, Margins
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

ALONE: Mapping[str, Any] = {
    "gate_max_tokens": DEFAULT_MARGINS.tokens,
    "gate_max_solve_loss": DEFAULT_MARGINS.solve_rate,
    "gate_max_cost": DEFAULT_MARGINS.cost,
    "gate_metrics": "",
    "gate_proof": DEFAULT_MARGINS.proof,
    "gate_sequential": False,
}
"""Options that ask for a verdict, and their values where nobody gave them."""


def gate_of(values: Mapping[str, Any], baselines: Path) -> GateChoice | None:
    """What the gate of a session is to do; None where there is none.

    Args:
        values: The options by name, those of pytest among them.
        baselines: The folder of the baselines.

    Raises:
        CaseError: The gate could not judge anything, so it would pass whatever comes.
    """
    if values["gate"] is None:
        given = [name for name, default in ALONE.items() if values[name] != default]
        if given:
            option = f"--{given[0].replace('_', '-')}"
            raise CaseError(f"{option} needs --gate BASELINE; without it nothing is judged")
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
