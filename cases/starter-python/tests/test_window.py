import pytest
from assistant.window import Window, estimate_tokens


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2)])
def test_four_characters_are_a_token(text, tokens):
    assert estimate_tokens(text) == tokens


def test_the_tokens_of_all_messages_are_counted():
    assert Window(10, ["abcd", "abcde"]).used() == 3
    assert Window(10).used() == 0


class TestAdding:
    def test_the_oldest_messages_are_dropped(self):
        window = Window(3, ["one", "two"])
        assert window.add("eight ch") == ["one"]
        assert window.messages == ["two", "eight ch"]

    def test_a_message_that_fits_drops_none(self):
        window = Window(3, ["one"])
        assert window.add("two") == []
        assert window.messages == ["one", "two"]

    def test_the_new_message_stays_though_it_is_too_long(self):
        window = Window(1, ["one", "two"])
        assert window.add("much too long") == ["one", "two"]
        assert window.messages == ["much too long"]


@pytest.mark.parametrize(
    ("limit", "parts", "expected"), [(10, 3, [4, 3, 3]), (4, 2, [2, 2]), (1, 2, [1, 0])]
)
def test_a_limit_is_shared(limit, parts, expected):
    assert Window.share(limit, parts) == expected
