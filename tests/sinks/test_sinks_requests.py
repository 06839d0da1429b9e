"""What the sinks' own requests do beside asking."""

import socket

import httpx
import pytest
from otlp_receiver import Receiver
from sink_project import SECRET

from pytest_llmops.sinks.acknowledge import QUICK, acknowledge
from pytest_llmops.sinks.delivery.destination import DeliveryError, RejectedError
from pytest_llmops.sinks.langfuse import public_api
from pytest_llmops.sinks.langfuse.public_api import PublicApi
from pytest_llmops.sinks.settings import Langfuse


def connection_of(response):
    return response.extensions["network_stream"].get_extra_info("socket")


@pytest.mark.skipif(QUICK is None, reason="this system has no TCP_QUICKACK")
def test_the_head_of_an_answer_is_confirmed_at_once():
    seen = []

    def wait(response):
        connection_of(response).setsockopt(socket.IPPROTO_TCP, QUICK, 0)

    def look(response):
        seen.append(connection_of(response).getsockopt(socket.IPPROTO_TCP, QUICK))

    hooks = [wait, look, acknowledge, look]
    with Busy(200, times=1) as server, httpx.Client(event_hooks={"response": hooks}) as client:
        client.get(server.url)
    assert seen == [0, 1]


def test_an_answer_without_a_connection_is_left_alone():
    acknowledge(httpx.Response(200))


class Busy(Receiver):
    """Answers the first requests with a status."""

    def __init__(self, status, times, **headers):
        super().__init__(secret_key=SECRET)
        self.left, self.answer, self.more = times, status, headers

    def _handle(self, exchange, body):
        if self.left:
            self.left -= 1
            exchange.send_response(self.answer)
            for name, value in {"content-length": "0", **self.more}.items():
                exchange.send_header(name.replace("_", "-"), value)
            exchange.end_headers()
        else:
            super()._handle(exchange, body)


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr(public_api, "FIRST_PAUSE", 0.01)
    made = []

    def connect(server):
        keys = {"public_key": "pk-lf-1", "secret_key": SECRET}
        made.append(PublicApi(Langfuse(url=server.url, **keys)))
        return made[-1]

    yield connect
    for one in made:
        one.close()


@pytest.mark.parametrize("status", [429, 502, 503])
def test_langfuse_is_asked_again_while_it_is_busy(api, status):
    with Busy(status, times=2) as server:
        assert api(server).get("projects")["data"]


def test_langfuse_is_not_asked_again_before_the_time_that_it_names(api):
    with Busy(503, times=1, retry_after="120") as server:
        with pytest.raises(DeliveryError, match="answered 503") as caught:
            api(server).get("projects")
        assert caught.value.retry_after == 120


def test_what_langfuse_refuses_is_told_from_what_it_cannot_take_now(api):
    with Busy(400, times=1) as server, pytest.raises(RejectedError, match="answered 400"):
        api(server).post("scores", [])
    with Busy(401, times=1) as server, pytest.raises(DeliveryError) as caught:
        api(server).post("scores", [])
    assert not isinstance(caught.value, RejectedError)


def test_a_page_is_no_answer_of_langfuse(api):
    told = pytest.raises(DeliveryError, match="200 with text/html, which is no answer of Langfuse")
    with Busy(200, times=1, content_type="text/html") as server, told:
        api(server).get("projects")
