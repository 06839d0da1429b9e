"""Loops as values: their sums, their spans, their trajectory, and what of them leaves."""

import json

import msgspec
import pytest
from looped import AGENT_RUN, LOOP, LOOPED, SECRET, TOOL, turn
from records import RUN, record

from pytest_llmops.agents.adapter import ToolRun
from pytest_llmops.agents.calls import Call
from pytest_llmops.agents.turns import BESIDE, turns_of
from pytest_llmops.compare.metrics import measure_of
from pytest_llmops.completions import ToolCall, Usage
from pytest_llmops.models import USUAL, Prices
from pytest_llmops.runs.trajectory import file_name, trajectory, write_trajectory
from pytest_llmops.sinks.spans import trace_of
from pytest_llmops.sinks.withhold import HIDDEN, clean_record

SECOND = 10**9


def test_a_loop_adds_up():
    assert (LOOPED.usage.input, LOOPED.usage.output, LOOPED.usage.cached) == (450, 60, 120)
    assert (LOOP.model_seconds, LOOP.tool_seconds) == (3.0, 6.0)
    assert LOOP.resent == 120  # of the second turn's 150; the hidden call goes its own way
    assert LOOP.tokens_to_pass() == 290
    assert msgspec.structs.replace(LOOP, turns=(turn(0),)).tokens_to_pass() is None


def test_priced_tokens_of_loops_count_cache_reads_as_such_and_those_of_answers_as_fresh():
    read = (330 + 0.1 * 120) / 5 + 60
    assert measure_of("priced tokens", AGENT_RUN, None)(LOOPED) == pytest.approx(read)
    assert measure_of("priced tokens", RUN, None)(LOOPED) == pytest.approx(450 / 5 + 60)
    assert USUAL.priced(LOOPED.usage) == pytest.approx(read)
    assert Prices(input=1.0, output=0.0).priced(Usage(input=7, output=9)) == 7


def test_a_loop_s_turns_and_tools_are_spans_below_its_call_and_counted_there_once():
    spans = trace_of(AGENT_RUN, LOOPED).spans
    (call,) = [span for span in spans if span.kind == "chat"]
    assert call.name == "invoke_agent cline"
    assert call.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert call.attributes["gen_ai.usage.input_tokens"] == 450
    assert call.attributes["gen_ai.request.temperature"] == RUN.identity.sampling.temperature
    assert "gen_ai.request.max_tokens" not in call.attributes  # it is the agent's, for each turn
    turns = [span for span in spans if span.kind == "turn"]
    assert [span.name for span in turns] == ["turn 1", "turn 2", f"turn 3 ({BESIDE})"]
    assert {span.parent for span in turns} == {call.id}
    assert [span.start - call.start for span in turns] == [0, 3 * SECOND, 6 * SECOND]
    assert not any("gen_ai.usage.input_tokens" in span.attributes for span in turns)
    assert [span.attributes["llmops.turn.input_tokens"] for span in turns] == [100, 150, 200]
    (tool,) = [span for span in spans if span.kind == "tool"]
    assert (tool.name, tool.parent) == ("execute_tool bash", turns[0].id)
    assert (tool.start, tool.end) == (turns[0].end, turns[0].end + 2 * SECOND)
    assert len({span.id for span in spans}) == len(spans)


@pytest.mark.parametrize(
    ("label", "name", "version"),
    [
        ("cline 3.0.65", "cline", "3.0.65"),
        ("my lean one (cline 3.0.65)", "my lean one", "cline 3.0.65"),
        ("repair:3", "repair:3", None),
    ],
)
def test_spans_and_trajectories_name_an_agent_and_its_version_apart(label, name, version):
    run = msgspec.structs.replace(RUN, agent=label)
    (call,) = [span for span in trace_of(run, LOOPED).spans if span.kind == "chat"]
    assert call.attributes["gen_ai.agent.name"] == name
    assert call.attributes.get("gen_ai.agent.version") == version
    told = trajectory(run, LOOPED)["agent"]
    assert (told["name"], told["version"]) == (name, version or "1")


def test_secrets_are_taken_out_of_loops_and_texts_withheld():
    def hide(text):
        return text.replace(SECRET, HIDDEN)

    sent = clean_record(LOOPED, hide, content=True)
    assert SECRET not in msgspec.json.encode(sent).decode()
    assert sent.loop.turns[0].tools[0].result == f"a.ts {HIDDEN}"
    bare = clean_record(LOOPED, hide, content=False).loop
    assert (bare.files, bare.turns[0].text, bare.turns[0].tools) == (
        {},
        "",
        (ToolCall(name="bash"),),
    )


