import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import msgspec
import pytest
from records import record, unanswered
from report_runs import HOSTILE, attempts, case_id, gated, pair, recorded, subject

from pytest_llmops.completions import Usage
from pytest_llmops.report import cases_table, figures
from pytest_llmops.report.html import history_html, report_html
from pytest_llmops.report.markdown import report_markdown
from pytest_llmops.report.trend import Source, trend


class Page(HTMLParser):
    """What a browser would make of a page: its elements, scripts and visible text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.scripts, self.text, self.stack = [], {}, [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.stack.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tag, attributes = self.stack[-1] if self.stack else ("", {})
        if tag == "script":
            self.scripts.setdefault(attributes.get("type", "code"), []).append(data)
        elif tag != "style":
            self.text.append(data)

    @property
    def shown(self):
        return " ".join(" ".join(self.text).split())

    @property
    def data(self):
        return json.loads(self.scripts["application/json"][0])

    @property
    def details(self):
        packed = self.scripts["application/octet-stream"][0]
        return json.loads(gzip.decompress(base64.b64decode(packed)))


@pytest.fixture(scope="module")
def compared():
    base = recorded(attempts(24, solved=0.5))
    other = recorded(attempts(24, solved=0.75, ratio=0.8), model="lora", number=1)
    return Page(report_html(subject(base, other)))


def test_a_length_has_one_interval_wherever_it_is_shown():
    """The gate's bounds and a plain 95 % interval of the same ratio once stood side by side."""
    base, other = pair(120, solved=0.6)
    spread = [
        msgspec.structs.replace(
            one, usage=Usage(input=100, output=one.usage.output + 5 * (number % 7))
        )
        for number, one in enumerate(other.records)
    ]
    other = msgspec.structs.replace(other, records=tuple(spread))
    found = subject(base, other)
    comparison = found.versus[0].comparison
    (check,) = (one for one in comparison.checks if one.name == "output tokens")
    shown = figures.interval(check.change, "ratio")
    plain = figures.interval(comparison.effects[0].ratio, "ratio")
    assert shown != plain
    page = Page(report_html(found))
    assert page.shown.count(shown) == 2  # the figure on top, and the table of checks
    assert plain not in page.shown
    overall = page.data["charts"]["chart-overall"]["data"][0]
    told = dict(zip(overall["y"], overall["customdata"], strict=True))["lora  output"]
    assert told[0] == shown
    assert plain not in report_markdown(found)
    assert shown in report_markdown(found)


def test_dollars_stand_wherever_tokens_do():
    base = recorded(attempts(24, cost=0.002))
    other = recorded(attempts(24, solved=0.75, cost=0.0015), model="lora", number=1)
    page = Page(report_html(subject(base, other)))
    assert f"Dollars per solved {figures.MINUS}50.0 % $0.00400 → $0.00200" in page.shown
    assert "$0.0480" in page.shown  # what the baseline cost in all
    assert page.data["rows"][0]["runs"][1]["cost"] == 0.0015
    assert page.details[0]["runs"][0]["attempts"][0]["cost"] == "$0.00200"
    assert page.data["charts"]["chart-dollars"]["data"][1]["x"] == pytest.approx([0.002, 0.0015])
    unpriced = Page(report_html(subject(*pair())))
    assert "Dollars" not in unpriced.shown
    assert "chart-dollars" not in unpriced.data["charts"]


def alone(records, **fields):
    return Page(report_html(subject(recorded(records, **fields))))


def test_nothing_is_loaded_from_anywhere(compared):
    for tag, attributes in compared.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            assert attributes.get(name, "#").startswith("#"), (tag, attributes)
        assert tag not in {"link", "iframe", "object", "embed", "base"}


