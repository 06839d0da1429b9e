"""What a sequential gate tells on a terminal."""

import re

import pytest
from records import unanswered
from sequences import ALONE, LOOSE, attempts, planned, run_of, until_stop

from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.sequence.plan import make_plan
from pytest_llmops.compare.sequence.sequential import look
from pytest_llmops.report.look import look_parts
from pytest_llmops.report.terminal import render

BASELINE = run_of(attempts(3), samples=3)


def alone(margins, *, sd=0.2, **candidate):
    """The last look of a session on cases of a file each, which can tell that no file is worse."""
    keys = [(name, sample) for name in ALONE for sample in range(3)]
    plan = make_plan(keys, {name: name for name in ALONE}, baseline_samples=3)
    baseline = run_of(attempts(3, sd=sd, names=ALONE), samples=3)
    return until_stop(baseline, attempts(3, sd=sd, names=ALONE, **candidate), plan, margins)[-1]


def shown(found):
    return render(look_parts(found, "lora"), width=80, color=False).splitlines()


@pytest.mark.parametrize(("ratio", "verdict"), [(1.5, "regressed"), (0.6, "held")])
def test_a_verdict_comes_with_its_checks_and_what_was_asked(ratio, verdict):
    lines = shown(alone(LOOSE, ratio=ratio, seed=1))
    assert [line.split()[0] for line in lines[1:4]] == ["truncation", "solve", "output"]
    assert lines[3].endswith(verdict)
    assert "bounds and p hold at every look" in lines
    assert any(re.match(r"asked \d+ of 180 attempts; [\d,]+ output tokens, \d+%", x) for x in lines)
    assert lines[-1] == f"{verdict}: lora, sequential"
    assert max(map(len, lines)) <= 80


def test_an_undecided_end_tells_what_it_could_find_and_what_it_would_take():
    """Answers differ much between samples here, so that more samples would decide it, too."""
    margins = Margins(solve_rate=0.55, truncation=0.55, tokens=1.15)
    lines = shown(alone(margins, sd=0.6, seed=9))
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
