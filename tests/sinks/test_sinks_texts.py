"""A conversation is sent and kept once: whole at the call, with its beginning at the case."""

import os
import sqlite3
from contextlib import closing

import msgspec
import pytest
from looped import AGENT_RUN, LOOP, LOOPED, turn
from otlp_receiver import Receiver, attributes
from records import RUN, record, unanswered
from sink_project import SECRET, deliver, write_run
from tool_stand_ins import CollectorStandIn, LangfuseStandIn, environment_of

from pytest_llmops.completions import Message, Timing, ToolCall
from pytest_llmops.observability.debugging import holds
from pytest_llmops.observability.langfuse import Project
from pytest_llmops.observability.mlflow import Tracking
from pytest_llmops.observability.openllmetry import Pipeline
from pytest_llmops.runs.traces import trace_id
from pytest_llmops.sinks.dialects import BEGINNING
from pytest_llmops.sinks.settings import read
from pytest_llmops.sinks.spans import trace_of

ENDS = ("the end of the prompt", "the end of the answer")
WAY = "what the tool said", "what the model thought"
LONG = "x" * (2 * BEGINNING)
TEXTS = {
    "prompt": (Message("system", "Be brief."), Message("user", f"Write. {LONG} {ENDS[0]}")),
    "text": f"return 1; {LONG} {ENDS[1]}",
    "timing": Timing(started=RUN.started + 1, queue=0.5, first_token=0.25, total=2.0),
}
TOOL = ToolCall(name="bash", arguments="{}", result=WAY[0])
TURNS = (turn(0, tools=(TOOL,), text=WAY[1]), turn(1, text=TEXTS["text"], passing=True))
ASKED = msgspec.structs.replace(
    LOOPED, **TEXTS, case="starter:eval/text#agent", loop=msgspec.structs.replace(LOOP, turns=TURNS)
)


@pytest.fixture
def folder(tmp_path):
    records = [record(**TEXTS), ASKED]
    return write_run(tmp_path, records, agent=AGENT_RUN.agent)


def environment(**more):
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | more


@pytest.mark.parametrize("name", ["langfuse", "openllmetry"])
def test_each_text_of_an_attempt_is_sent_once(folder, name):
    with Receiver(secret_key=SECRET) as langfuse, Receiver() as collector:
        places = environment_of(langfuse, collector)
        assert deliver(folder, [name], environment(**places)).delivery.complete
    receiver = {"langfuse": langfuse, "openllmetry": collector}[name]
    pairs = zip(receiver.paths, receiver.bodies, strict=True)
    sent = b"".join(body for path, body in pairs if path.endswith("/v1/traces")).decode(
        "utf-8", "replace"
    )
    assert {end: sent.count(end) for end in ENDS} == dict.fromkeys(ENDS, 2)  # of two attempts
    assert {one: sent.count(one) for one in WAY} == dict.fromkeys(WAY, 1)


@pytest.mark.slow
def test_each_text_of_an_attempt_is_kept_once_by_mlflow(folder, tmp_path):
    uri = f"sqlite:///{tmp_path}/m.db"
    assert deliver(folder, ["mlflow"], environment(MLFLOW_TRACKING_URI=uri)).delivery.complete
    with closing(sqlite3.connect(tmp_path / "m.db")) as database:
        rows = database.execute("SELECT content FROM spans").fetchall()
        shown = database.execute("SELECT request_preview, response_preview FROM trace_info")
        previews = shown.fetchall()
    stored = "".join(content for (content,) in rows)
    assert {end: stored.count(end) for end in ENDS} == dict.fromkeys(ENDS, 2)
    assert {one: stored.count(one) for one in WAY} == dict.fromkeys(WAY, 1)
    for asked, answered in previews:
        assert "Write." in asked
        assert "return 1;" in answered


def test_the_case_shows_how_the_texts_begin(folder):
    with Receiver(secret_key=SECRET) as langfuse:
        deliver(folder, ["langfuse"], environment(**environment_of(langfuse)))
    roots = [attributes(one) for one in langfuse.spans if one.name.startswith("case")]
    for root in roots:
        assert root["langfuse.observation.input"].startswith("Write. xxx")
        assert root["langfuse.observation.output"].endswith(" ... (whole at the call)")


def read_back(name, places):
    """A tool's reader of the run."""
    tool = {"langfuse": Project, "mlflow": Tracking}.get(name)
    return tool(read(name, places), RUN) if tool else Pipeline(places, RUN)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of MLflow's own client, in this process
@pytest.mark.parametrize("name", ["langfuse", "mlflow", "openllmetry"])
def test_prompts_of_attempts_that_failed_before_their_call_and_of_agents_are_found(tmp_path, name):
    failed = msgspec.structs.replace(unanswered(), prompt=TEXTS["prompt"])
    folder = write_run(tmp_path, [failed, ASKED], agent=AGENT_RUN.agent)
    with LangfuseStandIn() as langfuse, CollectorStandIn() as collector:
        uri = f"sqlite:///{tmp_path}/m.db"
        places = environment(**environment_of(langfuse, collector), MLFLOW_TRACKING_URI=uri)
        assert deliver(folder, [name], places).delivery.complete
        reader = read_back(name, places)
        stored = [reader.fetch(trace_id(RUN.id, one.case, 0)) for one in (failed, ASKED)]
        reader.seen.close()
    for one in stored:
        assert all(holds(one.prompt, text.content) for text in TEXTS["prompt"])
    assert holds(stored[1].completion, TEXTS["text"])


def test_the_turn_that_became_the_answer_says_so_in_place_of_its_text():
    turns = [one for one in trace_of(AGENT_RUN, ASKED).spans if one.kind == "turn"]
    said = [
        {name: one.attributes.get(f"llmops.turn.{name}") for name in ("text", "is_answer")}
        for one in turns
    ]
    assert said == [{"text": WAY[1], "is_answer": None}, {"text": None, "is_answer": True}]
