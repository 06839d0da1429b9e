"""Attempts of agents that fail after their model has answered: what they took is kept, and told."""

import json
import math

import msgspec
import pytest
from agent_server import AgentServer, shell
from chat_server import ChatServer, answer, serving, whole
from looped import AGENT_RUN, LOOP
from project import WRONG
from records import RUN, record
from sessions import run_session
from test_agents_budgets import TINY, table

from pytest_llmops.compare.metrics import UNITS, measure_of
from pytest_llmops.errors import AgentError
from pytest_llmops.models import USUAL, Prices
from pytest_llmops.report.summary import summarize
from pytest_llmops.runs.reading import RecordedRun, find_run, read_run
from pytest_llmops.runs.trajectory import FOLDER, file_name
from pytest_llmops.session.answering.attaching import tapes_of
from pytest_llmops.sinks.spans import trace_of

GONE = whole(400, {"error": {"message": "the tool shed is closed"}})
PRICES = Prices(input=3.0, output=15.0)
BROKEN = record(
    grade=None,
    usage=None,
    timing=None,
    finish_reason=None,
    text="",
    text_sha256="",
    loop=msgspec.structs.replace(LOOP, ending="failed"),
    priced=USUAL.priced(LOOP.usage),
    error="EndpointError: a (sample 0): agent cline 3.0.65: the tool shed is closed",
)


def attempt(project, server, agent, *arguments):
    """A session of one case; gives what it said, its run and its record."""
    with serving(server) as (url, _):
        (project.path / "models.toml").write_text(
            f'[m]\nurl = "{url}"\nmodel = "m"\nprices = {{ input = 3.0, output = 15.0 }}\n'
        )
        asked = ("benchmarks", "--model=m", f"--agent={agent}", "-k", "double")
        result = run_session(project, *asked, *arguments)
    run = read_run(find_run("latest", project.path / "runs"))
    (found,) = run.records
    return result, run, found


@pytest.mark.parametrize("workers", [("-n", "2"), ("-p", "no:xdist")], ids="-".join)
def test_a_program_whose_model_goes_has_the_tokens_of_its_turns_on_record(workers, agent_project):
    (agent_project.path / "agents.toml").write_text(table(TINY, "turns = 3, retries = 1"))
    server = AgentServer("pi", shell("ls"), GONE)
    result, run, found = attempt(agent_project, server, "mine", *workers)
    assert result.ret == 1
    assert "the tool shed is closed" in found.error
    assert (found.outcome, found.usage, found.grade) == ("error", None, None)
    assert (found.loop.ending, len(found.loop.turns)) == ("failed", 1)
    assert found.spent == server.usage
    assert (found.cost, found.priced) == (PRICES.cost(server.usage), PRICES.priced(server.usage))
    said = " ".join(result.stdout.str().split())
    took = f"{found.spent.input:,} input and {found.spent.output:,} output tokens"
    assert "tokens: 0 in (0 cached), 0 out" in said
    assert f"1 of 1 attempts failed after their first turns, which took {took}" in said
    path = run.path.parent / FOLDER / file_name(found)
    final = json.loads(path.read_text())["final_metrics"]
    assert final["total_prompt_tokens"] == server.usage.input


def test_a_loop_whose_second_question_fails_has_the_first_on_record(agent_project):
    server = ChatServer(answer(WRONG, usage=(40, 9)), GONE, models=[{"id": "m"}])
    result, _, found = attempt(agent_project, server, "repair:3", "--no-content")
    assert result.ret == 1
    assert "the tool shed is closed" in found.error
    assert (found.usage, found.spent.input, found.spent.output) == (None, 40, 9)
    (turn,) = found.loop.turns
    assert (found.loop.ending, turn.passing, turn.text) == ("failed", False, "")


def test_an_attempt_whose_first_question_fails_took_nothing_that_is_known(agent_project):
    server = ChatServer(GONE, models=[{"id": "m"}])
    _, _, found = attempt(agent_project, server, "repair:3")
    assert (found.loop, found.spent, found.cost) == (None, None, None)


def test_no_measure_takes_a_broken_attempt_for_a_cheap_one():
    for unit in UNITS:
        run = msgspec.structs.replace(AGENT_RUN, prices=PRICES)
        assert measure_of(unit, run, PRICES)(BROKEN) is None, unit
    total = summarize([BROKEN])
    assert (total.loops, total.output_tokens) == (None, 0)
    assert math.isnan(total.tokens_median)
    assert math.isnan(total.seconds_median)


def test_its_turns_are_in_its_trace_below_a_call_with_their_tokens():
    spans = {span.kind: span for span in trace_of(AGENT_RUN, BROKEN).spans}
    assert spans["chat"].attributes["gen_ai.usage.input_tokens"] == LOOP.usage.input
    assert spans["chat"].start <= spans["turn"].start <= spans["turn"].end <= spans["chat"].end
    assert spans["case"].error == BROKEN.error


def test_a_broken_loop_is_not_played_again(tmp_path):
    with pytest.raises(AgentError, match="does not say what each answered"):
        tapes_of(RecordedRun(path=tmp_path, run=RUN, records=(BROKEN,), end=None))