def test_a_tool_has_its_own_time_where_its_program_tells_it():
    first = LOOP.turns[0]
    begin = first.timing.started + first.timing.total
    tools = (
        msgspec.structs.replace(TOOL, started=begin + 0.25, seconds=0.5),
        msgspec.structs.replace(TOOL, started=begin - 0.001, seconds=1.5),  # its clock is coarser
        TOOL,
    )
    loop = msgspec.structs.replace(LOOP, turns=(msgspec.structs.replace(first, tools=tools),))
    timed = msgspec.structs.replace(LOOPED, loop=loop)
    spans = trace_of(AGENT_RUN, timed).spans
    (turn_span,) = [span for span in spans if span.kind == "turn"]
    found = [
        (span.start - turn_span.end, span.end - span.start) for span in spans if span.kind == "tool"
    ]
    seconds = [(begun / SECOND, took / SECOND) for begun, took in found]
    expected = [(0.25, 0.5), (0.0, 1.5), (0.0, first.tool_seconds)]
    assert seconds == [pytest.approx(pair, abs=1e-6) for pair in expected]
    step = trajectory(AGENT_RUN, timed)["steps"][1]
    assert step["extra"]["tool_seconds"] == [0.5, 1.5, None]


def test_a_trajectory_tells_steps_tools_and_sums(tmp_path):
    write_trajectory(tmp_path, AGENT_RUN, LOOPED)
    path = tmp_path / "trajectories" / file_name(LOOPED)
    assert path.name == "starter-eval-text#trim@0.json"
    found = json.loads(path.read_text())
    assert found == trajectory(AGENT_RUN, LOOPED)
    assert found["agent"] == {"name": "cline", "version": "3.0.65", "model_name": "base"}
    asked, first, *_ = found["steps"]
    assert (asked["source"], first["source"], first["message"]) == ("user", "agent", "look")
    assert first["tool_calls"][0]["function_name"] == "bash"
    assert first["tool_calls"][0]["arguments"] == {"command": "ls"}
    assert first["observation"]["results"][0]["content"].startswith("a.ts")
    assert [step["step_id"] for step in found["steps"]] == [1, 2, 3, 4]
    assert found["final_metrics"]["total_prompt_tokens"] == 450


def test_no_trajectory_is_written_of_a_direct_answer_or_without_contents(tmp_path):
    write_trajectory(tmp_path, RUN, record())
    write_trajectory(tmp_path, msgspec.structs.replace(AGENT_RUN, content=False), LOOPED)
    assert [*tmp_path.iterdir()] == []


def heard(text, *, messages=(), tools=True, status=None):
    call = Call({"messages": list(messages), "tools": [{}] if tools else []})
    if status:
        call.fault = status
        call.end()
        return call
    delta = {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "ba"}}]}
    more = {"tool_calls": [{"index": 0, "function": {"name": "sh", "arguments": "{}"}}]}
    for part in (delta, more) if tools else ({"content": text},):
        call.feed(b"data: " + json.dumps({"choices": [{"delta": part}]}).encode() + b"\n\n")
    counts = {"prompt_tokens": 9, "completion_tokens": 2}
    end = {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": counts}
    call.feed(b"data: " + json.dumps(end).encode() + b"\n\ndata: [DONE]\n\n")
    call.close()
    call.count(None)
    return call


def test_calls_become_turns_with_their_tries_and_what_tools_gave_back():
    result = {"role": "tool", "tool_call_id": "c1", "content": "bad"}
    calls = [
        heard("", status="HTTP 500"),
        heard(""),
        heard("A title", messages=["title"], tools=False),
        heard("", messages=[result]),
    ]
    turns = turns_of(calls, calls[-1].started + 5, lambda text: text == "bad")
    assert [one.retries for one in turns] == [1, 0, 0]
    assert [one.purpose for one in turns] == ["", BESIDE, ""]
    assert turns[0].tools == (ToolCall(name="bash", arguments="{}", result="bad", failed=True),)
    runs = [ToolRun("other", 1.0, 0.5), ToolRun("c1", 2.0, 0.25), ToolRun("c1", 3.0, 0.75)]
    turns = turns_of(calls, calls[-1].started + 5, bool, runs=runs)
    times = [(tool.started, tool.seconds) for one in turns for tool in one.tools]
    assert times == [(2.0, 0.25), (3.0, 0.75)]  # an id that is used again is the next of its kind
    assert all(one.usage == Usage(input=9, output=2) for one in turns)
