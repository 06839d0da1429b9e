import base64
import gzip
import json
import os
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from mlflow_server import Forwarder, mlflow_server
from otlp_receiver import Receiver, attributes, wait_until
from records import IDENTITY, RUN
from sink_project import END, SECRET, deliver, make_records, start, write_run

from pytest_llmops.errors import SinkError
from pytest_llmops.runs.record import RECORDS, RecordFile
from pytest_llmops.runs.traces import trace_id
from pytest_llmops.sinks.delivery.ledger import LEDGER, Ledger
from pytest_llmops.sinks.mlflow.registry import register

pytestmark = [
    pytest.mark.slow,
    # Read back by MLflow's own client, in this process; what its parts warn of is not ours.
    pytest.mark.filterwarnings("ignore"),
]

BASE = msgspec.structs.replace(IDENTITY, served="embedded:tiny", weights_sha256="b" * 64)
LORA = msgspec.structs.replace(BASE, model="lora-v1", adapter_sha256="a" * 64)
SAMPLES = 2


def environment(uri, **more):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "MLFLOW_TRACKING_URI": uri, **more}


def connected(uri):
    """The client of MLflow, which takes seconds to import."""
    from mlflow import MlflowClient  # noqa: PLC0415

    return MlflowClient(uri, uri)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as url:
        yield url


@pytest.fixture(scope="module")
def client(server):
    return connected(server)


@pytest.fixture(scope="module")
def sent(server, tmp_path_factory):
    """A run of two samples a case, delivered; with the records and the sinks."""
    records = make_records(5, SAMPLES)
    folder = write_run(tmp_path_factory.mktemp("runs"), records, identity=BASE)
    sinks = deliver(folder, ["mlflow"], environment(server))
    return records, sinks, folder


def find_run(client, run=RUN.id):
    experiment = client.get_experiment_by_name("llmops starter")
    (found,) = client.search_runs([experiment.experiment_id], f"tags.`llmops.run_id` = '{run}'")
    return found


def find_traces(client, run=RUN.id):
    found = find_run(client, run).info
    return client.search_traces(
        locations=[found.experiment_id], run_id=found.run_id, max_results=100
    )


def read_report(client, run, folder):
    """The report artifact, with the texts that it holds compressed behind it."""
    page = Path(client.download_artifacts(run, "report.html", str(folder))).read_text("utf-8")
    (details,) = re.findall(r'id="details"[^>]*>([A-Za-z0-9+/=]+)<', page)
    return page + gzip.decompress(base64.b64decode(details)).decode()


def read_table(client, run, folder):
    """The rows of the table artifact, as dictionaries."""
    with open(client.download_artifacts(run, "attempts.json", str(folder))) as file:
        table = json.load(file)
    return [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]


def test_token_totals_are_those_of_the_records_to_the_token(sent, client):
    records, sinks, _ = sent
    assert sinks.delivery.complete
    usages = [trace.info.token_usage or {} for trace in find_traces(client)]
    for name, kind in (("input_tokens", "input"), ("output_tokens", "output")):
        told = sum(usage.get(name, 0) for usage in usages)
        assert told == sum(getattr(one.usage, kind) for one in records if one.usage)
    cached = sum(usage.get("cache_read_input_tokens", 0) for usage in usages)
    assert cached == sum(one.usage.cached for one in records if one.usage)
    metrics = find_run(client).data.metrics
    assert metrics["input_tokens"] == sum(one.usage.input for one in records if one.usage)


