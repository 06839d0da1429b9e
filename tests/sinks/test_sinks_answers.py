"""What counts as delivered over OTLP, by what a server answers."""

import threading
import time
from email.utils import formatdate

import msgspec
import pytest
from otlp_receiver import Receiver, attributes
from sink_project import SECRET, deliver, make_records, write_run
from test_sinks_collector import environment
from test_sinks_langfuse import environment as langfuse_environment

from pytest_llmops.runs.traces import span_id
from pytest_llmops.sinks.delivery.backlog import Backlog
from pytest_llmops.sinks.delivery.delivery import Carrier
from pytest_llmops.sinks.delivery.destination import DeliveryError
from pytest_llmops.sinks.delivery.ledger import LEDGER, Ledger
from pytest_llmops.sinks.openllmetry.otlp import retry_after

PROTOBUF = "application/x-protobuf"


class Odd(Receiver):
    """Answers exports to some paths in one odd way, for the first `times`."""

    def __init__(self, status, body=b"", kind="", *, paths=("/v1/",), times=10**6, **headers):
        super().__init__()
        self.odd = status, body, {**({"content-type": kind} if kind else {}), **headers}
        self.odd_paths, self.times = paths, times
        self.gone_astray = []

    def _handle(self, exchange, body):
        if exchange.path == "/elsewhere":
            self.gone_astray.append(body)
            exchange.path = "/v1/traces"
        elif body and self.times > 0 and exchange.path.startswith(self.odd_paths):
            self.times -= 1
            self.paths.append(exchange.path)
            return self._answer_oddly(exchange)
        return super()._handle(exchange, body)

    def _answer_oddly(self, exchange):
        status, body, headers = self.odd
        exchange.send_response(status)
        for name, value in headers.items():
            exchange.send_header(name.replace("_", "-"), value)
        exchange.send_header("content-length", str(len(body)))
        exchange.end_headers()
        exchange.wfile.write(body)


NOT_TAKEN = {
    "302": ((302,), {"location": "/elsewhere"}, "answered 302 Found; name the address"),
    "307": ((307,), {"location": "/elsewhere"}, "answered 307 Temporary Redirect; name"),
    "304": ((304,), {}, "answered 304 Not Modified"),
    "a page": ((200, b"<html>Sign in</html>", "text/html"), {}, "200 with text/html, which is no"),
    "a list": ((200, b"[]", "application/json"), {}, "200 with application/json, which is no"),
    "garbage": ((200, b"\xff\xff", PROTOBUF), {}, f"200 with {PROTOBUF}, which is no answer"),
    "nothing": ((204,), {}, "answered 204 with no content type, which is no answer"),
}


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_an_answer_that_is_not_of_otlp_delivers_nothing(tmp_path, name):
    answer, headers, told = NOT_TAKEN[name]
    folder = write_run(tmp_path, make_records(3))
    with Odd(*answer, **headers) as receiver:
        sinks = deliver(folder, ["openllmetry"], environment(receiver))
        (one,) = sinks.delivery.sinks
        assert (one.delivered, one.waiting, one.finished) == (0, 3, False)
        assert told in one.problem
        assert not receiver.gone_astray


@pytest.mark.parametrize(
    "answer",
    [(200, b"", PROTOBUF), (202, b"", PROTOBUF), (200, b"{}", "application/json; charset=utf-8")],
)
def test_an_empty_answer_of_otlp_delivers_everything(tmp_path, answer):
    folder = write_run(tmp_path, make_records(3))
    with Odd(*answer) as receiver:
        assert deliver(folder, ["openllmetry"], environment(receiver)).delivery.complete


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/v1/traces", (200, b'{"partialSuccess":{"rejectedSpans":"1"}}', "application/json")),
        ("/v1/logs", (200, b"\x0a\x02\x08\x01", PROTOBUF)),  # rejected_log_records: 1
    ],
)
def test_what_a_good_answer_refuses_in_part_is_not_delivered(tmp_path, path, answer):
    folder = write_run(tmp_path, make_records(1))
    with Odd(*answer, paths=(path,)) as receiver:
        (one,) = deliver(folder, ["openllmetry"], environment(receiver)).delivery.sinks
    assert one.waiting == 1
    assert "refused 1 items of a batch" in one.problem


@pytest.mark.parametrize("status", [400, 413])
def test_a_body_that_is_too_large_goes_in_halves(tmp_path, status):
    class Small(Receiver):
        def _handle(self, exchange, body):
            if len(body) > 30_000 and exchange.path == "/v1/traces":
                self.status = status
            super()._handle(exchange, body)
            self.status = 200

    folder = write_run(tmp_path, make_records(40))
    with Small() as receiver:
        sinks = deliver(folder, ["openllmetry"], environment(receiver))
        assert sinks.delivery.complete
        assert len({span.span_id for span in receiver.spans}) == len(receiver.spans) == 4 * 39 + 2
        assert max(map(len, receiver.bodies)) > 30_000
        uids = [attributes(one).get("log.record.uid") for one in receiver.logs]
        assert len(set(uids)) == len(uids) == 41  # of the run, too; none again with the halves


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_names_a_time_is_asked_again_then(tmp_path, status):
    folder = write_run(tmp_path, make_records(3))
    with Odd(status, retry_after="1", times=1) as receiver:
        began = time.monotonic()
        assert deliver(folder, ["openllmetry"], environment(receiver)).delivery.complete
        assert time.monotonic() - began > 1


