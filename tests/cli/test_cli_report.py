import argparse
import base64
import csv
import gzip
import json
import re
import shutil
import subprocess
import sys

import msgspec
import pytest
from pyarrow import parquet
from report_runs import attempts, gated, recorded, written

from pytest_llmops.cli import history, report
from pytest_llmops.compare.baseline import bless
from pytest_llmops.errors import CompareError, RecordError
from pytest_llmops.report.markdown import MARKER


def llmops(*arguments):
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    report.add(commands)
    history.add(commands)
    options = parser.parse_args([str(one) for one in arguments])
    return options.run(options)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two recorded runs of a project, which is the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    base = written(tmp_path / "runs", recorded(attempts()))
    lora = written(tmp_path / "runs", recorded(attempts(ratio=0.8), model="lora", number=1))
    return [base, lora]


def test_two_runs_make_one_html_file(runs, tmp_path, capsys):
    assert llmops("report", *(run.run.id for run in runs)) == 0
    assert capsys.readouterr().out == "report.html\n"
    text = (tmp_path / "report.html").read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert "<title>base, lora" in text


def test_models_files_and_latest_name_runs_too(runs, capsys):
    for names in (["base", "lora"], [runs[0].path, "latest"], [runs[0].path.parent, runs[1].path]):
        assert llmops("report", *names, "--format=markdown") == 0
        assert "**lora** against **base**" in capsys.readouterr().out
    assert llmops("report", "latest", "--format=markdown") == 0
    assert "## lora" in capsys.readouterr().out


def test_the_first_run_may_be_a_baseline_in_the_repository(runs, tmp_path, capsys):
    kept = tmp_path / "kept"
    bless(runs[0], kept / "main.jsonl")
    assert llmops("report", "main", "lora", "--baselines", kept, "--format=markdown") == 0
    assert "**lora** against **base**" in capsys.readouterr().out


def unpacked(text):
    """A document with what its page unpacks in a browser behind it."""
    packed = re.findall(r">(H4sI[\w+/=]+)<", text)
    return text + "".join(gzip.decompress(base64.b64decode(one)).decode() for one in packed)


