import json

import pytest

from pytest_llmops.client.events import EventReader
from pytest_llmops.client.faults import TransientError, error_of, excerpt
from pytest_llmops.client.wire import Answer
from pytest_llmops.completions import Usage
from pytest_llmops.errors import EndpointError


def counts(*documents):
    found = fed(*documents).counted()
    return found and found.usage


def fed(*documents):
    answer = Answer()
    for document in documents:
        answer.feed(json.dumps(document).encode())
    return answer


def chunk(**choice):
    return {"choices": [choice]}


def events(data, size):
    reader = EventReader()
    found = []
    for start in range(0, len(data), size):
        found += reader.feed(data[start : start + size])
    return found + reader.close()


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_events_are_the_same_however_the_bytes_arrive(size, end):
    first = [b": comment", b"event: x", b"data: one", b"", b""]
    lines = [*first, b"data:two", b"data: more", b"id: 7", b"", b"data: last"]
    assert events(end.join(lines), size) == [b"one", b"two\nmore", b"last"]


def test_a_letter_cut_in_two_arrives_whole():
    assert events("data: é\n\n".encode(), 1) == ["é".encode()]


@pytest.mark.parametrize("line", [b"<html>", b'{"choices": []}', b"Traceback (most recent call)"])
def test_a_line_of_something_else_is_refused(line):
    with pytest.raises(EndpointError, match="not an event stream"):
        EventReader().feed(line + b"\n")


def test_reading_a_long_line_takes_linear_time():
    reader = EventReader()
    for _ in range(20_000):
        assert reader.feed(b"x" * 1000) == []


def test_chunks_without_choices_are_tolerated():
    answer = fed(
        {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 0}},
        chunk(delta={"role": "assistant", "content": None}),
        chunk(delta={"content": "a"}),
        chunk(delta=None, finish_reason="stop"),
    )
    assert (answer.text, answer.complete, answer.counted()) == ("a", True, None)


def test_the_last_usage_counts_where_every_chunk_has_one():
    first = {"prompt_tokens": 4, "completion_tokens": 1}
    last = {"prompt_tokens": 4, "completion_tokens": 9}
    shown = [{**chunk(delta={}), "usage": usage} for usage in (first, last)]
    assert counts(*shown) == Usage(input=4, output=9)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 8, "completion_tokens": 5,
          "prompt_tokens_details": {"cached_tokens": 6},
          "completion_tokens_details": {"reasoning_tokens": 3}},
         Usage(input=8, output=5, cached=6, reasoning=3)),
        ({"prompt_tokens": 8, "completion_tokens": 5, "prompt_cache_hit_tokens": 2},
         Usage(input=8, output=5, cached=2)),
        ({"prompt_tokens": 8, "completion_tokens": 5, "prompt_tokens_details": None},
         Usage(input=8, output=5)),
        ({"total_tokens": 13}, None),
    ],
)  # fmt: skip
def test_token_counts_are_read_by_kind(usage, expected):
    assert counts({"choices": [], "usage": usage}) == expected


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -8, "completion_tokens": 5},
        {"prompt_tokens": 8, "completion_tokens": -1},
        {"prompt_tokens": 8, "completion_tokens": 5, "prompt_cache_hit_tokens": -2},
    ],
)
def test_a_negative_count_is_refused_rather_than_recorded(usage):
    with pytest.raises(EndpointError, match=r"has \w+_tokens = -\d, which is no number of tokens"):
        counts({"choices": [], "usage": usage})


@pytest.mark.parametrize(
    ("said", "meant"),
    [("stop", "stop"), ("eos", "stop"), ("length", "length"), ("content_filter", "content_filter"),
     ("tool_calls", "other"), ("STOP", "stop"), ("MAX_TOKENS", "length"), ("limit", "length"),
     ("model_length", "length"), ("max_output_tokens", "length"), ("SAFETY", "content_filter"),
     ("sensitive", "content_filter"), ("refusal", "content_filter"),
     ("model_context_window_exceeded", "context")],
)  # fmt: skip
def test_finish_reasons_are_translated(said, meant):
    assert fed(chunk(finish_reason=said)).finish_reason == meant


