import json
import os

import msgspec
import pytest
from otlp_receiver import Receiver, attributes
from records import RUN
from sink_project import SECRET, deliver, make_records, start, write_run

from pytest_llmops.errors import SinkError
from pytest_llmops.sinks.delivery.ledger import LEDGER
from pytest_llmops.sinks.links import LINKS

OTLP = "/api/public/otel/v1/traces"


def environment(receiver, secret=SECRET):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    keys = {"LANGFUSE_PUBLIC_KEY": "pk-lf-1", "LANGFUSE_SECRET_KEY": secret}
    return {**kept, **keys, "LANGFUSE_BASE_URL": receiver.url}


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """A run of six attempts, one broken, as it arrived; nothing here changes it."""
    folder = write_run(tmp_path_factory.mktemp("langfuse"), make_records(6))
    with Receiver(secret_key=SECRET) as receiver:
        sinks = deliver(folder, ["langfuse"], environment(receiver))
    return receiver, sinks, folder


def of_kind(receiver, kind):
    return [attributes(span) for span in receiver.spans if span.name.startswith(kind)]


def test_spans_are_sent_as_the_sdk_sends_them(sent):
    receiver, sinks, _ = sent
    assert sinks.delivery.complete
    headers = {
        name.lower(): value for name, value in receiver.headers[receiver.paths.index(OTLP)].items()
    }
    assert headers["content-type"] == "application/x-protobuf"
    assert headers["content-encoding"] == "gzip"
    assert headers["authorization"].startswith("Basic ")
    assert headers["x-langfuse-sdk-name"] == "python"
    assert headers["x-langfuse-public-key"] == "pk-lf-1"
    assert headers["x-langfuse-ingestion-version"] == "4"


def test_usage_cost_and_texts_of_a_generation_are_those_of_the_record(sent):
    receiver, _, _ = sent
    chats = of_kind(receiver, "chat")
    assert len(chats) == 5
    for number, chat in enumerate(chats):
        assert chat["langfuse.observation.type"] == "generation"
        usage = json.loads(chat["langfuse.observation.usage_details"])
        assert usage["input"] + usage["input_cached_tokens"] == 100 + number
        assert usage["input_cached_tokens"] == number
        assert usage["output"] + usage["output_reasoning_tokens"] == 10 + number
        assert usage["total"] == 110 + 2 * number
        cost = json.loads(chat["langfuse.observation.cost_details"])
        assert cost == {"total": 0.001 * (number + 1)}
        assert f"Write f{number}." in chat["langfuse.observation.input"]
        assert chat["langfuse.observation.output"] == f"return {number};"
        first = json.loads(chat["langfuse.observation.completion_start_time"])
        assert first == f"2026-01-01T12:00:0{number}.750+00:00"


def test_the_suite_is_a_dataset_and_the_run_an_experiment_on_it(sent):
    receiver, _, _ = sent
    assert list(receiver.datasets) == ["llmops starter"]
    assert len(receiver.items) == 6
    item = next(one for one in receiver.items.values() if one["metadata"]["case"].endswith("#f0"))
    assert item["input"][1] == {"role": "user", "content": "Write f0."}
    roots = [span for span in receiver.spans if span.name.startswith("case")]
    assert len(roots) == 6
    for root in roots:
        found = attributes(root)
        assert found["langfuse.experiment.id"] == RUN.id
        assert found["langfuse.experiment.dataset.id"] == "d-llmops starter"
        assert found["langfuse.experiment.item.id"] in receiver.items
        assert found["langfuse.experiment.item.root_observation_id"] == root.span_id.hex()
        assert found["langfuse.environment"] == "sdk-experiment"
        assert found["session.id"] == RUN.id


def test_spans_and_scores_are_in_the_environment_that_is_asked_for(tmp_path):
    folder = write_run(tmp_path, make_records(3))
    with Receiver(secret_key=SECRET) as receiver:
        named = {**environment(receiver), "LLMOPS_LANGFUSE_ENVIRONMENT": "bench"}
        assert deliver(folder, ["langfuse"], named).delivery.complete
    told = {attributes(span)["langfuse.environment"] for span in receiver.spans}
    assert told == {one["environment"] for one in receiver.scores.values()} == {"bench"}


def test_a_broken_attempt_is_an_error_and_stays_in_the_scores(sent):
    receiver, _, _ = sent
    broken = next(one for one in of_kind(receiver, "case") if one["llmops.case.id"].endswith("#f5"))
    assert broken["langfuse.observation.level"] == "ERROR"
    assert broken["langfuse.observation.status_message"] == "EndpointError: gone"
    outcomes = [one["value"] for one in receiver.scores.values() if one["name"] == "outcome"]
    assert sorted(outcomes) == ["error", "solved", "solved", "wrong", "wrong", "wrong"]


