import json
import time

import msgspec
import pytest
from chat_server import ChatServer, hang, serving
from records import IDENTITY

from pytest_llmops.client import serving as serving_module
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.serving import ask_serving

KEY = "sk-very-secret-key"


def ask(models, name="mini-2", **endpoint):
    with serving(ChatServer(hang, models=models)) as (url, _):
        return ask_serving(Endpoint(base_url=url, model=name, **endpoint))


def test_an_endpoint_tells_what_it_serves():
    found = ask([{"id": "mini-2", "owned_by": "me", "root": "/w/2"}, {"id": "other"}])
    assert found.names == ("mini-2", "other")
    assert json.loads(found.says) == [{"id": "mini-2", "owned_by": "me", "root": "/w/2"}]


def test_a_model_under_another_name_is_known_by_all_that_is_listed():
    assert json.loads(ask([{"id": "a.gguf", "meta": {"size": 7}}]).says) == [
        {"id": "a.gguf", "meta": {"size": 7}}
    ]


def test_the_time_of_the_request_is_not_part_of_the_model():
    now, then = int(time.time()), 1_700_000_000
    assert "created" not in ask([{"id": "mini-2", "created": now}]).says
    assert str(then) in ask([{"id": "mini-2", "created": then}]).says


def test_what_changes_from_day_to_day_is_not_part_of_the_model():
    one = ask([{"id": "mini-2", "permission": [{"id": "p-1"}], "state": "loaded"}])
    assert one == ask([{"id": "mini-2", "permission": [{"id": "p-2"}], "state": "idle"}])


def test_a_long_list_is_known_by_its_digest():
    assert ask([{"id": f"m{n}"} for n in range(100)]).says.startswith("sha256:")


@pytest.mark.parametrize("models", [None, [], "none", [1, 2], [{"name": "x"}]])
def test_an_endpoint_that_lists_nothing_says_nothing(models):
    assert ask(models) is None


def test_an_endpoint_that_is_not_there_says_nothing(monkeypatch):
    with serving(ChatServer(hang)) as (url, kill):
        kill()
        assert ask_serving(Endpoint(base_url=url, model="m")) is None


def test_a_key_in_the_list_is_withheld():
    found = ask([{"id": f"mini-{KEY}", "root": KEY}], api_key=KEY)
    assert KEY not in found.says + "".join(found.names)


@pytest.mark.parametrize(
    ("listed", "asked", "known"),
    [
        ("mini-2", "mini-2", True),
        ("llama3:latest", "llama3", True),
        ("models/gemini-2.5-flash", "gemini-2.5-flash", True),
        ("mini-3", "mini-2", False),
    ],
)
def test_a_name_that_is_not_listed_is_told(listed, asked, known):
    told = ask([{"id": listed}], asked).unknown(asked)
    assert told == ("" if known else "lists no model 'mini-2' (it lists mini-3)")


SAME = [
    "mini-2 at http://127.0.0.1:8000/v1",
    "mini-2 at https://localhost/v1/",
    "mini-2 at http://[::1]:9/v1",
    "mini-2 at http://LOCALHOST.:8080/v1",
]
OTHER = ["mini-3 at http://127.0.0.1:8000/v1", "mini-2 at http://10.0.0.1/v1", "embedded:tiny"]


def key_of(served):
    return msgspec.structs.replace(IDENTITY, served=served).key


def test_scheme_port_and_spelling_of_a_host_are_not_who_answers():
    assert len({key_of(served) for served in SAME}) == 1
    assert len({key_of(served) for served in (*SAME, *OTHER)}) == 1 + len(OTHER)


@pytest.mark.parametrize("field", ["engine", "server", "dtype", "device"])
def test_what_computes_the_answer_is_part_of_the_key(field):
    assert msgspec.structs.replace(IDENTITY, **{field: "other"}).key != IDENTITY.key


def test_one_try_takes_no_longer_than_it_may(monkeypatch):
    monkeypatch.setattr(serving_module, "SECONDS", 0.1)
    server = ChatServer(hang)

    async def silent(reader, writer):
        await reader.read()
        raise ConnectionError

    server._exchange = silent
    with serving(server) as (url, _):
        assert ask_serving(Endpoint(base_url=url, model="m")) is None
