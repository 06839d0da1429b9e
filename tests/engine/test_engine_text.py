"""Tokens to text and logits to tokens, by value."""

import pytest

torch = pytest.importorskip("torch", reason="needs the `local` extra")
pytest.importorskip("transformers", reason="needs the `local` extra")

from tiny_models import TEXT, tiny_tokenizer  # noqa: E402

from pytest_llmops.engine.protocol import RequestError, parse  # noqa: E402
from pytest_llmops.engine.sampling import drawing, greedy, sample, stream_of  # noqa: E402
from pytest_llmops.engine.text import TextStream  # noqa: E402

pytestmark = pytest.mark.torch


def pieces_of(text, stop=(), every=1):
    tokens = tiny_tokenizer()(text)["input_ids"]
    stream = TextStream(tiny_tokenizer(), stop)
    pieces = []
    for i, token in enumerate(tokens):
        stream.push(token)
        if stream.stopped:
            break
        if i % every == 0:
            pieces.append(stream.piece())
    return [*pieces, stream.piece(last=True)], stream


@pytest.mark.parametrize("every", [1, 3, 1000])
def test_pieces_join_to_the_text_at_whole_characters(every):
    pieces, stream = pieces_of(TEXT * 2, every=every)
    assert "".join(pieces) == TEXT * 2 == stream.text
    assert not any("\ufffd" in piece for piece in pieces)


def test_a_character_cut_off_by_the_end_is_shown_as_such():
    stream = TextStream(tiny_tokenizer(), ())
    for token in tiny_tokenizer()("ab€")["input_ids"][:-1]:
        stream.push(token)
    assert stream.piece() == ""
    assert stream.piece(last=True) == "ab\ufffd"


@pytest.mark.parametrize("stop", ["Math.max", "\n}", "🙂", "{", "f"])
def test_nothing_at_or_after_a_stop_string_is_ever_handed_out(stop):
    pieces, stream = pieces_of(TEXT, stop=["not there", stop])
    assert "".join(pieces) == TEXT[: TEXT.index(stop)] == stream.text
    assert stream.stopped


def test_text_that_only_begins_like_a_stop_string_comes_after_all():
    pieces, stream = pieces_of("abc ab", stop=["abd", "b x"])
    assert "".join(pieces) == "abc ab"
    assert not stream.stopped


def test_the_first_of_two_stop_strings_counts():
    assert pieces_of("one two three", stop=["three", "two"])[1].text == "one "


def test_special_tokens_are_no_text():
    stream = TextStream(tiny_tokenizer(), ())
    for token in tiny_tokenizer()("a<|im_start|>b")["input_ids"]:
        stream.push(token)
    assert stream.piece(last=True) == "ab"


def test_greedy_takes_the_first_likeliest_of_every_row():
    logits = torch.tensor([[0.0, 3.0, 3.0], [5.0, 1.0, 2.0]])
    assert sample(logits, [greedy(), drawing(0.0, 1.0, stream_of(7))]) == [1, 0]


@pytest.mark.parametrize("top_p", [1.0, 0.999])
def test_drawn_tokens_come_as_often_as_their_probability_says(top_p):
    wanted = torch.tensor([0.5, 0.3, 0.15, 0.05])
    choice = drawing(1.0, top_p, stream_of(1))
    rows = [sample(wanted.log()[None], [choice])[0] for _ in range(4000)]
    found = torch.bincount(torch.tensor(rows), minlength=4) / 4000
    assert (found - wanted).abs().max() < 0.03


def test_top_p_keeps_the_smallest_set_that_reaches_it():
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()

    def drawn(top_p):
        choice = drawing(1.0, top_p, stream_of(3))
        return {sample(logits, [choice])[0] for _ in range(400)}

    assert drawn(0.49) == {0}
    assert drawn(0.51) == {0, 1}
    assert drawn(0.9) == {0, 1, 2}


def test_a_wide_nucleus_needs_more_than_the_likeliest_few():
    logits = torch.zeros(1, 2000)
    choice = drawing(1.0, 0.95, stream_of(3))
    drawn = {sample(logits, [choice])[0] for _ in range(600)}
    assert len(drawn) > 300


def test_a_low_temperature_sharpens_and_any_seed_is_taken():
    logits = torch.tensor([[1.0, 0.0]])
    streams = [stream_of(seed) for seed in (0, -5, 2**80)]
    assert {sample(logits, [drawing(0.01, 1.0, stream)])[0] for stream in streams} == {0}


def test_answers_that_differ_in_seed_choice_or_prompt_share_no_random_number():
    asked = [
        (seed, index, (1, prompt)) for seed in (0, 1, -1) for index in (0, 1) for prompt in (2, 3)
    ]
    drawn = [stream_of(*one).random(500).tolist() for one in asked]
    assert len({number for numbers in drawn for number in numbers}) == 500 * len(asked)
    assert drawn == [stream_of(*one).random(500).tolist() for one in asked]


def test_one_small_number_does_not_end_many_answers_at_the_same_step():
    end = torch.tensor([[0.02, 0.98]]).log().expand(200, 2)
    rows = [drawing(1.0, 1.0, stream_of(7, prompt=[number])) for number in range(200)]
    ended = [sample(end, rows).count(0) for _ in range(60)]
    assert max(ended) < 15  # 4 are expected; of one stream, all 200 or none
    assert 0.01 < sum(ended) / (60 * 200) < 0.03


def test_the_numbers_of_a_seed_are_the_same_in_every_version():
    numbers = stream_of(7, 1, [4, 5]).random(3)
    assert numbers.round(12).tolist() == [0.637381817186, 0.998856474092, 0.433821711748]


def test_parts_of_a_message_are_joined_and_developers_speak_as_the_system():
    body = b"""{"model": "m", "max_completion_tokens": 5, "max_tokens": 9, "logprobs": null,
        "messages":
        [{"role": "developer",
          "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
         {"role": "assistant", "content": null}]}"""
    request = parse(body)
    assert [message.plain for message in request.messages] == [
        {"role": "system", "content": "ab"},
        {"role": "assistant", "content": ""},
    ]
    assert (request.limit, request.stops) == (5, [])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"[]", None),
        (b'{"messages": []}', "model"),
        (b'{"model": "m", "messages": [{"role": "user", "content": [{"type": "x"}]}]}', "messages"),
        (b'{"model": "m", "messages": [{"role": "user"}], "top_p": NaN}', None),
        (b'{"model": "m", "messages": [{"role": "user"}], "stop": ["a", ""]}', "stop"),
        (b'{"model": "m", "messages": [{"role": "user"}], "stream": 1}', "stream"),
    ],
)
def test_a_broken_body_names_the_parameter_where_there_is_one(body, param):
    with pytest.raises(RequestError) as refusal:
        parse(body)
    assert refusal.value.param == param
