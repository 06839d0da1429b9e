import pytest
from assistant.settings import merge, parse_flags, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("12", 12), ("3k", 3000), (" 1.5 M ", 1_500_000), ("2G", 2_000_000_000)],
)
def test_sizes_have_units(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "k", "3x", "-1", "1..2"])
def test_what_is_no_size_is_quoted(text):
    with pytest.raises(ValueError, match="no size"):
        parse_size(text)


def test_flags_have_values_or_none():
    words = ["run", "--model=base", "--verbose", "--no-color", "--at=a=b"]
    assert parse_flags(words) == {"model": "base", "verbose": True, "color": False, "at": "a=b"}


def test_what_is_behind_two_dashes_is_no_flag():
    assert parse_flags(["--a", "--", "--b"]) == {"a": True}
    assert parse_flags([]) == {}


def test_dictionaries_are_merged_into_each_other():
    base = {"a": 1, "b": {"c": 2, "d": 3}}
    assert merge(base, {"b": {"c": 4}, "e": 5}) == {"a": 1, "b": {"c": 4, "d": 3}, "e": 5}
    assert base == {"a": 1, "b": {"c": 2, "d": 3}}


def test_none_removes_a_key():
    assert merge({"a": 1, "b": 2}, {"a": None, "x": None}) == {"b": 2}
