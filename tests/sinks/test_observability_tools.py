"""Runs delivered to stand-ins and read back over their read API, with faults planted in between."""

import argparse
import os

import msgspec
import pytest
from mlflow_server import free_port
from sink_project import deliver, make_records, write_run
from tool_stand_ins import CollectorStandIn, LangfuseStandIn, environment_of

from pytest_llmops.cli import observability
from pytest_llmops.observability.chart import PANELS, figure, page
from pytest_llmops.observability.measure import compare
from pytest_llmops.observability.values import FILE, Sending, read
from pytest_llmops.runs.reading import read_run
from pytest_llmops.runs.record import RECORDS
from pytest_llmops.runs.traces import trace_id
from pytest_llmops.sinks.links import LINKS, write_links

ATTEMPTS, SPANS = 8, 30
TOOLS = ("langfuse", "openllmetry")


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """A run that both tools took; with the stand-ins and the way to them."""
    home = tmp_path_factory.mktemp("runs")
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with LangfuseStandIn() as langfuse, CollectorStandIn() as collector:
        environment = environment_of(langfuse, collector, **kept)
        folder = write_run(home, make_records(ATTEMPTS))
        assert deliver(folder, TOOLS, environment).delivery.complete
        yield folder, langfuse, collector, environment


@pytest.fixture
def spoil(sent):
    """Plant a fault in the answers of a stand-in for the time of a test."""
    _, langfuse, collector, _ = sent

    def plant(name, change):
        {"langfuse": langfuse, "openllmetry": collector}[name].spoil = change

    yield plant
    for one in (langfuse, collector):
        one.spoil = lambda _path, body: body


def measured(sent, name, **more):
    folder, _, _, environment = sent
    found = read_run(folder / RECORDS)
    (tool,) = compare(found, [name], {**environment, **more}, send=False).tools
    return tool


def faults(tool):
    found = msgspec.structs.asdict(tool.traceability)
    return {name: value for name, value in found.items() if value}


def whole(**changes):
    return {"attempts": ATTEMPTS, "complete": ATTEMPTS, "spans": SPANS, **changes}


@pytest.mark.parametrize("name", TOOLS)
def test_a_delivered_run_is_found_again_whole_and_its_stand_in_is_called_one(sent, name):
    tool = measured(sent, name)
    assert tool.problem == ""
    assert tool.measured_on == "stand-in"
    assert tool.stand_ins == ("traces", "figures of the run", "log records", "delivery")
    assert tool.footprint.memory is None
    assert faults(tool) == whole()
    debugging = tool.debugging
    assert (debugging.failing, debugging.queries, debugging.opens) == (5, 3.0, True)
    assert (debugging.prompt, debugging.completion, debugging.error) == (1.0, 1.0, 1.0)
    assert debugging.linked == 1.0
    assert debugging.seconds > 0


@pytest.mark.parametrize("name", TOOLS)
@pytest.mark.parametrize(
    "address",
    ["http://tool/traces/{solved}", f"http://tool/traces/{'0' * 32}", "http://tool/traces/none"],
)
def test_a_link_that_leads_elsewhere_is_said_not_to_open(sent, name, address):
    folder, _, _, environment = sent
    found = read_run(folder / RECORDS)
    wrong = next(one for one in found.records if not one.solved)
    solved = next(one for one in found.records if one.solved)
    kept = (folder / LINKS).read_bytes()
    elsewhere = address.format(solved=trace_id(found.run.id, solved.case, solved.sample))
    write_links(folder, found.run, {name: {(wrong.case, wrong.sample): elsewhere}})
    try:
        (tool,) = compare(found, [name], environment, send=False).tools
    finally:
        (folder / LINKS).write_bytes(kept)
    assert tool.debugging.opens is False
    assert measured(sent, name).debugging.opens is True


def test_detail_is_counted_as_each_tool_gives_it_back(sent):
    langfuse, openllmetry = (measured(sent, name).granularity for name in TOOLS)
    assert langfuse.spans == openllmetry.spans == SPANS / ATTEMPTS
    assert langfuse.scores == openllmetry.scores
    assert (langfuse.logs, openllmetry.logs) == (0.0, 1.0)
    assert (langfuse.events, openllmetry.events) == (0.0, 1.0)
    assert langfuse.run_figures == 5
    assert (
        openllmetry.run_figures == 2 + 6 + 4
    )  # histograms, gauges, and those of steps and quantiles
    kinds = ("input", "cached", "output", "reasoning")
    assert langfuse.token_kinds == openllmetry.token_kinds == kinds


def drop(path, body, key, name):
    """Leave out of a list of spans the first of a name."""
    if key in path:
        for index, one in enumerate(body["data"]):
            if one["name"] == name:
                del body["data"][index]
                break
    return body