def test_a_time_is_read_as_seconds_or_as_a_date():
    assert retry_after("120") == 120
    assert 50 < retry_after(formatdate(time.time() + 60, usegmt=True)) <= 61
    assert retry_after(formatdate(time.time() - 60, usegmt=True)) == 0
    assert retry_after("") == retry_after("soon") == 0


class Busy:
    """A destination that asks for some time once."""

    def __init__(self, seconds):
        self.seconds, self.asked, self.taken = seconds, [], []

    def send(self, records, _):
        self.asked.append(time.monotonic())
        if len(self.asked) == 1:
            error = DeliveryError("busy")
            error.retry_after = self.seconds
            raise error
        self.taken += records

    def finish(self, *_):
        return ""

    def links(self, _):
        return {}


def test_at_the_end_of_a_session_too_the_time_is_kept_to(tmp_path):
    folder, busy = write_run(tmp_path, make_records(2)), Busy(1.5)
    backlog = Backlog(folder, lambda one: one)
    backlog.look()
    carrier = Carrier("openllmetry", "here", lambda: busy, Ledger(folder))
    thread = threading.Thread(target=carrier.run, args=(backlog,))
    thread.start()
    while not busy.asked:
        time.sleep(0.01)
    backlog.complete.set()
    thread.join(30)
    assert len(busy.taken) == 2
    assert busy.asked[1] - busy.asked[0] >= 1.5
    assert not carrier.problem


def test_log_records_that_were_taken_are_not_sent_again_with_their_spans(tmp_path):
    folder = write_run(tmp_path, make_records(3))
    with Odd(503, paths=("/v1/traces",)) as receiver:
        (one,) = deliver(folder, ["openllmetry"], environment(receiver)).delivery.sinks
        assert (one.waiting, len(receiver.logs), len(receiver.spans)) == (3, 3, 0)
        assert '"half":' in (folder / LEDGER).read_text()
        receiver.times = 0
        assert deliver(folder, ["openllmetry"], environment(receiver)).delivery.complete
        assert len(receiver.spans) == 4 * 2 + 2
        assert len(receiver.logs) == 3 + 1  # and that of the run


def test_spans_wait_for_log_records_that_were_not_taken(tmp_path):
    folder = write_run(tmp_path, make_records(3))
    with Odd(503, paths=("/v1/logs",)) as receiver:
        (one,) = deliver(folder, ["openllmetry"], environment(receiver)).delivery.sinks
        assert (one.waiting, len(receiver.spans)) == (3, 0)
        receiver.times = 0
        assert deliver(folder, ["openllmetry"], environment(receiver)).delivery.complete
        assert len(receiver.spans) == 4 * 2 + 2


@pytest.fixture(scope="module")
def langfuse(tmp_path_factory):
    records = [*make_records(3)]
    folder = write_run(tmp_path_factory.mktemp("langfuse"), records)
    with Receiver(secret_key=SECRET) as receiver:
        assert deliver(folder, ["langfuse"], langfuse_environment(receiver)).delivery.complete
    return receiver


def test_langfuse_gets_scores_before_the_spans_they_judge(langfuse):
    posts = [path for path in langfuse.paths if path.endswith(("/scores", "/v1/traces"))]
    assert posts[0].endswith("/scores")
    assert posts[1].endswith("/v1/traces")


def test_langfuse_finds_a_score_by_the_root_of_its_trace(langfuse):
    roots = {one.trace_id.hex(): one.span_id.hex() for one in langfuse.spans if "case" in one.name}
    judged = [one for one in langfuse.scores.values() if "traceId" in one]
    assert judged
    for score in judged:
        assert score["observationId"] == roots[score["traceId"]]
        assert score["observationId"] == span_id(score["traceId"], "case")


def test_langfuse_counts_one_error_for_one_fault(langfuse):
    broken = [attributes(one) for one in langfuse.spans if one.status.code == 2]
    levels = [one["langfuse.observation.level"] for one in broken]
    assert sorted(levels) == ["DEFAULT", "ERROR"]


def test_langfuse_is_told_of_no_cost_rather_than_left_to_guess_one(tmp_path):
    records = [one for one in make_records(2) if one.usage]
    folder = write_run(tmp_path, [msgspec.structs.replace(one, cost=None) for one in records])
    with Receiver(secret_key=SECRET) as receiver:
        deliver(folder, ["langfuse"], langfuse_environment(receiver))
    (chat,) = [attributes(one) for one in receiver.spans if one.name.startswith("chat")]
    assert chat["langfuse.observation.cost_details"] == '{"total":0.0}'
    assert "not known" in chat["langfuse.observation.metadata.cost"]
