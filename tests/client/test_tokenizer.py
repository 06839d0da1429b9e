import pytest
from chat_server import ChatServer, answer, request, whole
from test_client import ask

from pytest_llmops.client.tokenizer import TokenCounter
from pytest_llmops.errors import ModelError

pytestmark = pytest.mark.torch
TEMPLATE = "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}assistant"


@pytest.fixture
def folder(tmp_path):
    transformers = pytest.importorskip("transformers", reason="needs the `local` extra")
    from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415

    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="?")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(tmp_path)
    return tmp_path


def test_prompt_and_text_are_counted_with_the_chat_template(folder):
    usage = TokenCounter(str(folder)).count(request(prompt="Write f now."), "return a + b ;")
    assert (usage.input, usage.output) == (8, 5)


def test_a_file_counts_the_contents_alone(folder):
    usage = TokenCounter(str(folder / "tokenizer.json")).count(request(prompt="Write f."), "x y")
    assert (usage.input, usage.output) == (4, 2)


def test_a_server_without_counts_is_served_by_the_named_tokenizer(folder):
    got = ask(ChatServer(answer("a b c", usage=None)), tokenizer=str(folder))
    assert (got.usage.input, got.usage.output, got.counted_by) == (7, 3, "local")


THOUGHTS = {
    "one name": [{"reasoning_content": "I think "}, {"reasoning_content": "long"}],
    "another name": [{"reasoning": "I think "}, {"reasoning": "long"}],
    "both names": [{"reasoning_content": "I think long", "reasoning": "I think long"}],
    "parts": [{"content": [{"type": "thinking", "thinking": [{"text": "I think long"}]}]}],
    "a part": [{"content": [{"type": "reasoning", "text": "I think long"}]}],
}


@pytest.mark.parametrize("pieces", THOUGHTS.values(), ids=THOUGHTS)
@pytest.mark.parametrize("streamed", [True, False])
def test_thinking_that_a_server_sends_apart_is_counted_too(pieces, streamed, folder):
    async def stream(call):
        await call.head()
        for piece in pieces:
            await call.event({"choices": [{"index": 0, "delta": piece}]})
        await call.text("a b")
        await call.finish(usage=None)

    said = {name: "".join(one[name] for one in pieces) for name in pieces[0] if name != "content"}
    parts = [*pieces[0].get("content", ()), {"type": "text", "text": "a b"}]
    choice = {"message": said | {"content": parts}, "finish_reason": "stop"}
    got = ask(
        ChatServer(stream if streamed else whole(200, {"choices": [choice]})), tokenizer=str(folder)
    )
    assert (got.text, got.usage.output, got.usage.reasoning) == ("a b", 5, 3)


def test_the_counts_of_the_server_go_first(folder):
    got = ask(ChatServer(answer("a b c", usage=(70, 30))), tokenizer=str(folder))
    assert (got.usage.input, got.usage.output, got.counted_by) == (70, 30, "server")


def test_a_length_that_is_counted_here_is_not_taken_for_the_context_of_the_server(folder):
    cut = answer("a b c", usage=None, reason="length")
    assert ask(ChatServer(cut), tokenizer=str(folder)).finish_reason == "length"


def test_a_tokenizer_that_is_none_is_named(tmp_path):
    pytest.importorskip("transformers", reason="needs the `local` extra")
    broken = tmp_path / "tokenizer.json"
    broken.write_text("{")
    for name in (broken, tmp_path):
        with pytest.raises(ModelError, match="cannot be loaded"):
            TokenCounter(str(name))