def test_the_policy_names_the_scripts_of_the_page_and_no_others(compared):
    policy = next(
        attributes["content"]
        for tag, attributes in compared.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    hashes = {
        "sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        for code in compared.scripts["code"]
    }
    assert len(hashes) == 2
    assert set(re.findall(r"'(sha256-[^']+)'", policy)) == hashes
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


def test_the_verdict_stands_first_with_its_reasons(compared):
    shown = compared.shown
    assert shown.index("lora against base") < shown.index("undecided") < shown.index("Summary by")
    assert "Solve rate" in shown
    assert "output tokens" in shown
    assert "cannot be ruled out" in shown


def test_every_section_of_a_comparison_is_there(compared):
    headings = {attributes.get("id") for tag, attributes in compared.elements if tag == "section"}
    assert {"verdict", "summary", "tokens", "spent", "changed", "cases", "runs"} <= headings
    charts = set(compared.data["charts"])
    assert {"chart-overall", "chart-clusters-1", "chart-cases-1", "chart-pareto"} <= charts
    drawn = {attributes.get("id") for _, attributes in compared.elements}
    assert charts <= drawn
    links = {a["href"][1:] for tag, a in compared.elements if tag == "a"}
    assert links <= drawn


def test_levels_of_headings_have_no_gap(compared):
    levels = [int(tag[1]) for tag, _ in compared.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_cases_that_changed_sides_are_listed(compared):
    cases = [a for tag, a in compared.elements if tag == "details" and "data-case" in a]
    assert len(cases) == 6
    chosen = compared.data["rows"][int(cases[0]["data-case"])]
    assert chosen["id"] == case_id(12)
    assert "wrong → solved" in compared.shown


def test_the_texts_of_a_case_are_in_the_page(compared):
    assert len(compared.details) == len(compared.data["rows"]) == 24
    runs = compared.details[0]["runs"]
    assert runs[0]["prompt"] == "write it"
    assert "prompt" not in runs[1]
    assert runs[0]["attempts"][0]["text"] == "const a = 0;\nreturn a * 1.0;\n"
    assert runs[1]["attempts"][0]["text"] == "const a = 0;\nreturn a * 0.8;\n"
    assert compared.details[23]["runs"][0]["attempts"][0]["detail"].startswith("adds > both")


def test_a_single_run_is_reported_without_a_verdict():
    page = alone(attempts(3))
    assert set(page.data["charts"]) == {"chart-parts"}
    assert "verdict" not in page.shown.lower()
    assert "held" not in page.shown
    assert "3 eval cases" in page.shown


def test_runs_that_cannot_be_compared_are_shown_with_the_reason():
    base, other = pair()
    changed = msgspec.structs.replace(
        other, run=msgspec.structs.replace(other.run, suite_hash="f" * 16)
    )
    page = Page(report_html(subject(base, changed)))
    assert "no verdict" in page.shown
    assert "suite_hash" in page.shown
    assert "chart-overall" not in page.data["charts"]
    assert len(page.data["rows"]) == 24


def test_the_gate_s_verdict_is_shown_where_only_the_gate_can_judge():
    base, other = pair()
    ended = gated(other, base, "regressed", reason="solve <rate>", decided=12, sequential=True)
    page = Page(report_html(subject(base, ended)))
    assert ("article", {"class": "card verdict regressed"}) in page.elements
    told = "The sequential gate of the session said regressed after 12 of 24 attempts"
    assert f"{told}: solve <rate>." in page.shown
    assert "cannot be compared" not in page.shown


def test_runs_of_several_attempts_a_case_show_the_chances_of_one_and_of_all():
    thrice = recorded(attempts(samples=3), model="lora", number=1)
    for runs in ([thrice], [recorded(attempts()), thrice]):
        page = Page(report_html(subject(*runs)))
        assert re.search(r"Pass@3\s*Pass\^3", page.shown)
        assert "pass^3 that all are." in page.shown
    assert "Pass@" not in alone(attempts()).shown


def test_hostile_answers_stay_text():
    records = attempts(24, text=HOSTILE)
    evil = "<img src=x onerror=alert(5)>"
    base = recorded(records, model=evil)
    records = [
        msgspec.structs.replace(one, case=f"{one.case}{HOSTILE}", cluster=evil) for one in records
    ]
    text = report_html(subject(base, recorded(records, model="{{ 7*7 }}", number=1)))
    page = Page(text)
    assert len(page.scripts["code"]) == 2
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "{{ 7*7 }}" in page.shown
    assert evil in page.shown
    shown = page.details[0]["runs"][0]["attempts"][0]["text"]
    assert shown.startswith("</script><script>alert(1)</script>")
    assert "⟨U+202E⟩" in shown
    assert "\u2028" not in text
    assert "\x00" not in text


def test_a_long_answer_is_cut_with_a_notice():
    page = alone([record(text="x" * 1_000_000)])
    shown = page.details[0]["runs"][0]["attempts"][0]["text"]
    assert len(shown) < cases_table.TEXT_LIMIT + 100
    assert "980,000 more characters" in shown


def test_texts_beyond_the_budget_are_left_out_and_say_so():
    base = recorded(attempts(24, solved=0.5, text="a" * 100))
    other = recorded(attempts(24, solved=0.75, text="b" * 100), model="lora", number=1)
    both = subject(base, other)
    found = cases_table.details(both, budget=1250)
    texts = [[run["attempts"][0]["text"] for run in case["runs"]] for case in found]
    kept = {index for index, pair in enumerate(texts) if None not in pair}
    changed = {index for index, row in enumerate(cases_table.rows(both)) if row["changed"]}
    assert len(changed) == len(kept) == 6
    assert kept == changed
    assert found[0]["runs"][0]["attempts"][0]["notice"] == cases_table.LEFT_OUT


def test_withheld_texts_are_told():
    records = [record(prompt=(), text="", prompt_sha256="0" * 64)]
    page = alone(records, content=False)
    assert "texts were withheld" in page.shown
    attempt = page.details[0]["runs"][0]["attempts"][0]
    assert attempt["notice"] == cases_table.WITHHELD
    assert "text" not in attempt


def test_incomplete_runs_and_crashed_attempts_are_told():
    page = alone([record("starter:a#b"), unanswered("starter:c#d")], attempts=5, ended=False)
    assert "3 of 5 attempts missing" in page.shown
    assert "interrupted" in page.shown
    assert page.details[1]["runs"][0]["attempts"][0]["detail"] == "EndpointError: gone"


def test_cases_of_one_run_only_leave_the_other_empty():
    page = Page(report_html(subject(recorded(attempts(24)), recorded(attempts(25), number=1))))
    rows = [row for row in page.data["rows"] if row["runs"][0] is None]
    assert len(rows) == 1
    assert page.details[page.data["rows"].index(rows[0])]["runs"][0]["attempts"] == []


def test_links_to_traces_go_with_their_attempt():
    links = ({f"{case_id(0)}@0": {"mlflow": "https://traces.example/1"}},)
    page = Page(report_html(subject(recorded(attempts(1)), links=links)))
    found = page.details[0]["runs"][0]["attempts"][0]["links"]
    assert found == {"mlflow": "https://traces.example/1"}


def test_a_run_without_records_is_no_crash():
    assert "0 eval cases" in alone([]).shown


def test_equal_runs_make_equal_bytes():
    runs = pair()
    assert report_html(subject(*runs)) == report_html(subject(*runs))


def test_a_history_is_a_page_too():
    runs = [
        recorded(attempts(24, ratio=1.0 if n < 6 else 1.5), model=f"m{n}", number=n)
        for n in range(12)
    ]
    page = Page(
        history_html(
            trend([Source(run.run.id, lambda run=run: run) for run in runs], "token ratio")
        )
    )
    assert "worse since 2026-01-07" in page.shown
    assert len(page.data["charts"]["chart-history"]["layout"]["shapes"]) == 1
    assert page.shown.count("-m11-") == 1
