"""What a sequential gate tells on a terminal."""

import re

import pytest
from records import unanswered
from test_sequential import LOOSE, attempts, planned, run_of, until_stop

from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.sequential import look
from pytest_llmops.report.look import look_parts
from pytest_llmops.report.terminal import render

BASELINE = run_of(attempts(3), samples=3)


def shown(found):
    return render(look_parts(found, "lora"), width=80, color=False).splitlines()


@pytest.mark.parametrize(("ratio", "verdict"), [(1.5, "regressed"), (0.6, "held")])
def test_a_verdict_comes_with_its_checks_and_what_was_asked(ratio, verdict):
    lines = shown(until_stop(BASELINE, attempts(3, ratio=ratio, seed=1), planned(), LOOSE)[-1])
    assert [line.split()[0] for line in lines[1:4]] == ["truncation", "solve", "output"]
    assert lines[3].endswith(verdict)
    assert "bounds and p hold at every look" in lines
    assert any(re.match(r"asked \d+ of 180 attempts; [\d,]+ output tokens, \d+%", x) for x in lines)
    assert lines[-1] == f"{verdict}: lora, sequential"
    assert max(map(len, lines)) <= 80


def test_an_undecided_end_tells_what_it_could_find_and_what_it_would_take():
    margins = Margins(solve_rate=0.55, truncation=0.55, tokens=1.02)
    (*_, last) = until_stop(BASELINE, attempts(3, ratio=1.02, seed=6), planned(), margins)
    lines = shown(last)
    (told,) = re.findall(
        r"output tokens: [^;]* cannot be ruled out[^;]*; [^;]*;[^;]*", " ".join(lines)
    )
    assert re.search(r"80 % power: 1\.\d+; to decide: about [\d,]+ cases or about \d+ samp", told)
    assert "what would decide is reckoned for one look at these attempts" in lines
    assert lines[-2].startswith(("the plan is at its end", "the rest of the plan has a chance of"))
    assert lines[-1] == "undecided: lora, sequential"


def test_too_many_crashes_are_told_without_checks():
    plan = planned()
    lines = shown(look(BASELINE, [unanswered(name) for name, _ in plan.batches[0]], plan))
    assert lines[0] == "30 attempts crashed, 0 allowed"
    assert lines[-1] == "regressed: lora, sequential"