def test_an_attempt_is_one_trace_with_its_id_times_texts_and_spans(sent, client):
    traces = {trace.info.trace_id: trace for trace in find_traces(client)}
    assert len(traces) == len(sent[0]) == 9
    one = traces[f"tr-{trace_id(RUN.id, 'starter:eval/text#f1', 1)}"]
    assert [span.name for span in one.data.spans] == [
        "case starter:eval/text#f1",
        "attempt 1",
        "chat base",
        "grade",
    ]
    assert one.info.execution_duration == 2600  # queue 0.5, answer 2.0, grade 0.1
    assert one.info.request_time == round((RUN.started + 1) * 1000)
    assert one.info.tags["llmops.outcome"] == "wrong"
    assert one.info.tags["llmops.case"] == "starter:eval/text#f1"
    assert "Write f1." in one.info.request_preview
    assert "return 1;" in one.info.response_preview
    assert one.info.cost["total_cost"] == pytest.approx(0.002)
    assert one.info.trace_metadata["mlflow.trace.session"] == RUN.id


def test_every_attempt_is_assessed_by_code(sent, client):
    found = {}
    for trace in find_traces(client):
        (assessment,) = trace.info.assessments
        assert assessment.name == "solved"
        assert assessment.source.source_type == "CODE"
        found[trace.info.trace_id] = assessment
    assert sum(one.feedback.value for one in found.values()) == 4
    wrong = found[f"tr-{trace_id(RUN.id, 'starter:eval/text#f1', 0)}"]
    assert wrong.feedback.value is False
    assert wrong.rationale == "trim > drops spaces: expected a"
    assert wrong.metadata["outcome"] == "wrong"
    assert float(wrong.metadata["tests"]) == 0.6


def test_the_session_is_a_run_with_parameters_metrics_table_and_files(sent, client):
    _, _, folder = sent
    run = find_run(client)
    assert run.info.status == "FINISHED"
    assert run.info.start_time == round(RUN.started * 1000)
    assert run.info.end_time == round((RUN.started + 60) * 1000)
    assert run.data.params["model"] == "base"
    assert run.data.params["sampling.max_tokens"] == "64"
    assert run.data.params["weights_sha256"] == "b" * 64
    assert run.data.metrics["solve_rate"] == pytest.approx(4 / 9)
    assert run.data.metrics["errors"] == 1
    kept = {one.path for one in client.list_artifacts(run.info.run_id)}
    assert kept == {"attempts.json", "records.jsonl", "report.html"}
    path = client.download_artifacts(run.info.run_id, "records.jsonl", str(folder.parent))
    with open(path, "rb") as file:
        assert file.read() == (folder / RECORDS).read_bytes()
    table = read_table(client, run.info.run_id, folder.parent)
    assert sum(row["output_tokens"] or 0 for row in table) == run.data.metrics["output_tokens"]
    assert [row["outcome"] for row in table].count("error") == 1
    assert json.loads(run.data.tags["mlflow.loggedArtifacts"])[0]["type"] == "table"


def test_the_report_is_an_artifact_with_texts_and_links(sent, client, server):
    _, _, folder = sent
    report = read_report(client, find_run(client).info.run_id, folder.parent)
    assert "Write f1." in report
    assert f"/traces/tr-{trace_id(RUN.id, 'starter:eval/text#f1', 1)}" in report


def test_the_report_holds_no_texts_where_they_are_withheld_and_no_secret(client, server, tmp_path):
    for name, content in (("told", True), ("withheld", False)):
        folder = write_run(tmp_path, make_records(3), id=name)
        told = environment(server, X_API_KEY="Write f0.")
        assert deliver(folder, ["mlflow"], told, content=content).delivery.complete
    reports = {
        name: read_report(client, find_run(client, name).info.run_id, tmp_path)
        for name in ("told", "withheld")
    }
    assert "Write f1." in reports["told"]
    assert "(hidden)" in reports["told"]
    assert "starter:eval/text#f1" in reports["withheld"]
    assert "Write f0." not in reports["told"] + reports["withheld"]
    for text in ("Write f1.", "drops spaces"):
        assert text not in reports["withheld"]


