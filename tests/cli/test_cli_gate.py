import re
from pathlib import Path

import msgspec
import pytest
from gate_runs import MANY, recorded, with_records, written

from pytest_llmops.cli.main import main
from pytest_llmops.completions import Sampling
from pytest_llmops.models import Prices

PLANTED = [round(1.3 * count) for count in MANY]


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A folder with a blessed baseline `base` and recorded runs, as current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    written(tmp_path / "runs", recorded(MANY))
    assert main(["bless", "run-base"]) == 0
    return tmp_path


def gate(run, *options, baseline="base"):
    written(Path("runs"), run)
    return main(["gate", baseline, run.run.id, *options])


def test_an_unchanged_model_passes(capsys):
    assert gate(recorded(MANY, name="again")) == 0
    assert (
        capsys.readouterr().out.splitlines()[-1]
        == "held: again (run-again) against base (run-base)"
    )


def test_a_planted_regression_of_thirty_per_cent_is_caught(capsys):
    assert gate(recorded(PLANTED, name="lora")) == 1
    out = capsys.readouterr().out
    assert "output tokens: 1.300x, at best 1.300x, where 1.200x is allowed" in out
    assert out.splitlines()[-1].startswith("regressed: lora")
    assert max(map(len, out.splitlines())) <= 80


def test_too_few_cases_to_tell_is_undecided_and_says_what_would_do(capsys, project):
    written(project / "runs", recorded(MANY[:60], name="few"))
    small = recorded(MANY[:60], name="small")
    assert gate(small, "--max-solve-loss", "0.02", baseline="few") == 6
    out = " ".join(capsys.readouterr().out.split())
    assert re.search(r"solve rate: .* cannot be ruled out, .* 80 % power: .* about 7\d cases", out)
    tight = ["gate", "few", "small", "--max-solve-loss", "0.02"]
    assert main([*tight, "--undecided", "pass"]) == 0
    assert "undecided passes" in capsys.readouterr().out
    assert main(["gate", "few", "small", "--max-solve-loss", "0.05"]) == 0


def test_the_margin_of_tokens_is_an_option():
    assert gate(recorded(PLANTED, name="lora"), "--max-tokens-ratio", "1.4") == 0


def test_proof_of_any_change_is_an_option(capsys):
    longer = recorded([round(1.1 * count) for count in MANY], name="lora")
    assert gate(longer) == 0
    assert main(["gate", "base", "lora", "--proof", "change"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "so worse than the baseline (1.200x is allowed)" in out


@pytest.mark.parametrize(
    "option", [("--max-tokens-ratio", "0"), ("--max-solve-loss", "2"), ("--undecided", "maybe")]
)
def test_options_out_of_range_are_usage_errors(option):
    with pytest.raises(SystemExit) as status:
        main(["gate", "base", "run-base", *option])
    assert status.value.code == 2


def crash(records):
    lost = {"usage": None, "grade": None, "finish_reason": None}
    return [
        *records[:-1],
        msgspec.structs.replace(records[-1], error="EndpointError: gone", **lost),
    ]


def test_a_crashed_case_fails(capsys):
    assert gate(with_records(recorded(MANY, name="lora"), crash)) == 1
    assert "errors: 1 attempts crashed, 0 allowed; first: " in capsys.readouterr().out


def asked(**fields):
    run = recorded(MANY, name="lora")
    identity = msgspec.structs.replace(run.run.identity, **fields)
    return msgspec.structs.replace(run, run=msgspec.structs.replace(run.run, identity=identity))


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (recorded(MANY[:-1], name="lora"), "1 of 300 are only in the baseline (was -k used?)"),
        (recorded([*MANY, 70], name="lora"), "1 of 301 are only in the candidate"),
        (recorded(MANY, name="lora", suite_hash="f" * 16), "suite_hash: "),
        (recorded(MANY, name="lora", attempts=301), "300 records for 301 attempts"),
        (recorded(MANY, name="lora", grader="exact match"), "grader: vitest "),
        (recorded(MANY[:10], name="lora"), "10 cases are too few"),
        (
            with_records(
                recorded(MANY, name="lora"),
                lambda records: [msgspec.structs.replace(one, grade=None) for one in records],
            ),
            "300 cases are not graded",
        ),
        (recorded([0, *MANY[1:]], name="lora"), "without output tokens: starter:eval/m0000#f"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(run, message, capsys):
    assert gate(run) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out.count("held") == 0


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"instruction": "Be brief."}, "what differs: prompt: instruction changed"),
        ({"prompt_version": "2"}, "what differs: prompt: version 1 -> 2"),
        ({"sampling": Sampling(max_tokens=99)}, "what differs: sampling max_tokens: 64 -> 99"),
        (
            {"served": "n at http://a/v1", "tokenizer_sha256": ""},
            "what differs: model: embedded:tiny -> n at a/v1",
        ),
    ],
)
def test_what_people_change_gets_a_verdict_and_is_told(fields, told, capsys):
    assert gate(asked(**fields)) == 0
    out = capsys.readouterr().out
    assert f"note: {told}" in out
    told = sum(line.startswith("priced tokens ") for line in out.splitlines())
    assert told == (1 if "sampling" in fields else 2)  # shown, and judged
    left_out = " ".join(out.split())
    assert ("output tokens left out: counted by different" in left_out) == ("served" in fields)


