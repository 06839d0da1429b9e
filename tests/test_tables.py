"""What is said of a table that its reader cannot use: key, value found, value wanted."""

from typing import Annotated, Literal

import msgspec
import pytest

from pytest_llmops import tables
from pytest_llmops.errors import ModelError

Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Month = Annotated[str, msgspec.Meta(pattern="^20..-..$", description='a month, such as "2025-03"')]


class Prices(msgspec.Struct, forbid_unknown_fields=True):
    input: Annotated[float, msgspec.Meta(gt=0)]


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    kind: Literal["small", "large"] = "small"
    share: Share = 0.0
    turns: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    month: Month = "2025-01"
    on: bool = False
    prices: Prices | None = None
    omit: tuple[str, ...] = ()
    name: str = ""


def said(tmp_path, text):
    path = tmp_path / "things.toml"
    path.write_text(text)
    table = tables.read(path, ModelError)
    with pytest.raises(ModelError) as caught:
        tables.value_of(Thing, table, "things.toml: [a]", ModelError, {"name": "a"})
    return str(caught.value).removeprefix("things.toml: [a]: ")


KNOWN = "(known: url, kind, share, turns, month, on, prices, omit)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind = 'small'", "'url' is missing"),
        ("url = 5", "'url' is 5, and should be text; write it in quotes"),
        ("url = 2025-03-01", "'url' is 2025-03-01, and should be text; write it in quotes"),
        ("ulr = 'x'\nurl = 'x'", f"'ulr' is no known key {KNOWN}; did you mean url or turns?"),
        ("url = 'x'\nname = 'x'", f"'name' is no known key {KNOWN}"),
        (
            "url = 'x'\nkind = 'larg'",
            '\'kind\' is "larg", and should be "small" or "large"; did you mean large?',
        ),
        (
            "url = 'x'\nshare = 1.0",
            "'share' is 1.0, and should be a number of 0 or more and below 1",
        ),
        ("url = 'x'\nturns = 10", "'turns' is 10, and should be a whole number from 1 to 9"),
        (
            "url = 'x'\nturns = '3'",
            "'turns' is \"3\", and should be a whole number from 1 to 9; write it without quotes",
        ),
        ("url = 'x'\nturns = 1.5", "'turns' is 1.5, and should be a whole number from 1 to 9"),
        (
            "url = 'x'\nmonth = 'May'",
            '\'month\' is "May", and should be a month, such as "2025-03"',
        ),
        (
            "url = 'x'\non = 'yes'",
            "'on' is \"yes\", and should be true or false; write it without quotes",
        ),
        ("url = 'x'\nprices = {}", "'prices.input' is missing"),
        ("url = 'x'\nprices = 3", "'prices' is 3, and should be a table"),
        (
            "url = 'x'\nprices = {input = 0}",
            "'prices.input' is 0, and should be a number above 0",
        ),
        (
            "url = 'x'\nprices = {inptu = 1}",
            "'prices.inptu' is no known key (known: input); did you mean input?",
        ),
        (
            "url = 'x'\nomit = 'seed'",
            '\'omit\' is "seed", and should be a list of texts; write ["seed"]',
        ),
        ("url = 'x'\nomit = ['a', 3]", "'omit[1]' is 3, and should be text; write it in quotes"),
        (f"url = ['{'x' * 99}']", f"'url' is [\"{'x' * 58}..., and should be text"),
    ],
)
def test_a_wrong_table_is_told_in_words_of_its_writer(text, told, tmp_path):
    assert said(tmp_path, text) == told


def test_what_no_table_may_set_is_given_beside_it():
    thing = tables.value_of(Thing, {"url": "x"}, "here", ModelError, {"name": "a"})
    assert thing == Thing(url="x", name="a")


def test_what_is_no_table_at_all_is_told():
    with pytest.raises(ModelError, match="here: it is 3, and should be a table"):
        tables.value_of(Thing, 3, "here", ModelError)


def test_a_file_that_is_missing_is_none_and_one_that_cannot_be_read_is_named(tmp_path):
    assert tables.read(tmp_path / "none.toml", ModelError) is None
    with pytest.raises(ModelError, match=f"{tmp_path}: cannot be read: Is a directory"):
        tables.read(tmp_path, ModelError)
    (tmp_path / "half.toml").write_text("[a")
    with pytest.raises(ModelError, match="half.toml: not TOML: Expected"):
        tables.read(tmp_path / "half.toml", ModelError)