def test_scores_are_a_list_with_types_and_the_traces_they_judge(sent):
    receiver, _, _ = sent
    traces = {span.trace_id.hex() for span in receiver.spans}
    solved = [one for one in receiver.scores.values() if one["name"] == "solved"]
    assert {one["traceId"] for one in solved} == traces
    assert {one["dataType"] for one in solved} == {"BOOLEAN"}
    assert sorted(one["value"] for one in solved) == [0, 0, 0, 0, 1, 1]
    assert any("drops spaces" in one.get("comment", "") for one in solved)
    tests = [one for one in receiver.scores.values() if one["name"] == "tests"]
    assert {one["dataType"] for one in tests} == {"NUMERIC"}
    assert len(tests) == 5  # none for the attempt that was not graded
    whole = {
        one["name"]: one["value"]
        for one in receiver.scores.values()
        if one.get("datasetRunId") == RUN.id
    }
    assert whole["solve_rate"] == 2 / 6
    assert whole["errors"] == 1


def test_links_lead_to_the_traces_of_the_project(sent):
    receiver, sinks, folder = sent
    link = sinks.links["starter:eval/text#f1@0"]
    assert link["langfuse"] == f"{receiver.url}/project/p1/traces/{link['trace']}"
    assert any(link["langfuse"].startswith(receiver.url) for line in sinks.lines() if line)
    assert len(json.loads((folder / LINKS).read_text())) == 6 + 1


def test_a_link_leads_to_the_experiment_as_a_whole(sent):
    """Its environment is hidden on the pages of traces and scores until it is chosen there."""
    receiver, sinks, _ = sent
    page = f"{receiver.url}/project/p1/experiments/results?baseline={RUN.id}"
    assert sinks.links["run"] == {"langfuse": page}
    assert f"  the run: {page}" in sinks.lines()


def test_the_secret_key_is_in_no_body_and_in_no_file(sent):
    receiver, sinks, folder = sent
    assert SECRET.encode() not in b"".join(receiver.bodies)
    written = "".join(path.read_text() for path in folder.iterdir())
    assert SECRET not in written + "".join(sinks.lines())


def test_sending_again_changes_no_id_and_writes_no_item_twice(tmp_path):
    folder = write_run(tmp_path, make_records(4))
    with Receiver(secret_key=SECRET) as receiver:
        deliver(folder, ["langfuse"], environment(receiver))
        spans = {span.span_id for span in receiver.spans}
        scores, items = dict(receiver.scores), receiver.paths.count("/api/public/dataset-items")
        (folder / LEDGER).unlink()
        deliver(folder, ["langfuse"], environment(receiver))
        assert {span.span_id for span in receiver.spans} == spans
        assert receiver.scores == scores
        # One more request: the list of the items there are.
        assert receiver.paths.count("/api/public/dataset-items") == items + 1


def test_spans_that_were_not_taken_are_sent_by_the_next_sync_and_their_scores_stay(tmp_path):
    folder = write_run(tmp_path, make_records(4))
    with Receiver(secret_key=SECRET) as receiver:
        receiver.dies_after = 0
        sinks = deliver(folder, ["langfuse"], environment(receiver))
        assert sinks.delivery.sinks[0].waiting == 4
        assert not receiver.spans
        first = dict(receiver.scores)
    with Receiver(port=receiver.port, secret_key=SECRET) as revived:
        assert deliver(folder, ["langfuse"], environment(revived)).delivery.complete
        assert len({one.trace_id for one in revived.spans}) == 4
        again = {key: one for key, one in revived.scores.items() if "traceId" in one}
        assert again == first  # the same ids: written over


def test_refused_keys_are_told_without_showing_them(tmp_path):
    folder = write_run(tmp_path, make_records(2))
    refused = pytest.raises(SinkError, match="refuses the credentials; check LANGFUSE")
    with Receiver(secret_key=SECRET) as receiver, refused as caught:
        start(folder, ["langfuse"], environment(receiver, "sk-lf-wrong-wrong"))
    assert "wrong-wrong" not in str(caught.value)
    assert "pk-lf-1" not in str(caught.value)


def test_missing_keys_and_an_old_server_are_told(tmp_path):
    folder = write_run(tmp_path, make_records(2))
    with Receiver(version="3.112.0") as receiver:
        with pytest.raises(SinkError, match=r"3\.112\.0; the SDK needs a server of 4\.59"):
            start(folder, ["langfuse"], environment(receiver))
        with pytest.raises(SinkError, match="LANGFUSE_SECRET_KEY not set"):
            start(folder, ["langfuse"], environment(receiver, ""))


def test_without_content_neither_traces_nor_items_hold_texts(tmp_path):
    records = [msgspec.structs.replace(one, text="", prompt=()) for one in make_records(3)]
    folder = write_run(tmp_path, records, content=False)
    with Receiver(secret_key=SECRET) as receiver:
        sinks = deliver(folder, ["langfuse"], environment(receiver), content=False)
    assert sinks.delivery.complete
    sent = b"".join(receiver.bodies)
    assert b"drops spaces" not in sent
    assert b"langfuse.observation.input" not in sent
    assert all(item["input"] is None for item in receiver.items.values())


def test_each_sample_of_a_case_is_an_item_and_so_a_row_of_the_experiment(tmp_path):
    with Receiver(secret_key=SECRET) as receiver:
        folder = write_run(tmp_path, make_records(4, samples=2))
        assert deliver(folder, ["langfuse"], environment(receiver)).delivery.complete
        told = {attributes(span)["langfuse.experiment.item.id"] for span in receiver.spans}
        assert told == receiver.items.keys()
        assert len(told) == 2 * 3 + 1
        assert {one["metadata"]["sample"] for one in receiver.items.values()} == {0, 1}
