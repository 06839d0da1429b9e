"""The engine as its users meet it: a real process, real HTTP."""

import asyncio
import json

import httpx
import pytest

pytest.importorskip("torch", reason="needs the `local` extra")
pytest.importorskip("peft", reason="needs the `local` extra")

from tiny_models import generated, save_adapter, save_tiny, tiny_model, tiny_tokenizer

from pytest_llmops.engine import EngineSpec, start_engine

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

MESSAGES = [
    {"role": "system", "content": "You write TypeScript and nothing else."},
    {"role": "user", "content": "Clamp a number, naïvely: 日本語 🙂"},
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    save_tiny(folder / "tiny")
    save_adapter(folder / "short", 5)
    spec = EngineSpec(
        base=str(folder / "tiny"),
        adapters={"short": str(folder / "short")},
        max_batch=4,
        max_context=2000,
        dtype="float32",
    )
    with start_engine(spec) as process:
        yield process


def ask(engine, **changes):
    plain = {"model": "base", "messages": MESSAGES, "max_tokens": 20, "temperature": 0}
    body = {key: value for key, value in (plain | changes).items() if value is not None}
    return httpx.post(f"{engine.url}/chat/completions", json=body, timeout=60)


def text_of(engine, **changes):
    return ask(engine, **changes).json()["choices"][0]["message"]["content"]


def stream(engine, **changes):
    """The events of a streamed answer, without the closing mark, and whether that came."""
    body = {"model": "base", "messages": MESSAGES, "max_tokens": 40, "temperature": 0}
    wanted = body | {"stream": True, "stream_options": {"include_usage": True}} | changes
    with httpx.stream("POST", f"{engine.url}/chat/completions", json=wanted, timeout=60) as answer:
        lines = [line.removeprefix("data: ") for line in answer.iter_lines() if line]
    return [json.loads(line) for line in lines[:-1]], lines[-1] == "[DONE]"


def prompt_tokens():
    text = tiny_tokenizer().apply_chat_template(
        MESSAGES, tokenize=False, add_generation_prompt=True
    )
    return tiny_tokenizer()(text)["input_ids"]


def expected_text(model, count):
    tokens = generated(model, prompt_tokens(), count)
    return tiny_tokenizer().decode(tokens, skip_special_tokens=True)


def test_an_answer_is_the_greedy_text_of_generate_with_its_usage(engine):
    answer = ask(engine).json()
    choice = answer["choices"][0]
    assert choice["message"] == {"role": "assistant", "content": expected_text(tiny_model(), 20)}
    assert (choice["finish_reason"], choice["index"]) == ("length", 0)
    assert answer["usage"]["prompt_tokens"] == len(prompt_tokens())
    assert answer["usage"]["completion_tokens"] == 20
    assert answer["usage"]["total_tokens"] == len(prompt_tokens()) + 20
    assert (answer["object"], answer["model"]) == ("chat.completion", "base")


def test_a_stream_says_the_same_in_pieces_and_ends_with_usage(engine):
    events, closed = stream(engine)
    assert closed
    deltas = [event["choices"][0] for event in events if event["choices"]]
    assert len(deltas) > 1
    assert "".join(d["delta"]["content"] for d in deltas) == expected_text(tiny_model(), 40)
    assert [d["finish_reason"] for d in deltas] == [None] * (len(deltas) - 1) + ["length"]
    assert events[-1]["usage"]["completion_tokens"] == 40
    assert all(event["usage"] is None for event in events[:-1])
    assert not any(event.get("usage") for event in stream(engine, stream_options=None)[0])


def test_an_adapter_answers_under_its_name(engine, tmp_path):
    adapted = save_adapter(tmp_path / "same", 5)
    assert text_of(engine, model="short") == expected_text(adapted, 20)
    assert text_of(engine, model="short") != text_of(engine)
    assert engine.models["short"].adapter_sha256 != engine.models["base"].adapter_sha256 == ""


def test_a_stop_string_across_tokens_ends_the_text_before_it(engine):
    whole = text_of(engine, max_tokens=40)
    stop = whole[7:12]
    assert len(tiny_tokenizer()(stop)["input_ids"]) > 1
    for given in (stop, ["never said", stop]):
        answer = ask(engine, max_tokens=40, stop=given).json()
        assert answer["choices"][0]["message"]["content"] == whole[: whole.index(stop)]
        assert answer["choices"][0]["finish_reason"] == "stop"
        assert answer["usage"]["completion_tokens"] < 40
    pieces = [e["choices"][0]["delta"]["content"] for e in stream(engine, stop=stop)[0][:-1]]
    assert "".join(pieces) == whole[: whole.index(stop)]


def test_every_choice_is_drawn_from_a_stream_of_its_own(engine):
    drawn = {"temperature": 1.0, "max_tokens": 12}
    both = ask(engine, n=2, seed=5, **drawn).json()
    texts = [choice["message"]["content"] for choice in both["choices"]]
    assert [choice["index"] for choice in both["choices"]] == [0, 1]
    assert texts[0] == text_of(engine, seed=5, **drawn)
    assert len({*texts, text_of(engine, seed=6, **drawn)}) == 3
    again = ask(engine, n=2, seed=5, **drawn).json()
    assert [choice["message"]["content"] for choice in again["choices"]] == texts
    assert both["usage"]["completion_tokens"] == 24
    assert text_of(engine, **drawn) != text_of(engine, **drawn)


def test_a_prefix_seen_before_is_reported_as_cached(engine):
    ask(engine)
    usage = ask(engine).json()["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] == usage["prompt_tokens"] - 1


@pytest.mark.parametrize(
    ("changes", "status", "param"),
    [
        ({"model": "gpt-9"}, 404, "model"),
        ({"model": None}, 400, "model"),
        ({"messages": []}, 400, "messages"),
        ({"messages": "hello"}, 400, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, 400, "messages"),
        ({"max_tokens": 0}, 400, "max_tokens"),
        ({"max_completion_tokens": -1}, 400, "max_completion_tokens"),
        ({"temperature": -0.1}, 400, "temperature"),
        ({"temperature": "hot"}, 400, "temperature"),
        ({"top_p": 0}, 400, "top_p"),
        ({"top_p": 1.5}, 400, "top_p"),
        ({"n": 0}, 400, "n"),
        ({"n": 10_000}, 400, "n"),
        ({"stop": ""}, 400, "stop"),
        ({"stop": 5}, 400, "stop"),
        ({"seed": "x"}, 400, "seed"),
        ({"max_tokens": 1990}, 400, "messages"),
        ({"messages": [{"role": "user", "content": "x " * 3000}]}, 400, "messages"),
    ],
)
def test_a_wrong_request_is_refused_by_the_name_of_the_parameter(engine, changes, status, param):
    answer = ask(engine, **changes)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (status, param), error
    assert error["type"] == "invalid_request_error"


def test_an_unknown_model_lists_the_known_and_a_long_prompt_has_its_code(engine):
    unknown = ask(engine, model="gpt-9").json()["error"]
    assert unknown["code"] == "model_not_found"
    assert "base, short" in unknown["message"]
    long = ask(engine, messages=[{"role": "user", "content": "x " * 3000}]).json()["error"]
    assert long["code"] == "context_length_exceeded"
    assert "context of 2000 tokens" in long["message"]


def test_what_is_no_json_and_what_is_no_endpoint_are_refused(engine):
    url = engine.url
    assert httpx.post(f"{url}/chat/completions", content=b"{").status_code == 400
    assert httpx.get(f"{url}/nothing").json()["error"]["message"].startswith("no GET /v1/nothing")
    assert httpx.get(f"{url}/chat/completions").status_code == 404


def test_another_host_name_is_refused(engine):
    answer = httpx.get(f"{engine.url}/models", headers={"Host": "evil.example"})
    assert answer.status_code == 400


def test_models_and_health_say_what_runs(engine):
    models = httpx.get(f"{engine.url}/models").json()
    assert [card["id"] for card in models["data"]] == ["base", "short"]
    health = httpx.get(engine.url.removesuffix("/v1") + "/health").json()
    assert health["status"] == "ok"
    assert (health["device"], health["dtype"]) == ("cpu", "float32")
    assert 100e6 < health["peak_memory"] <= engine.peak_memory() < 3e9


@pytest.mark.parametrize("streamed", [True, False])
def test_a_client_that_leaves_frees_its_slots(engine, streamed):
    """Eight endless answers are left in four slots; the next answer needs one of them."""

    async def leave_and_ask():
        endless = {"model": "base", "messages": MESSAGES, "temperature": 1.5, "stream": streamed}
        async with httpx.AsyncClient(timeout=60) as leaving:
            chats = [
                asyncio.create_task(
                    leaving.post(f"{engine.url}/chat/completions", json=endless | {"n": 2})
                )
                for _ in range(4)
            ]
            await asyncio.wait(chats, timeout=0.3)
            for chat in chats:
                chat.cancel()
        async with httpx.AsyncClient(timeout=60) as client:
            short = {"model": "base", "messages": MESSAGES, "max_tokens": 1}
            await client.post(f"{engine.url}/chat/completions", json=short)
            health = await client.get(engine.url.removesuffix("/v1") + "/health")
            return health.json()

    health = asyncio.run(leave_and_ask())
    assert (health["running"], health["waiting"]) == (0, 0)


def test_many_requests_at_once_all_get_their_own_answer(engine):
    async def ask_all():
        async with httpx.AsyncClient(timeout=60) as client:
            bodies = [
                {"model": name, "messages": [{"role": "user", "content": f"case {i}"}]}
                for i in range(12)
                for name in ("base", "short")
            ]
            posts = [
                client.post(
                    f"{engine.url}/chat/completions",
                    json=body | {"max_tokens": 10, "temperature": 0},
                )
                for body in bodies
            ]
            return [answer.json() for answer in await asyncio.gather(*posts)]

    answers = asyncio.run(ask_all())
    texts = {answer["choices"][0]["message"]["content"] for answer in answers}
    assert len(texts) == 24
    assert {answer["usage"]["completion_tokens"] for answer in answers} <= set(range(1, 11))