def test_hidden_reasoning_and_other_choices_are_not_text():
    answer = fed(
        chunk(delta={"reasoning_content": "hmm"}),
        {"choices": [{"index": 1, "delta": {"content": "no"}}, {"delta": {"content": "yes"}}]},
    )
    assert answer.text == "yes"


def test_an_answer_is_complete_with_a_finish_reason_or_done():
    assert not fed(chunk(delta={"content": "x"})).complete
    answer = fed(chunk(delta={"content": "x"}))
    answer.feed(b" [DONE] ")
    assert answer.complete
    assert answer.done


@pytest.mark.parametrize(
    "data",
    [b"{", b"[]", b"null", b"{}", b'{"choices": 1}', b'{"choices": [{"delta": {"content": 1}}]}',
     b'{"choices": [{"delta": {"content": "\xff"}}]}', b'{"x":' + b"[" * 100_000],
)  # fmt: skip
def test_bytes_that_are_no_completion_are_refused_and_quoted(data):
    with pytest.raises(EndpointError, match="not a chat completion") as caught:
        Answer().feed(data)
    assert not isinstance(caught.value, TransientError)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "bad key"}}, "bad key"),
        ({"error": "plain words"}, "plain words"),
        ({"object": "error", "message": "old style"}, "old style"),
        ({"detail": "Not Found"}, "Not Found"),
        ({"detail": [{"loc": ["body"], "msg": "missing"}]}, "missing"),
        ({"unknown": "shape"}, "shape"),
        ("<html>Bad Gateway</html>", "Bad Gateway"),
        ("", "(empty body)"),
        (["a", "list"], "list"),
    ],
)
def test_the_words_of_the_server_are_found(body, message):
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    assert message in str(error_of(400, data))


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        ({"message": "m", "code": 502}, True),
        ({"message": "m", "code": "429"}, True),
        ({"message": "m", "type": "overloaded_error"}, True),
        ({"message": "m", "type": "server_error", "code": None}, True),
        ({"message": "m", "code": 400}, False),
        ({"message": "m", "code": "content_policy"}, False),
        ("words", False),
    ],
)
def test_an_error_in_the_stream_is_retried_only_if_it_can_pass(error, passing):
    with pytest.raises(EndpointError, match="error in the stream") as caught:
        fed({"error": error})
    assert isinstance(caught.value, TransientError) is passing


def test_a_bottomless_error_body_is_quoted():
    assert str(error_of(400, b"[" * 100_000)).endswith("[[...")


def test_429_says_that_it_throttles_and_how_long():
    error = error_of(429, b"", retry_after=2.5)
    assert isinstance(error, TransientError)
    assert (error.throttled, error.retry_after, error.reached) == (True, 2.5, True)


def test_an_excerpt_is_short_printable_and_on_one_line():
    assert excerpt(b" a\n\tb\x1b[31m\x00 ") == "a b?[31m?"
    assert len(excerpt(b"x" * 10_000_000)) == 303
    assert excerpt(b"\xff\xfe") == "\ufffd\ufffd"


@pytest.mark.parametrize(
    "said",
    ["error", "abort", "aborted", "network_error", "insufficient_system_resource", "ERROR",
     "cancelled", "timeout", "UNAVAILABLE"],
)  # fmt: skip
def test_a_finish_reason_that_speaks_of_a_fault_is_no_answer(said):
    with pytest.raises(TransientError, match=f"ended the answer with '{said}'"):
        fed(chunk(delta={"content": "half"}, finish_reason=said))


@pytest.mark.parametrize("said", ["", "null", None])
def test_a_finish_reason_of_nothing_ends_nothing(said):
    assert not fed(chunk(delta={"content": "x"}, finish_reason=said)).complete


def test_parts_of_thinking_are_not_the_answer():
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hmm"}]},
        {"type": "text", "text": "a"},
        {"type": "refusal", "refusal": "no"},
        "b",
    ]
    answer = fed(chunk(message={"content": parts}))
    assert (answer.text, answer.refusal) == ("ab", "no")


CODE = ["return a ", "+ b +", " c + d + e;"]
GROWING = ["".join(CODE[: end + 1]) for end in range(3)]