@pytest.mark.parametrize("kind", ["attempt 0", "chat base", "grade"])
def test_a_span_that_langfuse_lost_is_missed(sent, spoil, kind):
    spoil("langfuse", lambda path, body: drop(path, body, "observations", kind))
    found = faults(measured(sent, "langfuse"))
    # The last attempt was an error of the harness: it has no call and no grade to lose.
    lost = 8 if kind == "attempt 0" else 7
    assert found["lost_spans"] == lost
    assert found.get("complete", 0) == ATTEMPTS - lost


def change_spans(change):
    """A fault in the spans of Jaeger's answers to a trace id."""

    def spoiled(path, body):
        if path.startswith("/api/traces/"):
            for trace in body["data"]:
                trace["spans"] = change(trace["spans"])
        return body

    return spoiled


def test_a_duplicated_span_is_counted_once_for_each_copy(sent, spoil):
    spoil("openllmetry", change_spans(lambda spans: [*spans, spans[0], spans[0]]))
    assert faults(measured(sent, "openllmetry")) == whole(duplicated_spans=2 * ATTEMPTS)


def test_what_langfuse_shows_twice_is_read_once_and_counted(sent):
    _, langfuse, _, _ = sent
    once = measured(sent, "langfuse")
    langfuse.requests["traces"] *= 2
    try:
        twice = measured(sent, "langfuse")
    finally:
        del langfuse.requests["traces"][len(langfuse.requests["traces"]) // 2 :]
    assert faults(twice) == whole(duplicated_spans=SPANS)
    assert twice.granularity == once.granularity


def test_tokens_that_jaeger_gives_back_otherwise_are_wrong(sent, spoil):
    def one_more(spans):
        for span in spans:
            for tag in span["tags"]:
                if tag["key"] == "gen_ai.usage.output_tokens":
                    tag["value"] += 1
        return spans

    spoil("openllmetry", change_spans(one_more))
    assert faults(measured(sent, "openllmetry")) == whole(wrong_token_spans=7)


def test_tokens_that_langfuse_counts_otherwise_are_wrong(sent, spoil):
    def cached_twice(path, body):
        for one in body["data"] if "observations" in path else ():
            if usage := one["usageDetails"]:
                usage["input"] += usage["input_cached_tokens"]
        return body

    spoil("langfuse", cached_twice)
    found = measured(sent, "langfuse").traceability
    assert found.wrong_token_spans == 6  # the first attempt has no cached token
    assert found.complete == ATTEMPTS


def test_a_cost_that_langfuse_invents_is_wrong(sent, spoil):
    def priced(path, body):
        for one in body["data"] if "observations" in path else ():
            if one["type"] == "GENERATION":
                one["costDetails"] = {"total": one["costDetails"]["total"] + 0.01}
        return body

    spoil("langfuse", priced)
    assert faults(measured(sent, "langfuse")) == whole(wrong_cost_spans=7)


def test_a_cost_that_jaeger_gives_back_otherwise_is_wrong(sent, spoil):
    def dearer(spans):
        for span in spans:
            for tag in span["tags"]:
                if tag["key"] == "llmops.cost.usd":
                    tag["value"] *= 2
        return spans

    spoil("openllmetry", change_spans(dearer))
    assert faults(measured(sent, "openllmetry")) == whole(wrong_cost_spans=7)


def test_a_score_that_langfuse_lost_is_missed_and_breaks_the_chain(sent, spoil):
    def lost(path, body):
        if "scores" in path:
            body["data"] = [one for one in body["data"] if one["name"] != "solved"]
        return body

    spoil("langfuse", lost)
    found = measured(sent, "langfuse").traceability
    assert (found.missing_scores, found.complete, found.lost_spans) == (ATTEMPTS, 0, 0)


def test_a_text_that_did_not_come_back_is_said(sent, spoil):
    def silent(path, body):
        for one in body["data"] if "observations" in path else ():
            one["output"] = None
        return body

    spoil("langfuse", silent)
    debugging = measured(sent, "langfuse").debugging
    assert (debugging.prompt, debugging.completion, debugging.error) == (1.0, 0.0, 1.0)


def test_a_search_that_finds_nothing_loses_everything(sent, spoil):
    spoil("openllmetry", lambda path, body: {"data": []} if path == "/api/traces" else body)
    found = measured(sent, "openllmetry")
    assert found.traceability.complete == 0
    assert found.traceability.lost_spans == SPANS
    assert found.granularity.spans == 0.0


@pytest.mark.parametrize(
    "body", [[], {"data": 7}, {"data": [{}], "meta": {}}, {"error": "x"}, "no"], ids=str
)
@pytest.mark.parametrize("name", TOOLS)
def test_an_answer_in_another_form_is_a_problem_and_no_figure(sent, spoil, name, body):
    spoil(name, lambda _path, _body: body)
    found = measured(sent, name)
    assert found.problem or found.traceability.complete == 0


def test_a_dead_tool_is_said_with_its_reason_and_the_others_are_measured(sent):
    folder, _, _, environment = sent
    dead = f"http://127.0.0.1:{free_port()}"
    changed = {**environment, "LLMOPS_JAEGER_URL": dead, "MLFLOW_TRACKING_URI": dead}
    names = ["openllmetry", "mlflow", "langfuse"]
    openllmetry, mlflow, langfuse = compare(
        read_run(folder / RECORDS), names, changed, send=False
    ).tools
    assert f"{dead}/api/traces does not answer (ConnectError)" in openllmetry.problem
    assert f"{dead} cannot be reached" in mlflow.problem
    for one in (openllmetry, mlflow):
        assert one.measured_on == "nothing"
        assert one.traceability is None
    assert faults(langfuse) == whole()


def test_a_tool_without_its_keys_is_a_problem_that_names_them(sent):
    found = measured(sent, "langfuse", LANGFUSE_SECRET_KEY="")
    assert "LANGFUSE_SECRET_KEY" in found.problem


def test_delivery_is_measured_on_copies_and_the_run_itself_is_left_alone(sent):
    folder, _, collector, environment = sent
    spans = len(collector.spans)
    (tool,) = compare(read_run(folder / RECORDS), ["openllmetry"], environment, send=True).tools
    assert tool.sending_problem == ""
    assert tool.sending.bytes > 100
    assert tool.sending.start_seconds > 0
    assert len(collector.spans) == spans + 4 + SPANS
    assert faults(measured(sent, "openllmetry")) == whole()


def parse(*words):
    parser = argparse.ArgumentParser()
    observability.add(parser.add_subparsers())
    return parser.parse_args(["observability", *words])


def test_the_command_takes_runs_sinks_and_folders():
    found = parse("a", "latest", "--sink", "mlflow", "--sink", "all", "--output", "out")
    assert found.references == ["a", "latest"]
    assert found.sink == ["mlflow", "all"]
    assert (str(found.runs), str(found.output), found.send) == ("runs", "out", False)
    with pytest.raises(SystemExit):
        parse()


def test_the_command_writes_figures_beside_the_run_shows_a_table_and_draws_a_page(
    sent, tmp_path, monkeypatch, capsys
):
    folder, _, _, environment = sent
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    options = parse(folder.name, "--runs", str(folder.parent), "--output", str(tmp_path / "new"))
    assert options.run(options) == 0
    shown = capsys.readouterr().out
    assert str(folder / FILE) in shown
    assert "complete chains" in shown
    assert shown.count("stand-in") == 2 + 1  # a column each, and what the mark means
    assert shown.count("0/30 *") == 2
    assert [one.name for one in read(folder).tools] == ["langfuse", "openllmetry"]
    assert "stand-in" in (tmp_path / "new" / "observability.html").read_text()


def test_the_command_says_by_its_status_that_a_tool_was_not_there(sent, monkeypatch, capsys):
    folder, _, _, environment = sent
    dead = f"http://127.0.0.1:{free_port()}"
    for name, value in {**environment, "LLMOPS_JAEGER_URL": dead}.items():
        monkeypatch.setenv(name, value)
    options = parse(str(folder), "--sink", "openllmetry")
    assert options.run(options) == 1
    assert "does not answer" in capsys.readouterr().out


def test_what_delivery_took_stays_from_an_earlier_comparison(sent):
    folder, _, _, environment = sent
    run = read_run(folder / RECORDS)
    found = compare(run, ["openllmetry"], environment, send=False)
    sending = Sending(ms=1.0, start_seconds=2.0, bytes=3.0)
    tools = tuple(msgspec.structs.replace(one, sending=sending) for one in found.tools)
    kept = msgspec.json.encode(msgspec.structs.replace(found, tools=tools))
    (folder / FILE).write_bytes(kept)
    assert measured(sent, "openllmetry").sending == sending
    assert measured(sent, "langfuse").sending is None
    (folder / FILE).unlink()


def test_the_page_holds_everything_and_escapes_names(sent):
    folder, _, _, environment = sent
    found = compare(read_run(folder / RECORDS), TOOLS, environment, send=False)
    drawn = figure(found)
    assert len(drawn["data"]) == len(PANELS)
    assert drawn["data"][0]["y"] == [100.0, 100.0]
    assert drawn["data"][5]["text"] == ["not measured"] * 2
    hostile = msgspec.structs.replace(found, run="<script>alert(1)</script>")
    text = page([found, hostile])
    assert "<script>alert(1)" not in text
    assert 'src="http' not in text
    assert text.count("Plotly.newPlot(") >= 2
