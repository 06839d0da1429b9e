import argparse
import json

import msgspec
import numpy as np
import pytest
from records import IDENTITY, RUN, record

from pytest_llmops.cli import calibrate
from pytest_llmops.completions import Sampling, Usage
from pytest_llmops.errors import CompareError, RecordError
from pytest_llmops.runs.record import End, RecordFile

FAKE = '''"""Stands in for a benchmark: writes the run that the options ask for."""

import json
import sys
from pathlib import Path


def test_record(pytestconfig):
    wanted = ("model", "samples", "temperature", "suite", "no_cache", "max_tokens")
    seen = {name: pytestconfig.getoption(f"llmops_{name}") for name in wanted}
    Path("seen.json").write_text(json.dumps(seen))
    for run in Path("made").iterdir():
        run.rename(Path(pytestconfig.option.llmops_runs) / run.name)
    assert not Path("broken").exists()
'''
"""No model is asked."""
CONFTEST = """from pytest_llmops.session import names


def pytest_addoption(parser):
    names.declare_last(parser)
"""
"""The real options, without the plugin that acts on them, which is not loaded."""


def write_run(folder, name="made-1", *, samples=5, temperature=0.8, text=None, cases=24):
    generator = np.random.default_rng(0)
    sampling = Sampling(max_tokens=64, temperature=temperature)
    run = msgspec.structs.replace(
        RUN,
        id=name,
        samples=samples,
        cases=cases,
        attempts=cases * samples,
        identity=msgspec.structs.replace(IDENTITY, sampling=sampling, tokenizer_sha256="t"),
    )
    file = RecordFile(folder, run)
    for number in range(cases):
        for sample in range(samples):
            file.write(
                record(
                    f"starter:m{number // 4}#f{number}",
                    sample,
                    cluster=f"m{number // 4}",
                    usage=Usage(input=9, output=100 if text else 100 + int(generator.integers(30))),
                    text_sha256=text or f"{number}-{sample}",
                )
            )
    file.write(End(finished=run.started + 1, exit_status=0))
    file.close()
    return folder / name


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    for name in ("runs", "made", "benchmarks"):
        (tmp_path / name).mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "benchmarks" / "test_fake.py").write_text(FAKE)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    parser = argparse.ArgumentParser()
    calibrate.add(parser.add_subparsers(required=True))
    options = parser.parse_args(["calibrate", "--divisions=20", *arguments])
    return options.run(options)


class TestARecordedRun:
    def test_it_is_analysed_without_a_model(self, project, capsys):
        folder = write_run(project / "runs")
        assert run("--run=made-1") == 0
        text = capsys.readouterr().out
        for told in ("24 cases in 6 clusters", "noise floor", "false", "power", "written:"):
            assert told in text
        assert json.loads((folder / "calibration.json").read_text())["samples"] == 5

    def test_latest_is_understood(self, project):
        folder = write_run(project / "runs")
        assert run("--run=latest") == 0
        assert (folder / "calibration.json").is_file()

    def test_equal_repeats_at_temperature_0_are_told(self, project, capsys):
        write_run(project / "runs", temperature=0.0, text="same")
        assert run("--run=latest") == 0
        text = " ".join(capsys.readouterr().out.split())
        assert "the same text in 100% of cases: at temperature 0 repeats are equal" in text

    def test_its_margins_count(self, project):
        folder = write_run(project / "runs")
        run("--run=latest", "--max-tokens-ratio=1.5", "--max-solve-loss=0.3", "--planted=2")
        found = json.loads((folder / "calibration.json").read_text())
        assert (found["margins"]["tokens"], found["margins"]["solve_rate"]) == (1.5, 0.3)
        assert found["planted"]["planted"] == 2
        assert found["planted"]["regressed"] == 1

    def test_one_attempt_a_case_is_refused(self, project):
        write_run(project / "runs", samples=1)
        with pytest.raises(CompareError, match="one attempt per case"):
            run("--run=latest")

    def test_an_unknown_run_is_refused(self):
        with pytest.raises(RecordError, match="no such run"):
            run("--run=nothing")


class TestASession:
    def test_its_run_is_found_and_analysed(self, project, capfd):
        write_run(project / "runs", "older")
        write_run(project / "made")
        assert run() == 0
        assert "calibration of made-1" in capfd.readouterr().out
        assert (project / "runs" / "made-1" / "calibration.json").is_file()
        assert not (project / "runs" / "older" / "calibration.json").exists()

    def test_its_options_reach_pytest(self, project):
        write_run(project / "made", samples=4)
        arguments = ("--model=recorded", "--repeat=4", "--temperature=0.5", "--suite=starter")
        assert run(*arguments, "--max-tokens=64", "--", "-k", "record") == 0
        assert json.loads((project / "seen.json").read_text()) == {
            "model": "recorded",
            "samples": 4,
            "temperature": 0.5,
            "suite": ["starter"],
            "no_cache": True,
            "max_tokens": 64,
        }

    def test_its_failure_is_the_failure_of_the_command(self, project, capfd):
        write_run(project / "made")
        (project / "broken").touch()
        assert run() == 1
        told = capfd.readouterr()
        assert "exit status 1, so nothing is calibrated" in told.err
        assert "made-1" in told.err
        assert "1 failed" in told.out

    def test_no_test_at_all_is_a_failure(self):
        assert run("--", "-k", "nothing") == 5

    def test_two_runs_at_a_time_are_told_apart_by_the_user(self, project):
        write_run(project / "made", "made-1")
        write_run(project / "made", "made-2")
        with pytest.raises(RecordError, match="2 runs were made .* made-1, made-2; .* --run"):
            run()

    def test_a_session_of_another_size_is_not_taken_for_it(self, project):
        write_run(project / "made", samples=3)
        with pytest.raises(RecordError, match="wrote no run"):
            run()


@pytest.mark.parametrize("arguments", [["--repeat=1"], ["--planted=0"], ["--divisions=0"]])
def test_options_that_mean_nothing_are_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        run(*arguments)
    assert arguments[0].partition("=")[0] in capsys.readouterr().err
