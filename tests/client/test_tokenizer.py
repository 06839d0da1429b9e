import pytest
from chat_server import ChatServer, answer, request
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