def test_a_run_whose_report_cannot_be_drawn_is_delivered_and_says_so(tmp_path):
    (tmp_path / "broken" / "plotly").mkdir(parents=True)
    (tmp_path / "broken" / "plotly" / "__init__.py").write_text("raise ImportError('broken')\n")
    folder = write_run(tmp_path, make_records(2))
    told = environment(f"sqlite:///{tmp_path}/mlflow.db", PYTHONPATH=str(tmp_path / "broken"))
    sinks = deliver(folder, ["mlflow"], told)
    assert sinks.delivery.complete
    assert "2 attempts delivered to" in sinks.lines()[0]
    assert sinks.lines()[0].endswith(", without report.html: ImportError: broken")


def test_base_and_adapter_are_versions_of_one_model_with_aliases(sent, client, server, tmp_path):
    for number, identity in enumerate((LORA, BASE)):
        folder = write_run(tmp_path, make_records(2), id=f"other-{number}", identity=identity)
        assert deliver(folder, ["mlflow"], environment(server)).delivery.complete
    base = client.get_model_version_by_alias("tiny", "base")
    lora = client.get_model_version_by_alias("tiny", "lora-v1")
    assert base.tags["llmops.weights_sha256"] == lora.tags["llmops.weights_sha256"] == "b" * 64
    assert lora.tags["llmops.adapter_sha256"] == "a" * 64
    found = client.search_model_versions("name = 'tiny'")  # with adapters of another test
    ours = [one for one in found if one.tags.get("llmops.adapter_sha256", "") in {"", "a" * 64}]
    assert {one.version for one in ours} == {base.version, lora.version}
    assert len(ours) == 2  # the base was run twice
    assert base.run_id == find_run(client).info.run_id
    assert find_run(client).data.tags["llmops.model_version"] == f"tiny/{base.version}"


def test_an_old_run_that_is_delivered_late_does_not_move_an_alias_back(sent, client):
    tracked = find_run(client).info.run_id
    old, new = (msgspec.structs.replace(LORA, model="moved", adapter_sha256=c * 64) for c in "cd")
    for identity, began, meant in ((old, 100, "c"), (new, 300, "d"), (old, 200, "d")):
        run = msgspec.structs.replace(RUN, identity=identity, started=RUN.started + began)
        register(client, run, tracked)
        found = client.get_model_version_by_alias("tiny", "moved")
        assert found.tags["llmops.adapter_sha256"] == meant * 64


def test_what_is_sent_again_is_there_once(sent, client, server):
    _, _, folder = sent
    before = {trace.info.trace_id: trace.info.token_usage for trace in find_traces(client)}
    (folder / LEDGER).unlink()
    sinks = deliver(folder, ["mlflow"], environment(server))
    assert sinks.delivery.complete
    traces = find_traces(client)
    assert {trace.info.trace_id: trace.info.token_usage for trace in traces} == before
    assert all(len(trace.info.assessments) == 1 for trace in traces)
    assert all(len(trace.data.spans) <= 4 for trace in traces)
    assert len(read_table(client, find_run(client).info.run_id, folder.parent)) == 9


def test_a_cost_that_nobody_told_is_not_made_up_of_a_price_list(client, server, tmp_path):
    """MLflow has prices for models of known names, and takes the name from the call."""
    (told, *_) = make_records(2)
    records = [
        msgspec.structs.replace(told, case="c0", cost=None, served_model="gpt-4o-mini"),
        msgspec.structs.replace(told, case="c1", cost=0.5, served_model="gpt-4o-mini"),
    ]
    identity = msgspec.structs.replace(IDENTITY, model="gpt-4o-mini", weights_sha256="")
    folder = write_run(tmp_path, records, id="priced", identity=identity)
    assert deliver(folder, ["mlflow"], environment(server)).delivery.complete
    costs = {one.info.tags["llmops.case"]: one.info.cost for one in find_traces(client, "priced")}
    assert not any((costs["c0"] or {}).values())
    assert costs["c1"]["total_cost"] == 0.5


def test_links_name_the_trace_in_the_pages_of_the_server(sent, client, server):
    _, sinks, _ = sent
    run = find_run(client).info
    link = sinks.links["starter:eval/text#f0@1"]
    base = f"{server}/#/experiments/{run.experiment_id}/traces"
    assert link["mlflow"] == f"{base}/tr-{link['trace']}"


