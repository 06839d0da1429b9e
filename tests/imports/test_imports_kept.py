"""Imported runs in every command that takes a run: runs, history, report, sync."""

import json
from pathlib import Path

import pytest
from otlp_receiver import Receiver, attributes

from pytest_llmops.cli.main import main
from pytest_llmops.runs.reading import read_run

LOGS = Path(__file__).parent / "harness_logs"
SECRET = "sk-lf-" + "1" * 30
PAIRS = {
    "inspect": ("base.eval", "wordy.eval"),
    "harbor": ("base", "wordy"),
    "promptfoo": ("base.json", "wordy.json"),
    "lm-eval": ("base", "wordy"),
    "deepeval": ("base.json", "worse.json"),
    "mini-swe-agent": ("base", "wordy"),
}
TELL_NO_TOKENS = ("lm-eval", "deepeval")


@pytest.fixture(params=PAIRS)
def kept(request, tmp_path, monkeypatch, capsys):
    """The harness, and its two runs in `runs/` of the folder one is in."""
    monkeypatch.chdir(tmp_path)
    for name in PAIRS[request.param]:
        scores = LOGS / request.param / f"{name}-report.json"
        judged = ["--scores", str(scores)] if scores.is_file() else []
        assert main(["import", request.param, str(LOGS / request.param / name), *judged]) == 0
    capsys.readouterr()
    paths = sorted(tmp_path.glob("runs/*/records.jsonl"))
    assert len(paths) == 2
    return request.param, [read_run(path) for path in paths]


def said(capsys):
    found = capsys.readouterr()
    assert not found.err
    return " ".join(found.out.split())


def test_runs_lists_what_logs_tell_and_no_zero_for_what_they_do_not(kept, capsys):
    harness, runs = kept
    assert main(["runs", "--json"]) == 0
    rows = {
        row["run"]: row for row in map(json.loads, said(capsys).replace("} {", "}\n{").split("\n"))
    }
    for found in runs:
        row, counted = rows[found.run.id], [one.usage for one in found.records if one.usage]
        told = sum(usage.output for usage in counted) if counted else None
        assert (row["output_tokens"], row["solved"]) == (told, sum(r.solved for r in found.records))
        assert (told is None) is (harness in TELL_NO_TOKENS)


def test_the_solve_rate_of_every_log_has_a_history(kept, capsys):
    assert main(["history", "--metric", "solve_rate", "--output", "h.html"]) == 0
    shown = said(capsys)
    assert "66.7 %" in shown
    assert "left out" not in shown


@pytest.mark.parametrize("metric", ["output_tokens", "cost_of_pass"])
def test_tokens_have_a_history_where_they_are_told_and_are_one_unit(kept, metric, capsys):
    harness, _ = kept
    if harness in TELL_NO_TOKENS:
        assert main(["history", "--metric", metric]) == 2
        assert "tells no tokens, so it has no" in " ".join(capsys.readouterr().err.split())
        return
    assert main(["history", "--metric", metric]) == 0
    shown = said(capsys)
    assert "are not known to be the same" in shown  # other models, counted by nobody knows what
    assert "1 runs left out, 1 shown" in shown


@pytest.mark.parametrize("form", ["html", "md", "csv", "parquet"])
def test_reports_are_made_of_kept_logs(kept, form, capsys):
    names = [found.run.id for found in kept[1]]
    assert main(["report", *names, "--output", f"report.{form}"]) in {0, 1}
    assert Path(f"report.{form}").stat().st_size > 500
    said(capsys)


def test_sync_sends_the_counts_of_logs_and_nothing_that_they_do_not_tell(kept, monkeypatch, capsys):
    _, (found, _) = kept
    with Receiver() as receiver:
        monkeypatch.setenv("TRACELOOP_BASE_URL", receiver.url)
        assert main(["sync", found.run.id, "--sink", "openllmetry"]) == 0
    assert f"{len(found.records)} attempts delivered" in said(capsys)
    sent = [attributes(span) for span in receiver.spans]
    for field, kind in (("input", "input"), ("output", "output"), ("cache_read.input", "cached")):
        name = f"gen_ai.usage.{field}_tokens"
        counts = [span[name] for span in sent if name in span]
        told = [getattr(one.usage, kind) for one in found.records if one.usage]
        assert sorted(counts) == sorted(told)
    calls = [attributes(span) for span in receiver.spans if span.name.startswith("chat")]
    costs = [call["llmops.cost.usd"] for call in calls if "llmops.cost.usd" in call]
    assert sum(costs) == pytest.approx(sum(one.cost or 0 for one in found.records))
    invented = ("llmops.quality.", "gen_ai.request.temperature", "llmops.call.started")
    assert not [name for span in sent for name in span if name.startswith(invented)]
    assert not receiver.metrics["gen_ai.client.operation.duration"].histogram.data_points


def test_langfuse_gets_scores_and_usage_of_logs(kept, monkeypatch, capsys):
    _, (found, _) = kept
    with Receiver(secret_key=SECRET) as receiver:
        monkeypatch.setenv("LANGFUSE_BASE_URL", receiver.url)
        monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-lf-1")
        monkeypatch.setenv("LANGFUSE_SECRET_KEY", SECRET)
        assert main(["sync", found.run.id, "--sink", "langfuse"]) == 0
    said(capsys)
    usage = "langfuse.observation.usage_details"
    counts = [
        json.loads(attributes(span)[usage]) for span in receiver.spans if usage in attributes(span)
    ]
    assert sum(one["output"] for one in counts) == sum(
        one.usage.shown for one in found.records if one.usage
    )
    named = {score["name"] for score in receiver.scores.values()}
    assert {"solved", "outcome"} <= named
    assert not named & {"code_share", "length_ratio", "repetition"}


@pytest.mark.parametrize("kept", ["harbor"], indirect=True)  # a new store takes half a minute
def test_mlflow_gets_every_attempt_of_a_log(kept, tmp_path, monkeypatch, capsys):
    _, (found, _) = kept
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'm.db'}")
    assert main(["sync", found.run.id, "--sink", "mlflow"]) == 0
    assert f"{len(found.records)} attempts delivered" in " ".join(capsys.readouterr().out.split())
