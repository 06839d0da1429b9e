"""`llmops quality`: a recorded run measured, beside its records and never in them."""

import json
import shutil

import msgspec
import pytest
from project import ADD, ANSWERS, DOUBLE, EVEN, write_answers
from records import RUN

from pytest_llmops.cli.main import main
from pytest_llmops.errors import RecordError
from pytest_llmops.quality import tools
from pytest_llmops.quality.stored import QUALITY, store, stored
from pytest_llmops.quality.totals import quality_line, totals
from pytest_llmops.quality.values import Measured

BAD = "```ts\nexport function add(left: number, right: number): number {\n  var Sum = '1'\n"
BAD += "  return Sum\n}\n```"


@pytest.fixture
def project(tmp_path, mined, monkeypatch):
    tools.install()
    shutil.copytree(mined / "cases", tmp_path / "cases")
    (tmp_path / "pytest.ini").write_text("[pytest]\nllmops_suites = cases/suites.toml\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def quality(capsys, *arguments, status=0):
    capsys.readouterr()
    assert main(["quality", *arguments]) == status
    return capsys.readouterr()


def test_a_run_is_measured_beside_its_records(project, capsys):
    write_answers(project / "runs")
    records = project / "runs" / "recorded" / "records.jsonl"
    before = records.read_bytes()
    out = quality(capsys).out
    assert "consistency      1.000   of 2 answers; 1 at best" in out
    assert "error rate       0.000   of 2 answers; 0 at best" in out
    assert "not measured: 1 (no code in the answer)" in out
    assert "run: recorded; by attempt: runs/recorded/quality.jsonl" in out
    assert records.read_bytes() == before
    found = stored(records, msgspec.structs.replace(RUN, id="recorded"))
    assert [(one.case, one.why_not) for one in found.attempts] == [
        (ADD, ""),
        (DOUBLE, ""),
        (EVEN, "no code in the answer"),
    ]
    assert found.head.tools == tools.versions()


def test_what_is_wrong_with_an_answer_is_named(project, capsys):
    write_answers(project / "runs", {ADD: BAD})
    document = json.loads(quality(capsys, "recorded", "--json").out)
    assert document["run"] == "recorded"
    assert document["error_rate"] == 1 / 4
    assert document["naming"] == document["quotes"] == 0
    assert document["have_type_errors"] == 1
    assert document["rules"] == {"error suspicious/noVar": 1}
    assert document["best_practices"] == 4 / (4 + 3)
    assert document["answers"]["consistency"] == 1


def test_measuring_again_replaces_what_was_there(project, capsys):
    write_answers(project / "runs", {ADD: BAD})
    quality(capsys)
    first = (project / "runs" / "recorded" / QUALITY).read_bytes().splitlines()
    quality(capsys)
    second = (project / "runs" / "recorded" / QUALITY).read_bytes().splitlines()
    assert first[1:] == second[1:]
    assert sorted(path.name for path in (project / "runs" / "recorded").iterdir()) == [
        QUALITY,
        "records.jsonl",
    ]


def test_a_case_that_is_gone_costs_the_others_nothing(project, capsys):
    write_answers(project / "runs", {ADD: ANSWERS[ADD], "mini:small#gone": ANSWERS[ADD]})
    out = quality(capsys).out
    assert "consistency      1.000   of 1 answers" in out
    assert "not measured: 1 (the suite 'mini' has no such case any more)" in out


def test_a_run_without_texts_says_so(project, capsys):
    write_answers(project / "runs", {ADD: ""})
    out = quality(capsys).out
    assert "consistency          -   of 0 answers" in out
    assert "not measured: 1 (no answer is on record)" in out


def test_without_a_sandbox_one_line_says_what_to_do(project, capsys, monkeypatch):
    monkeypatch.setattr("pytest_llmops.sandbox.companion.find_bwraps", list)
    write_answers(project / "runs")
    said = quality(capsys, status=2).err
    assert said.startswith("llmops: the sandbox cannot start: bubblewrap is missing")
    assert said.count("\n") == 1
    assert not (project / "runs" / "recorded" / QUALITY).exists()
    assert "consistency      1.000" in quality(capsys, "--sandbox=process").out


ONE = Measured(case="a", sample=0, consistency=0.5, best_practices=1, error_rate=0, lines=4)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text[:0], "is empty"),
        (lambda text: text.replace("0.5", '"x"'), "not a file of code quality"),
        (lambda text: text.replace('"format":1', '"format":9'), "format 9; this version reads 1"),
        (lambda text: text.rpartition('{"type":"quality"')[0], "1 of 2 lines"),
    ],
)
def test_a_broken_file_says_how_it_is_made_again(tmp_path, spoil, said):
    path = store(tmp_path / "records.jsonl", RUN, [ONE, ONE])
    path.write_text(spoil(path.read_text()))
    with pytest.raises(RecordError, match=said):
        stored(tmp_path / "records.jsonl", RUN)


def test_figures_of_another_run_are_nobodys(tmp_path):
    store(tmp_path / "records.jsonl", RUN, [ONE])
    assert stored(tmp_path / "records.jsonl", RUN).attempts == (ONE,)
    other = msgspec.structs.replace(RUN, id="other")
    assert stored(tmp_path / "base.jsonl", other) is None
    assert stored(tmp_path / "elsewhere" / "records.jsonl", RUN) is None


def test_means_are_over_the_answers_that_have_a_figure():
    torn = Measured(case="b", sample=0, error_rate=1.0)
    none = Measured(case="c", sample=0, why_not="no code in the answer")
    marks = ("error lint/a/b", "error lint/a/b", "warning lint/c/d")
    other = Measured(
        case="d", sample=0, consistency=1, error_rate=0.5, lines=2, remarks=marks, duplication=0
    )
    found = totals([ONE, torn, none, other])
    assert (found.attempts, found.measured, found.broken, found.wrong) == (4, 3, 1, 1)
    assert found.told == {
        "consistency": 0.75,
        "best_practices": 1,
        "error_rate": 0.5,
        "duplication": 0,
    }
    assert found.figures["best_practices"].answers == 1
    assert found.rules == (("error a/b", 1), ("warning c/d", 1))
    assert found.unmeasured == (("no code in the answer", 1),)
    assert quality_line(found) == (
        "code quality: consistency 0.750, best practices 1.000, error rate 0.500, "
        "duplication 0.000 (of 3 answers)"
    )
    assert quality_line(totals([none])) == "code quality: nothing measured (of 0 answers)"
