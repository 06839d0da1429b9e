import base64
import gzip
import html
import json
import math

import msgspec
import pytest
from report_runs import HOSTILE, attempts, case_id, recorded, subject

from pytest_llmops.compare.values import Interval
from pytest_llmops.errors import RecordError
from pytest_llmops.report import figures
from pytest_llmops.report.identity import facts
from pytest_llmops.report.subject import majority, read_links, usual_outcome, usual_tokens
from pytest_llmops.report.texts import in_chart, in_script, packed, visible


def ascii_of(text):
    return text.replace(figures.MINUS, "-").replace(figures.NONE, "none")


def test_hidden_characters_are_shown_by_name():
    assert visible("a\x00b\x1b\x7f\x85") == "a␀b␛␡⟨U+0085⟩"
    assert visible("\u202eexe\u2066\u200b\ufeff") == "⟨U+202E⟩exe⟨U+2066⟩⟨U+200B⟩⟨U+FEFF⟩"
    assert visible("\ud800") == "⟨U+D800⟩"


def test_ordinary_text_of_any_script_is_left_alone():
    text = "tab\tline\n日本 עברית العربية 😀 é"
    assert visible(text) == text
    assert visible("a\r\nb\rc") == "a\nb␍c"


def test_a_long_text_is_cut_with_a_notice():
    shown = visible("x" * 1_000_000, 100)
    assert shown.startswith("x" * 100 + "\n[cut here: 999,900 more characters")
    assert len(shown) < 200
    assert visible("x" * 100, 100) == "x" * 100


def test_json_in_a_script_cannot_end_it_and_reads_back():
    shown = in_script({"text": HOSTILE})
    assert not set("<>&\u2028\u2029") & set(shown)
    assert json.loads(shown) == {"text": HOSTILE}


def test_packed_json_is_plain_letters_and_the_same_for_the_same_value():
    shown = packed([HOSTILE])
    assert shown == packed([HOSTILE])
    assert shown.replace("+", "").replace("/", "").rstrip("=").isalnum()
    assert json.loads(gzip.decompress(base64.b64decode(shown))) == [HOSTILE]


def test_a_label_of_a_chart_holds_no_tags():
    assert in_chart("<a href='x'>&amp;</a>") == "&lt;a href='x'&gt;&amp;amp;&lt;/a&gt;"
    assert html.unescape(in_chart(HOSTILE)) == visible(HOSTILE)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.877, "ratio", "-12.3 %"),
        (1.0, "ratio", "0.0 %"),
        (1.00001, "ratio", "0.0 %"),
        (0.021, "points", "+2.1 points"),
        (-0.0001, "points", "0.0 points"),
        (3, "count", "+3"),
        (0, "count", "0"),
        (-1200, "count", "-1,200"),
        (math.nan, "ratio", "none"),
        (math.inf, "points", "none"),
    ],
)
def test_changes_read_with_sign_and_unit(value, unit, text):
    assert ascii_of(figures.change(value, unit)) == text


@pytest.mark.parametrize(
    ("bounds", "unit", "text"),
    [
        (Interval(0.8, 0.9, 1.1), "ratio", "-20.0 % to +10.0 %"),
        (Interval(0.0, 0.9, 1.1), "ratio", "at most +10.0 %"),
        (Interval(-math.inf, 0.0, 0.02), "points", "at most +2.0 points"),
        (Interval(-0.02, 0.0, math.inf), "points", "at least -2.0 points"),
        (Interval(math.nan, 1.0, math.nan), "ratio", "none"),
    ],
)
def test_intervals_read_as_a_range_or_one_bound(bounds, unit, text):
    assert ascii_of(figures.interval(bounds, unit)) == text


def test_numbers_that_are_none_are_a_dash():
    assert {figures.amount(v) for v in (None, math.nan, math.inf)} == {figures.NONE}
    assert figures.share(math.nan) == figures.bounds(math.nan, 1) == figures.NONE
    assert figures.probability(math.nan) == figures.NONE
    assert figures.probability(0.0002) == "< 0.001"


def test_runs_of_one_model_are_told_apart():
    runs = [recorded(attempts(2), number=n) for n in range(2)]
    assert subject(*runs).names == ("base · 0000", "base · 0001")
    assert subject(runs[0], runs[0]).names == ("base · 0000 (1)", "base · 0000 (2)")
    assert subject(runs[0]).names == ("base",)


def test_attempts_of_a_case_are_summed_up():
    both = attempts(1, samples=3, solved=1.0)
    assert majority(both) is True
    assert majority([]) is None
    assert usual_outcome(both) == "solved"
    assert usual_tokens(both) == pytest.approx((40 * 41 * 42) ** (1 / 3))
    assert math.isnan(usual_tokens([]))
    half = [both[0], msgspec.structs.replace(both[1], grade=None)]
    assert (majority(half), usual_outcome(half)) == (False, "solved")


def test_facts_mark_what_differs_and_ought_not_to():
    runs = [
        recorded(attempts(2)),
        recorded(attempts(2), model="lora", number=1, versions={"torch": "9"}, ended=False),
    ]
    found = {fact.name: fact for fact in facts(runs)}
    assert found["model"].differs
    assert found["torch"].values == (figures.NONE, "9")
    assert found["torch"].differs
    assert not found["run"].differs
    assert not found["cases"].differs
    assert found["took"].values == ("1 min 00 s", "did not end")


def test_links_are_read_from_beside_the_records(tmp_path):
    path = tmp_path / "records.jsonl"
    assert read_links(path) == {}
    links = {f"{case_id(0)}@0": {"langfuse": "https://traces.example/1"}}
    (tmp_path / "links.json").write_bytes(msgspec.json.encode(links))
    assert read_links(path) == links


@pytest.mark.parametrize(
    "content",
    [
        "{",
        '{"a@0": "https://x"}',
        '{"a@0": {"mlflow": "javascript:alert(1)"}}',
        '{"a@0": {"mlflow": "//host/x"}}',
        '{"a@0": {"mlflow": "https:"}}',
        '{"a@0": {"mlflow": "http://["}}',
    ],
)
def test_links_that_a_browser_must_not_follow_are_refused(tmp_path, content):
    (tmp_path / "links.json").write_text(content)
    with pytest.raises(RecordError, match=r"links\.json"):
        read_links(tmp_path / "records.jsonl")