def test_what_is_judged_is_an_option(capsys):
    assert gate(recorded(PLANTED, name="lora"), "--metrics", "solve-rate") == 0
    assert "output tokens " not in capsys.readouterr().out.split("tokens  ratio")[0]
    assert main(["gate", "base", "run-lora", "--metrics", "speed"]) == 2
    assert "metrics: 'speed' is none of truncation, solve-rate" in capsys.readouterr().err


def priced(name, tokens):
    return recorded(tokens, name=name, prices=Prices(input=1.0, output=4.0))


def test_the_cost_is_an_option(project, capsys):
    written(project / "runs", priced("cheap", MANY))
    assert gate(priced("dear", [3 * n for n in MANY]), "--max-cost", "1.2", baseline="cheap") == 1
    out = capsys.readouterr().out
    assert re.search(r"^cost per attempt +\$0.00136 +\$0.00358 +2.6", out, re.MULTILINE)
    assert max(map(len, out.splitlines())) <= 80
    assert main(["gate", "base", "run-dear", "--max-cost", "1.2"]) == 2
    assert "names no prices, or prices of 0; add them to the model in" in capsys.readouterr().err


def break_line(number, edit):
    def change(path):
        lines = path.read_bytes().splitlines(keepends=True)
        lines[number] = edit(lines[number])
        path.write_bytes(b"".join(lines))

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-400]), "interrupted .* 29[89] of 300"),
        (break_line(5, lambda line: line[:40] + b"\n"), ":6: not a line of a records file"),
        (break_line(5, lambda _: b""), "299 records for 300|1 of 300"),
        (break_line(5, lambda line: line + line), ":7: a second record of 'starter:eval/m0004#f'"),
        (break_line(0, lambda line: line.replace(b'"format":1', b'"format":2')), ":1: .*format 2;"),
        (
            break_line(9, lambda line: line.replace(b'"input":108', b'"input":NaN')),
            ":10: not a line",
        ),
        (break_line(9, lambda line: line.replace(b'"input":108', b'"input":null')), ":10: not a "),
        (
            break_line(9, lambda line: line.replace(b'"input":108', b'"input":-500')),
            r":10: not a line .*>= 0 - at `\$.usage.input`",
        ),
        (lambda path: path.write_bytes(b""), ":1: the first line must be the run"),
        (lambda path: path.unlink(), "lora: no run in runs, and no model"),
    ],
)
def test_a_broken_records_file_is_refused_by_name_and_line(change, message, project, capsys):
    change(written(project / "runs", recorded(MANY, name="lora")))
    assert main(["gate", "base", "run-lora"]) == 2
    assert re.search(message, capsys.readouterr().err.replace("run-lora: no", "lora: no"))


def test_a_broken_baseline_is_refused_by_name_and_line(project, capsys):
    break_line(3, lambda _: b"{}\n")(project / "benchmarks" / "baselines" / "base.jsonl")
    assert main(["gate", "base", "run-base"]) == 2
    assert "benchmarks/baselines/base.jsonl:4: not a line" in capsys.readouterr().err


def test_no_baseline_is_refused(capsys):
    assert main(["gate", "nope", "run-base"]) == 2
    assert "nope: no baseline in benchmarks/baselines (there: base)" in capsys.readouterr().err
    assert main(["gate", "latest", "latest"]) == 2
    assert "latest: this names the run that is judged, never a baseline" in capsys.readouterr().err


def test_a_run_is_not_gated_against_itself(project, capsys):
    (project / "benchmarks" / "baselines" / "base.jsonl").unlink()
    assert main(["gate", "base", "latest"]) == 2
    assert "no model with a run there beside the one" in capsys.readouterr().err
    written(project / "runs", recorded(PLANTED, id="run-later", started=2e9))
    assert main(["gate", "base", "run-later"]) == 1
    assert "regressed: base (run-later) against base (run-base)" in capsys.readouterr().out


def test_blessing_writes_a_baseline_of_the_models_name_or_a_given_one(project, capsys):
    folder = project / "benchmarks" / "baselines"
    assert [path.name for path in folder.iterdir()] == ["base.jsonl"]
    assert main(["bless", "latest", "--name", "release/1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("a new baseline")
    assert (folder / "release-1.jsonl").read_bytes() == (folder / "base.jsonl").read_bytes()


def test_an_interrupted_run_is_not_blessed(project, capsys):
    written(project / "runs", recorded(MANY, name="cut"), end=None)
    assert main(["bless", "run-cut"]) == 2
    told = "run run-cut (runs/run-cut/records.jsonl): its session was killed before it ended"
    assert told in capsys.readouterr().err
    assert main(["bless", "run-cut", "--force"]) == 0