def test_a_run_that_was_interrupted_is_killed_there_too(client, server, tmp_path):
    folder = write_run(tmp_path, make_records(2), end=None, id="interrupted")
    assert deliver(folder, ["mlflow"], environment(server)).delivery.complete
    assert find_run(client, "interrupted").info.status == "KILLED"


def test_a_server_lost_in_the_middle_loses_nothing_after_a_sync(client, server, tmp_path):
    records = make_records(4)
    run = msgspec.structs.replace(RUN, id="torn", attempts=4)
    file = RecordFile(tmp_path, run)
    folder = file.path.parent
    with Forwarder(server) as way:
        sinks = start(folder, ["mlflow"], environment(way.url))
        for one in records[:2]:
            file.write(one)
        wait_until(lambda: Ledger(folder).delivered("mlflow", way.url), 120)
        way.cut()
        for line in (*records[2:], END):
            file.write(line)
        (torn,) = sinks.close(END, records).sinks
    file.close()
    assert (torn.delivered, torn.waiting, torn.finished) == (2, 2, False)
    assert torn.problem
    with Forwarder(server, way.port) as way:
        assert deliver(folder, ["mlflow"], environment(way.url)).delivery.complete
    traces = find_traces(client, "torn")
    assert len(traces) == 4
    assert all(len(trace.info.assessments) == 1 for trace in traces)
    assert find_run(client, "torn").info.status == "FINISHED"


def test_without_a_server_the_database_holds_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    records = make_records(5)
    folder = write_run(tmp_path, records, identity=LORA)
    for _ in range(2):  # the second time without a ledger, so that everything is sent again
        sinks = deliver(folder, ["mlflow"], environment(""))
        assert sinks.delivery.complete
        (folder / LEDGER).unlink()
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    client = connected(uri)
    traces = find_traces(client)
    assert len(traces) == 5
    told = sum((trace.info.token_usage or {}).get("output_tokens", 0) for trace in traces)
    assert told == sum(one.usage.output for one in records if one.usage)
    assert all(len(trace.info.assessments) == 1 for trace in traces)
    assert client.get_model_version_by_alias("tiny", "lora-v1").tags["llmops.kind"] == "adapter"
    assert sinks.links == {}
    assert uri in sinks.lines()[0]


def test_a_password_in_the_address_is_used_and_not_shown(tmp_path):
    folder = write_run(tmp_path, make_records(2))
    with Receiver() as receiver:
        uri = receiver.url.replace("//", f"//me:{SECRET}@")
        with pytest.raises(SinkError, match="answers 404 to /health") as caught:
            start(folder, ["mlflow"], environment(uri))
    assert SECRET not in str(caught.value)


def test_a_file_that_is_no_database_is_told(tmp_path):
    folder = write_run(tmp_path, make_records(2))
    (tmp_path / "mlflow.db").write_text("not a database, but long enough to be looked at " * 9)
    with pytest.raises(SinkError, match="no database that can be used"):
        start(folder, ["mlflow"], environment(f"sqlite:///{tmp_path}/mlflow.db"))
    with pytest.raises(SinkError, match="there is no folder"):
        start(folder, ["mlflow"], environment(f"sqlite:///{tmp_path}/none/mlflow.db"))


