"""Cases that a model may have seen, and those that it cannot have."""

import msgspec
import pytest
from made_tasks import make_task
from project import ADD, DOUBLE, EVEN, write_answers, write_suite
from records import RUN, record

from pytest_llmops.errors import ModelError
from pytest_llmops.models import load_models
from pytest_llmops.report.cutoff import is_before, sides
from pytest_llmops.report.groups import groups
from pytest_llmops.report.markdown import report_markdown
from pytest_llmops.report.remarks import remarks
from pytest_llmops.report.subject import subject_of
from pytest_llmops.report.terminal import render, summary_parts
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.session.made import make_record
from pytest_llmops.session.posing import cutoff_of

ENDPOINT = '[mini]\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\ncutoff = "{}"\n'
LOCAL = '[base]\nweights = "hf:a/b"\ncutoff = "2024-11-03"\n[lora]\nbase = "base"\nadapter = "a"\n'


def trained(cutoff):
    return msgspec.structs.replace(RUN, cutoff=cutoff, cases=3, attempts=3)


def dated(*days):
    outcomes = ("solved", "wrong", "wrong")
    return [
        record(name, outcome=outcome, date=day)
        for name, outcome, day in zip((ADD, DOUBLE, EVEN), outcomes, days, strict=True)
    ]


@pytest.mark.parametrize(
    ("day", "cutoff", "before"),
    [
        ("2025-03-31", "2025-03", True),
        ("2025-04-01", "2025-03", False),
        ("2025-03-15", "2025-03-14", False),
        ("2025-03-14", "2025-03-14", True),
        ("", "2025-03", None),
        ("2025-03-14", "", None),
    ],
)
def test_the_whole_of_a_month_is_before_its_cut_off(day, cutoff, before):
    assert is_before(record(ADD, date=day), trained(cutoff)) is before


def test_the_summary_counts_both_sides():
    records = dated("2025-01-10", "2025-05-10", "2025-06-10")
    text = render(summary_parts(trained("2025-03"), records, seconds=1.0), width=120, color=False)
    rows = {" ".join(line.split()[:2]): line.split() for line in text.splitlines() if line.split()}
    assert rows["up to"][3:5] == ["1", "1"]
    assert rows["after cut-off"][2:4] == ["2", "0"]
    assert "note:" not in text


def test_without_a_cut_off_nothing_is_split():
    records = dated("2025-01-10", "2025-05-10", "2025-06-10")
    assert not sides(trained(""), records)
    assert not remarks(trained(""), records)


def test_where_all_cases_are_from_before_a_warning_says_so():
    records = dated("2025-01-10", "2025-01-11", "2025-03-10")
    assert not sides(trained("2025-03"), records)
    assert remarks(trained("2025-03"), records) == [
        "all 3 attempts are at cases from before the model's cut-off 2025-03: it may have seen "
        "their solutions; measure it on later ones too"
    ]


def test_where_all_are_later_there_is_nothing_to_say():
    records = dated("2025-04-10", "2025-04-11", "2025-05-10")
    assert not sides(trained("2025-03"), records)
    assert not remarks(trained("2025-03"), records)


def test_cases_without_a_date_are_counted():
    found = remarks(trained("2025-03"), dated("2025-04-10", "2025-01-11", ""))
    assert found == ["1 of 3 attempts are at cases without a date"]


def test_a_report_shows_the_sides_of_each_run_beside_each_other(tmp_path):
    records = tuple(dated("2025-01-10", "2025-05-10", "2025-06-10"))
    runs = [
        RecordedRun(
            path=tmp_path / name / "records.jsonl",
            run=msgspec.structs.replace(trained(cutoff), id=name),
            records=records,
            end=None,
        )
        for name, cutoff in (("one", "2025-03"), ("two", "2025-05"))
    ]
    subject = subject_of(runs)
    counts = {
        group.name: [total and total.attempts for total in group.runs] for group in groups(subject)
    }
    assert counts["up to cut-off"] == [1, 2]
    assert counts["after cut-off"] == [2, 1]
    assert list(counts)[-1] == "all"
    assert "| after cut-off |" in report_markdown(subject)


def test_models_say_their_cut_off(tmp_path):
    file = tmp_path / "models.toml"
    file.write_text(ENDPOINT.format("2025-03") + LOCAL)
    found = {name: cutoff_of(name, file, tmp_path) for name in ("mini", "base", "lora")}
    assert found == {"mini": "2025-03", "base": "2024-11-03", "lora": "2024-11-03"}
    assert cutoff_of("hf:a/b", file, tmp_path) == ""


def test_a_replay_has_that_of_the_run_it_replays(tmp_path):
    write_suite(tmp_path)
    write_answers(tmp_path, {})
    assert cutoff_of("replay:recorded", tmp_path / "models.toml", tmp_path) == ""


@pytest.mark.parametrize("cutoff", ["March 2025", "2025-13", "2025"])
def test_a_cut_off_that_is_no_month_is_refused(cutoff, tmp_path):
    file = tmp_path / "models.toml"
    file.write_text(ENDPOINT.format(cutoff))
    with pytest.raises(ModelError, match=r"models.toml: \[mini\]: .*cutoff"):
        load_models(file)


def test_a_record_has_the_date_of_its_case():
    case = make_task("cut", date="2025-05-10").case
    assert make_record(case, 0).date == "2025-05-10"
