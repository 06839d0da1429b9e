"""The options of a gate: declared, and parsed at the edge."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_llmops.compare.margins import Margins
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


def gate_of(values: Mapping[str, Any], baselines: Path) -> GateChoice:
    """What the gate that is asked for is to do.

    Args:
        values: The options by name, those of pytest among them.
        baselines: The folder of the baselines.

    Raises:
        CaseError: The gate could not judge anything, so it would pass whatever comes.
    """
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