def test_no_secret_is_in_the_database_and_no_file_is_left_elsewhere(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    folder = write_run(tmp_path, make_records(2))
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    sinks = deliver(folder, ["mlflow"], environment(uri, X_API_KEY="return 0;"))
    assert sinks.delivery.complete
    assert not list(elsewhere.iterdir())
    assert list((tmp_path / "mlruns").rglob("attempts.json"))
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        dump = "\n".join(database.iterdump())
    assert "return 0;" not in dump
    assert "(hidden)" in dump
    assert "Write f0." in dump
    assert json.loads((folder / "delivery.jsonl").read_text().splitlines()[0])["sink"] == "mlflow"


def test_all_three_sinks_hold_the_tokens_of_the_records_to_the_token(client, server, tmp_path):
    records = make_records(7)
    folder = write_run(tmp_path, records, id="all-three")
    with Receiver(secret_key=SECRET) as langfuse, Receiver() as collector:
        keys = {"LANGFUSE_PUBLIC_KEY": "pk-lf-1", "LANGFUSE_SECRET_KEY": SECRET}
        places = {"LANGFUSE_BASE_URL": langfuse.url, "TRACELOOP_BASE_URL": collector.url}
        sinks = deliver(folder, ["all"], environment(server, **keys, **places))
    assert sinks.delivery.complete
    usages = [one.usage for one in records if one.usage]
    expected = (sum(usage.input for usage in usages), sum(usage.output for usage in usages))
    traces = find_traces(client, "all-three")
    told = [trace.info.token_usage or {} for trace in traces]
    assert expected == tuple(
        sum(one.get(name, 0) for one in told) for name in ("input_tokens", "output_tokens")
    )
    spans = [attributes(span) for span in collector.spans]
    assert expected == tuple(
        sum(one.get(f"gen_ai.usage.{name}_tokens", 0) for one in spans)
        for name in ("input", "output")
    )
    chats = [attributes(span) for span in langfuse.spans if span.name.startswith("chat")]
    details = [json.loads(chat["langfuse.observation.usage_details"]) for chat in chats]
    assert expected == (
        sum(one["input"] + one["input_cached_tokens"] for one in details),
        sum(one["output"] + one["output_reasoning_tokens"] for one in details),
    )
    ids = {trace.info.trace_id.removeprefix("tr-") for trace in traces}
    assert ids == {span.trace_id.hex() for span in collector.spans}
    assert ids == {span.trace_id.hex() for span in langfuse.spans}
    links = dict(sinks.links)
    pages = links.pop("run")
    assert {link["trace"] for link in links.values()} == ids
    assert all({"langfuse", "mlflow"} <= set(link) for link in links.values())
    tracked = find_run(client, "all-three").info
    assert pages["mlflow"].endswith(f"/{tracked.experiment_id}/runs/{tracked.run_id}")
    assert pages.keys() == {"langfuse", "mlflow"}


def test_files_go_where_a_server_keeps_none_itself(tmp_path):
    """The client library knows the ways to all kinds of places."""
    home = tmp_path / "server"
    home.mkdir()
    folder = write_run(tmp_path, make_records(2))
    apart = "--no-serve-artifacts --default-artifact-root={}"
    with mlflow_server(home, artifacts=apart) as url:
        assert deliver(folder, ["mlflow"], environment(url)).complete
    names = {path.name for path in (home / "artifacts").rglob("*.*")}
    assert {"attempts.json", "records.jsonl"} <= names


def test_two_sessions_may_open_a_new_database_at_once(tmp_path):
    """MLflow makes its tables statement by statement, and both makers would fail for good."""
    uri = f"sqlite:///{tmp_path}/new.db"
    folders = [
        write_run(tmp_path / name, make_records(3), id=f"{RUN.id}-{name}") for name in ("a", "b")
    ]
    with ThreadPoolExecutor() as threads:
        both = [threads.submit(deliver, folder, ["mlflow"], environment(uri)) for folder in folders]
        lines = [one.result().lines() for one in both]
    assert [one.result().complete for one in both] == [True, True], lines


def test_a_database_that_mlflow_cannot_use_is_told_in_one_line(tmp_path):
    with closing(sqlite3.connect(tmp_path / "half.db")) as half:
        half.execute("CREATE TABLE metrics (step BIGINT)")  # what a killed maker leaves
    folder = write_run(tmp_path, make_records(2))
    sinks = deliver(folder, ["mlflow"], environment(f"sqlite:///{tmp_path}/half.db"))
    (told,) = sinks.lines()
    assert "half.db" in told
    assert "\n" not in told
    assert "SQL:" not in told
