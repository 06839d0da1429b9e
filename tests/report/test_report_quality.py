"""Code quality in reports and gates: shown where a run was measured, deciding nothing."""

import msgspec
import pytest
from report_runs import attempts, case_id, recorded

from pytest_llmops.cli.main import main
from pytest_llmops.quality.changes import quality_notes
from pytest_llmops.quality.stored import QUALITY, store
from pytest_llmops.quality.values import Measured
from pytest_llmops.report.subject import subject_of
from pytest_llmops.runs.reading import read_run
from pytest_llmops.runs.record import RecordFile


def kept(folder, number, model):
    """A run of 24 cases in four source files, in a folder of runs."""
    made = recorded(attempts(24), model=model, number=number)
    file = RecordFile(folder, made.run)
    for record in made.records:
        file.write(record)
    file.write(made.end)
    file.close()
    return read_run(file.path)


def written(found, consistency, error_rate=0.0):
    """Figures of a run: the third case does not parse, the fourth has no code."""
    lines = []
    for number in range(24):
        key = {"case": case_id(number), "sample": 0}
        figures = {"best_practices": 1.0, "error_rate": error_rate, "duplication": 0.0, "lines": 4}
        one = Measured(**key, consistency=consistency + 0.01 * (number % 4), **figures)
        if number == 2:
            one = Measured(**key, error_rate=1.0, faults=("TS1005: ')' expected.",))
        elif number == 3:
            one = Measured(**key, why_not="no code in the answer")
        elif number < 6:
            one = msgspec.structs.replace(one, remarks=("error lint/suspicious/noVar",))
        lines.append(one)
    store(found.path, found.run, lines)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return kept(tmp_path / "runs", 0, "base"), kept(tmp_path / "runs", 1, "lora")


def test_a_gate_tells_the_change_of_cases_that_both_have(runs, capsys):
    written(runs[0], 0.8)
    written(runs[1], 0.9)
    assert main(["gate", runs[0].run.id, runs[1].run.id]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "note: code quality, for information: consistency 0.814 -> 0.914 (+0.100" in out
    assert "22 cases); best practices 1.000 -> 1.000 (+0.000" in out
    assert "error rate 0.043 -> 0.043 (+0.000" in out


def test_a_gate_judges_the_same_however_badly_answers_are_written(runs, capsys):
    written(runs[0], 0.9)
    command = ["gate", runs[0].run.id, runs[1].run.id]
    assert main(command) == 0
    assert "code quality" not in capsys.readouterr().out  # one of the two alone says nothing
    written(runs[1], 0.1, error_rate=1.0)
    assert main(command) == 0


def test_intervals_take_source_files_for_the_evidence(runs):
    for run, step in zip(runs, (0, 1), strict=True):
        lines = [
            Measured(case=case_id(n), sample=0, consistency=0.5 + step * 0.1 * (n % 4), lines=1)
            for n in range(24)
        ]
        store(run.path, run.run, lines)
    (note,) = quality_notes(*runs)
    # Files differ by 0, 0.1, 0.2, 0.3: mean 0.15, SE sqrt(0.05 / 12), t of 3 degrees 3.1824.
    assert note == (
        "code quality, for information: consistency 0.500 -> 0.650"
        " (+0.150, -0.055..+0.355, 24 cases)"
    )


def test_a_baseline_without_a_folder_has_the_figures_of_its_run(runs, tmp_path):
    written(runs[0], 0.8)
    written(runs[1], 0.9)
    file = tmp_path / "baselines" / "base.jsonl"
    file.parent.mkdir()
    file.write_bytes(runs[0].path.read_bytes())
    assert quality_notes(read_run(file), runs[1]) == quality_notes(*runs) != ()


def test_the_html_report_shows_each_run_or_that_it_was_not_measured(runs, tmp_path):
    pytest.importorskip("plotly")
    written(runs[0], 0.8)
    output = tmp_path / "report.html"
    command = ["report", runs[0].run.id, runs[1].run.id, "--output", str(output)]
    assert main(command) == 0
    text = output.read_text("utf-8")
    assert "<h3>Code quality</h3>" in text
    assert '<td class="n strong">0.814</td>' in text
    assert "not measured" in text
    assert "<bdi>error suspicious/noVar</bdi> 4" in text


def test_a_report_of_runs_that_nobody_measured_does_not_mention_it(runs, tmp_path):
    pytest.importorskip("plotly")
    output = tmp_path / "report.html"
    assert main(["report", runs[0].run.id, "--output", str(output)]) == 0
    assert "Code quality" not in output.read_text("utf-8")


def test_the_markdown_report_has_a_column_a_run(runs, capsys):
    written(runs[0], 0.8)
    written(runs[1], 0.9)
    assert main(["report", runs[0].run.id, runs[1].run.id, "--format", "markdown"]) == 0
    out = capsys.readouterr().out
    assert "<details><summary>Code quality</summary>" in out
    assert "| consistency | 0.814 | 0.914 |" in out
    assert "| do not parse | 1 | 1 |" in out
    assert main(["report", runs[0].run.id, "--format", "markdown"]) == 0
    assert "### Code quality" in capsys.readouterr().out


def test_broken_figures_are_named_and_not_passed_over(runs, capsys):
    written(runs[0], 0.8)
    (runs[0].path.parent / QUALITY).write_text("{}\n")
    assert main(["report", runs[0].run.id, "--format", "markdown"]) == 2
    said = capsys.readouterr().err
    assert f"make it again: llmops quality {runs[0].run.id}" in said
    assert said.count("\n") == 1


def test_hostile_rules_stay_text(runs):
    one = Measured(case=case_id(0), sample=0, consistency=1.0, lines=1, remarks=("<b>bold</b>",))
    store(runs[0].path, runs[0].run, [one])
    html = pytest.importorskip("pytest_llmops.report.html")
    assert "<b>bold</b>" not in html.report_html(subject_of([runs[0]]))