@pytest.mark.parametrize("names", [["base", "lora"], ["latest"], ["main", "lora"]], ids="-".join)
@pytest.mark.parametrize("form", ["html", "csv", "parquet"])
def test_a_report_holds_the_texts_however_its_runs_are_named(names, form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for model, number in (("base", 0), ("lora", 1)):
        made = attempts(text=f"answer of {model}", text_sha256=model)
        run = written(tmp_path / "runs", recorded(made, model=model, number=number))
        if model == "base":
            bless(run, tmp_path / "kept" / "main.jsonl")
    output = tmp_path / f"out.{form}"
    assert llmops("report", *names, "--baselines=kept", "--output", output) == 0
    if form == "parquet":
        found = "".join(parquet.read_table(output).column("text").to_pylist())
    else:
        found = unpacked(output.read_text("utf-8"))
    for model in {"base", "lora"} if len(names) > 1 else {"lora"}:
        assert f"answer of {model}" in found


def test_a_baseline_whose_run_is_gone_says_that_texts_are_withheld(runs, tmp_path):
    bless(runs[0], tmp_path / "kept" / "main.jsonl")
    shutil.rmtree(runs[0].path.parent)
    assert llmops("report", "main", "lora", "--baselines=kept") == 0
    assert "texts were withheld (a baseline" in (tmp_path / "report.html").read_text("utf-8")


def test_margins_are_those_of_the_session_s_gate_or_those_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    base = recorded(attempts(300))
    longer = recorded(attempts(300, ratio=1.15), model="lora", number=1)
    for run in (base, gated(longer, base, "held", tokens=1.2)):
        written(tmp_path / "runs", run)
    for options, verdict in {
        (): "held",
        ("--max-tokens-ratio=1.05",): "regressed",
        ("--max-tokens-ratio=1.3", "--max-solve-loss=0.1"): "held",
    }.items():
        assert llmops("report", "base", "lora", "--format=markdown", *options) == 0
        assert f" {verdict}: " in capsys.readouterr().out.splitlines()[1]


@pytest.mark.parametrize("name", ["out.md", "out.csv", "out.parquet", "out.html"])
def test_the_ending_of_the_file_names_the_format(name, runs, tmp_path, capsys):
    assert llmops("report", "base", "lora", "--output", name) == 0
    assert capsys.readouterr().out == f"{name}\n"
    data = (tmp_path / name).read_bytes()
    marks = {"md": b"<!-- llmops", "csv": b"run,model", "parquet": b"PAR1", "html": b"<!doctype"}
    assert data.startswith(marks[name.rpartition(".")[2]])


def test_tables_hold_all_runs(runs, tmp_path, capsysbinary):
    assert llmops("report", "base", "lora", "--format=csv") == 0
    rows = list(csv.DictReader(capsysbinary.readouterr().out.decode().splitlines()))
    assert {row["run"] for row in rows} == {run.run.id for run in runs}
    assert llmops("report", "base", "lora", "--format=parquet") == 0
    assert parquet.read_table(tmp_path / "report.parquet").num_rows == len(rows) == 48


def test_links_beside_the_records_come_into_the_report(runs, tmp_path):
    links = runs[0].path.parent / "links.json"
    links.write_text(json.dumps({"a@0": {"mlflow": "javascript:alert(1)"}}))
    with pytest.raises(RecordError, match=r"links\.json: a@0: mlflow"):
        llmops("report", "base")


def test_mistakes_say_what_to_do(runs, tmp_path):
    with pytest.raises(RecordError, match=r"--output x\.pdf: name a format"):
        llmops("report", "base", "--output", "x.pdf")
    with pytest.raises(CompareError, match=r"nobody: no baseline(.|\n)*models: base, lora"):
        llmops("report", "nobody")
    with pytest.raises(CompareError, match="nobody"):
        llmops("report", "base", "nobody")
    with pytest.raises(RecordError, match=r"nowhere.x\.md: cannot be written"):
        llmops("report", "base", "--output", "nowhere/x.md")


def test_a_session_that_recorded_no_run_is_reported_with_what_it_said(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    said = tmp_path / "errors.txt"
    said.write_text("warning: slow\nERROR: base: no baseline @team\n  second line\n")
    arguments = ("report", "base", "latest", "--refusal", said)
    assert llmops(*arguments, "--output", "report.md") == 0
    lines = (tmp_path / "report.md").read_text("utf-8").splitlines()
    assert lines[:2] == [MARKER, "## ⚠️ no verdict"]
    assert lines[3:] == ["- base: no baseline @&#8203;team", "- second line"]
    with pytest.raises(RecordError, match=r"--refusal: a report without a run is Markdown"):
        llmops(*arguments, "--output", "report.html")
    said.unlink()
    assert llmops(*arguments, "--format=markdown") == 0
    assert "- the session ended without a run and told no reason" in capsys.readouterr().out


def test_a_refusal_is_not_asked_for_where_there_is_a_run(runs, tmp_path, capsys):
    arguments = ("report", "base", "lora", "--refusal", tmp_path / "errors.txt")
    assert llmops(*arguments, "--format=markdown") == 0
    assert "**lora** against **base**" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "package"),
    [
        (("report", "base"), "jinja2"),
        (("report", "base"), "plotly"),
        (("report", "base", "--format=parquet"), "pyarrow"),
        (("history", "--output=x.html"), "plotly"),
    ],
)
def test_a_missing_extra_is_named(arguments, package, runs, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(RecordError, match=rf"{package}: pip install 'pytest-llmops\[report\]'"):
        llmops(*arguments)


def test_markdown_and_csv_need_no_extra(runs, monkeypatch, capsys):
    for package in ("jinja2", "plotly", "pyarrow"):
        monkeypatch.setitem(sys.modules, package, None)
    assert llmops("report", "base", "--format=markdown") == 0
    assert llmops("report", "base", "--format=csv") == 0
    assert llmops("history") == 0


def test_declaring_the_commands_loads_nothing_heavy():
    code = (
        "import argparse, sys; from pytest_llmops.cli import history, report;"
        "commands = argparse.ArgumentParser().add_subparsers();"
        "report.add(commands); history.add(commands);"
        "print({'plotly', 'jinja2', 'scipy', 'pyarrow', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_history_shows_its_runs_and_counts_those_left_out(runs, tmp_path, capsys):
    written(tmp_path / "runs", recorded(attempts(), suite_hash="f" * 16, id="0-other"))
    (tmp_path / "runs" / "0-broken").mkdir()
    (tmp_path / "runs" / "0-broken" / "records.jsonl").write_text("{}\n")
    assert llmops("history") == 0
    out = capsys.readouterr().out
    assert "token ratio" in out
    assert [line.split()[-1] for line in out.splitlines()[1:3]] == ["1.000", "0.801"]
    assert "left out: 0-other: " in out
    assert "left out: 0-broken: " in out
    assert "2 models in one series: base, lora; --model=NAME shows one" in out
    assert out.endswith("2 runs left out, 2 shown\n")


def test_a_history_of_one_model_leaves_the_others_out(runs, capsys):
    assert llmops("history", "--model=lora") == 0
    out = capsys.readouterr().out
    assert runs[1].run.id in out
    assert "base" not in out
    assert "models in one series" not in out
    with pytest.raises(CompareError, match=r"--model nobody: no run of it \(models: base, lora\)"):
        llmops("history", "--model=nobody")


def test_a_lasting_change_is_marked_in_table_and_plot(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for number in range(12):
        solved = 0.75 if number < 6 else 0.25
        written(tmp_path / "runs", recorded(attempts(solved=solved), model="m", number=number))
    assert llmops("history", "--metric=solve_rate", "--output=trend.html") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "75.0 % -> 25.0 % (p 0.0" in lines[7]
    assert lines[-1] == "trend.html"
    assert "chart-history" in (tmp_path / "trend.html").read_text("utf-8")


def test_named_runs_alone_make_a_history(runs, capsys):
    assert llmops("history", runs[1].run.id, "--metric=cost_of_pass") == 0
    out = capsys.readouterr().out
    assert "lora" in out
    assert "base" not in out


def test_a_broken_run_that_was_named_is_refused(runs, tmp_path):
    broken = msgspec.structs.replace(runs[0]).path
    broken.write_bytes(broken.read_bytes() + b"{}\n")
    with pytest.raises(RecordError, match=r"records\.jsonl:"):
        llmops("history", runs[0].run.id)
