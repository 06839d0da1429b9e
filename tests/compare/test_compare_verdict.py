import math

import msgspec
import pytest
from gate_runs import MANY, TOKENS, recorded

from pytest_llmops.compare.gate import compare_runs
from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.values import Interval
from pytest_llmops.report.terminal import render
from pytest_llmops.report.verdict import COLUMNS, verdict_parts


def shown(comparison, *, width=80, color=False):
    return render(verdict_parts(comparison), width=width, color=color)


def test_every_check_has_a_row_and_the_verdict_is_the_last_line():
    lines = shown(compare_runs(recorded(MANY), recorded(MANY, name="new"))).splitlines()
    assert lines[0].split() == [name for name in COLUMNS if name]
    names = ("errors", "truncation", "solve rate", "output tokens")
    assert all(line.startswith(name) for line, name in zip(lines[1:5], names, strict=True))
    assert all(line.endswith("held") for line in lines[1:5])
    assert lines[-1] == "held: new (run-new) against base (run-base)"


@pytest.mark.parametrize("factor", [1, 100])
def test_tables_fit_80_columns(factor):
    baseline = recorded([n * factor for n in MANY])
    candidate = recorded([round(n * factor * 1.3) for n in MANY], name="new")
    text = shown(compare_runs(baseline, candidate))
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_check_that_did_not_hold_says_why_and_what_would_decide_it():
    margins = Margins(solve_rate=0.02)
    text = " ".join(shown(compare_runs(recorded(), recorded(name="new"), margins)).split())
    assert "solve rate: +0.0 points, but -2.4 points cannot be ruled out, and -2.0 points" in text
    assert "what this run finds with 80 % power: -2.0" in text
    assert "; to decide: about 74 cases" in text


def test_what_is_not_known_is_a_question_mark():
    one = compare_runs(recorded(per_file=60), recorded(per_file=60, name="new"))
    text = shown(one)
    assert "?..?" in text
    assert "nan" not in text
    undefined = msgspec.structs.replace(
        one, cost_of_pass=(1.0, math.inf), cost_of_pass_ratio=Interval(math.nan, math.nan, math.nan)
    )
    assert "tokens by solved attempt: 1 -> inf\n" in shown(undefined)


def test_colours_are_for_terminals():
    comparison = compare_runs(recorded(MANY), recorded([2 * n for n in MANY], name="new"))
    assert "\x1b[" in shown(comparison, color=True)
    assert "\x1b[" not in shown(comparison)


def test_cases_that_changed_sides_are_counted():
    good = [number < 30 for number in range(60)]
    turned = [number < 25 or number == 40 for number in range(60)]
    found = compare_runs(recorded(TOKENS, solved=good), recorded(solved=turned, name="new"))
    assert "cases: 60; 1 newly solved, 5 lost" in shown(found)
    assert (len(found.pairs), found.cases) == (60, 60)
    short = compare_runs(
        recorded(TOKENS, solved=good), recorded(solved=turned, name="new"), listed=False
    )
    assert msgspec.structs.replace(found, pairs=()) == short
