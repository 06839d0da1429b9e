"""What a loop took arrives at every sink: at its span, and as figures of the run."""

import json
import os
import sqlite3
from contextlib import closing

import msgspec
import pytest
from looped import AGENT_RUN, LOOPED
from otlp_receiver import Receiver, attributes
from sink_project import SECRET, deliver, write_run
from tool_stand_ins import environment_of

PRICED = 141.5
PER_ATTEMPT = "priced_per_attempt"
EXPECTED = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "cline",
    "gen_ai.agent.version": "3.0.65",
    "llmops.loop.priced_tokens": PRICED,
    "llmops.loop.turns": 3,
    "llmops.loop.tool_calls": 1,
    "llmops.loop.ending": "done",
    "llmops.loop.tokens_to_pass": 290,
}


@pytest.fixture
def folder(tmp_path):
    looped = msgspec.structs.replace(LOOPED, priced=PRICED)
    return write_run(tmp_path, [looped], agent=AGENT_RUN.agent)


def environment(**more):
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | more


@pytest.mark.parametrize("name", ["langfuse", "openllmetry"])
def test_spans_and_figures_of_loops_arrive(folder, name):
    with Receiver(secret_key=SECRET) as langfuse, Receiver() as collector:
        places = environment(**environment_of(langfuse, collector))
        assert deliver(folder, [name], places).delivery.complete
    receiver = {"langfuse": langfuse, "openllmetry": collector}[name]
    (span,) = [one for one in receiver.spans if one.name == "invoke_agent cline"]
    found = attributes(span)
    assert {key: found.get(key) for key in EXPECTED} == EXPECTED
    assert "gen_ai.request.max_tokens" not in found
    if name == "langfuse":
        told = [one["value"] for one in langfuse.scores.values() if one["name"] == PER_ATTEMPT]
    else:
        points = collector.metrics[f"llmops.{PER_ATTEMPT}"].gauge.data_points
        told = [point.as_double for point in points]
    assert told == [PRICED]


@pytest.mark.slow
def test_mlflow_has_spans_and_figures_of_loops(folder, tmp_path):
    uri = f"sqlite:///{tmp_path}/m.db"
    assert deliver(folder, ["mlflow"], environment(MLFLOW_TRACKING_URI=uri)).delivery.complete
    with closing(sqlite3.connect(tmp_path / "m.db")) as database:
        spans = database.execute("SELECT content FROM spans WHERE name LIKE 'invoke_agent%'")
        (content,) = [json.loads(one) for (one,) in spans]
        told = database.execute("SELECT value FROM metrics WHERE key = ?", (PER_ATTEMPT,))
        assert told.fetchall() == [(PRICED,)]
    found = {key: json.loads(value) for key, value in content["attributes"].items()}
    assert {key: found.get(key) for key in EXPECTED} == EXPECTED