def test_chunks_that_repeat_all_before_them_are_read_once():
    growing = [chunk(delta={"content": text}) for text in GROWING]
    assert fed(*growing).text == "".join(CODE)
    assert fed(*growing, growing[-1]).text == "".join(CODE)


@pytest.mark.parametrize(
    "pieces",
    [[" ", "  ", "   "], ["a" * 8] * 3, ["a" * 8, "a" * 8, "a" * 8 + "b"], ["x = 1;", "x = 1;y"]],
    ids=["growing spaces", "a loop", "a loop that ends", "short ones"],
)
def test_a_model_that_repeats_itself_is_not_taken_for_cumulative(pieces):
    assert fed(*(chunk(delta={"content": text}) for text in pieces)).text == "".join(pieces)


def test_a_message_beside_deltas_is_not_read_twice():
    beside = [
        chunk(delta={"content": text}, message={"content": whole})
        for text, whole in zip(CODE, GROWING, strict=True)
    ]
    assert fed(*beside).text == "".join(CODE)
    deltas = [chunk(delta={"content": text}) for text in CODE]
    assert fed(*deltas, chunk(delta={}, message={"content": GROWING[-1]})).text == "".join(CODE)


def test_text_of_the_older_completions_api_is_read():
    assert fed(chunk(text="return 1")).text == "return 1"


@pytest.mark.parametrize("error", ["", None, False, {}, []])
def test_an_error_of_nothing_is_none(error):
    assert fed({**chunk(delta={"content": "x"}), "error": error}).text == "x"


def test_an_error_of_a_choice_is_an_error():
    failed = chunk(delta={"content": ""}, error={"code": 502, "message": "provider gone"})
    with pytest.raises(TransientError, match="provider gone"):
        fed(chunk(delta={"content": "half"}), failed)


def test_an_error_without_any_code_passes_once_the_answer_has_begun():
    for begun in (False, True):
        answer = fed(*[chunk(delta={"content": "half"})] * begun)
        with pytest.raises(EndpointError, match="it stopped") as caught:
            answer.feed(b'{"error": {"message": "it stopped"}}')
        assert isinstance(caught.value, TransientError) is begun


@pytest.mark.parametrize(
    "document",
    [{"choices": None, "usage": None}, {"choices": [{"index": None, "delta": None}]},
     {"choices": [], "prompt_filter_results": []}],
)  # fmt: skip
def test_nulls_and_empty_lists_are_harmless(document):
    answer = fed(document, chunk(index=None, delta={"content": "x"}, finish_reason="stop"))
    assert (answer.text, answer.complete) == ("x", True)


def test_done_behind_nothing_is_no_answer():
    for documents in ([], [chunk(delta={"role": "assistant", "content": ""})]):
        answer = fed(*documents)
        answer.feed(b"[DONE]")
        assert not answer.complete


def test_a_document_cut_short_at_the_end_of_a_body_was_broken_off():
    with pytest.raises(TransientError, match="broke off"):
        Answer().feed(b'{"choices": [{"message": {"content": "ha', last=True)


def test_half_a_surrogate_pair_in_each_of_two_chunks_is_one_letter():
    answer = Answer()
    for half in (rb"\ud83d", rb"\ude00", rb"x\ud83d"):
        answer.feed(b'{"choices": [{"delta": {"content": "' + half + b'"}}]}')
    assert answer.text == "\U0001f600x\ufffd"


def test_numbers_that_json_does_not_know_are_harmless():
    answer = Answer()
    answer.feed(b'{"choices": [{"logprobs": NaN, "delta": {"content": "x"}}]}')
    assert answer.text == "x"


@pytest.mark.parametrize("place", ["usage", "x_groq", "choice"])
def test_counts_are_found_where_servers_put_them(place):
    said = {"prompt_tokens": 4, "completion_tokens": 9}
    document = chunk(delta={"content": "x"}, **({"usage": said} if place == "choice" else {}))
    document |= {"usage": {"usage": said}, "x_groq": {"x_groq": {"usage": said}}}.get(place, {})
    assert counts(document) == Usage(input=4, output=9)


def test_zeros_after_a_count_do_not_replace_it():
    none = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    last = chunk(delta={"content": "x"}), {"choices": [], "usage": none}
    assert counts({"choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": 9}}, *last)
