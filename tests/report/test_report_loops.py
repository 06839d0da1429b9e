"""The page of an attempt made by an agent: turn by turn, in a real browser and as data."""

import re

import msgspec
import pytest
from browsers import ARGUMENTS, CHROMIUM, WAIT_MS
from looped import EDIT, PAGED, paged, turn
from report_runs import attempts, recorded, subject

from pytest_llmops.report.cases_table import BUDGET, details
from pytest_llmops.report.export import flat_rows
from pytest_llmops.report.html import report_html
from pytest_llmops.report.markdown import report_markdown
from pytest_llmops.sinks.run_scores import figures as figures_of


def shown(loop=PAGED, budget=BUDGET):
    found = details(subject(recorded(paged(loop))), budget)
    return found[0]["runs"][0]["attempts"][0]["loop"]


def test_the_page_has_the_tokens_of_every_turn_and_what_the_whole_took():
    page = shown()
    assert [one["usage"]["fresh"] for one in page["turns"]] == [100, 110]
    assert [one["usage"]["cached"] for one in page["turns"]] == [0, 40]
    assert [one["passing"] for one in page["turns"]] == [False, True]
    assert [tool["seconds"] for tool in page["turns"][0]["tools"]] == [0.125, None]
    figures = page["figures"]
    assert (figures["calls"], figures["failed"], figures["toPass"]) == (2, 1, 290)
    assert figures["resent"] == pytest.approx(120 / 250)
    assert figures["cached"] == pytest.approx(40 / 250)
    assert (figures["model"], figures["tools"], figures["priced"]) == (2.0, 4.0, 42.0)


def test_a_direct_answer_has_no_page():
    found = details(subject(recorded(attempts(1))))
    assert "loop" not in found[0]["runs"][0]["attempts"][0]


def test_texts_of_a_loop_take_from_the_budget_of_the_report():
    page = shown(budget=0)
    assert page["turns"][1]["text"] is None
    assert page["diffs"]["a.ts"] is None
    long = msgspec.structs.replace(EDIT, result="x" * 50_000)
    (first, *_) = shown(msgspec.structs.replace(PAGED, turns=(turn(0, tools=(long,)),)))["turns"]
    assert len(first["tools"][0]["result"]) < 7_000
    assert "more characters are in the records file" in first["tools"][0]["result"]


def test_marks_that_cannot_be_seen_are_named_wherever_an_agent_can_write():
    text = msgspec.json.encode(shown()).decode()
    assert "\u202e" not in text
    assert "⟨U+202E⟩" in text


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """The page of the first attempt, opened by its address, and what it complained of."""
    if CHROMIUM is None:
        pytest.skip("no chromium on PATH")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_html(subject(recorded(paged(PAGED)))), "utf-8")
    complaints = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        found = browser.new_page(viewport={"width": 1280, "height": 900})
        found.set_default_timeout(WAIT_MS)
        found.on("console", lambda message: complaints.append(message.text))
        found.on("pageerror", lambda error: complaints.append(str(error)))
        found.on("dialog", lambda dialog: (complaints.append("a dialog"), dialog.dismiss()))
        found.goto(f"{path.as_uri()}#attempt/0/0/0")
        found.wait_for_selector("#attempt h1")
        yield found, complaints
        browser.close()


@pytest.mark.slow
def test_the_page_is_opened_by_its_address_and_left_for_the_cases(opened):
    page, complaints = opened
    assert page.locator("#attempt .turns tbody tr").count() == 2
    assert page.locator("#attempt details.turn").count() == 2
    assert page.locator("#attempt .call .diff .now").inner_text() == "return 2;"
    assert page.locator("#attempt .diff .hunk").inner_text() == "@@ -1,2 +1,2 @@"
    assert not page.is_visible("#cases")
    page.click("#attempt .back")
    page.wait_for_selector("#cases", state="visible")
    assert page.locator("#attempt").count() == 0
    page.click("#table .open")
    page.locator("#table .opened .links a", has_text="Turn by turn (2)").click()
    page.wait_for_selector("#attempt h1")
    assert complaints == []


@pytest.mark.slow
def test_what_an_agent_wrote_is_shown_as_text_and_not_run(opened):
    page, complaints = opened
    text = page.inner_text("#attempt")
    assert text.count("</script><script>alert(1)</script>") >= 7
    assert page.locator("#attempt script, #attempt img, #attempt b b").count() == 0
    assert complaints == []


@pytest.mark.slow
def test_an_address_of_no_attempt_says_so(opened):
    page, complaints = opened
    for place in ("9/0/0", "0/7/0", "0/0/5", "1/0/0"):
        page.evaluate(f"location.hash = '#attempt/{place}'")
        page.wait_for_selector("#attempt .note")
        assert "There is no such attempt" in page.inner_text("#attempt")
        page.evaluate("location.hash = '#cases'")
        page.wait_for_selector("#attempt", state="detached")
    page.evaluate("location.hash = '#attempt/0/0/0'")
    page.wait_for_selector("#attempt h1")
    assert complaints == []


def agent_run(loop=PAGED, **fields):
    run = recorded(paged(loop), **fields)
    return msgspec.structs.replace(run, run=msgspec.structs.replace(run.run, agent="cline 3.0.65"))


def test_html_and_markdown_have_a_table_of_what_loops_took_and_others_none():
    direct, made = recorded(attempts(3)), agent_run(model="lora", number=1)
    for draw in (report_html, report_markdown):
        assert "Priced tokens per attempt" not in draw(subject(direct)).replace("priced", "Priced")
        text = draw(subject(direct, made)).replace("priced tokens per", "Priced tokens per")
        assert "Priced tokens per attempt" in text
        assert "editor 1" in text
        assert "alert(1)</script>" not in text.partition("Priced tokens per attempt")[2][:4000]
    text = report_markdown(subject(direct, made))
    rows = dict(re.findall(r"^\| ([\w ]+) \| (?:\u2013|direct) \| ([^|]+) \|$", text, re.MULTILINE))
    assert [*rows.values()][:7] == ["cline 3.0.65", "2.0", "42", "21", "48.0 %", "16.0 %", "290"]
    assert rows["priced tokens per attempt"] == "42"


def test_tables_and_junit_have_the_figures_of_a_loop():
    first, other = [row for row in flat_rows([agent_run()]) if row["sample"] == 0][:2]
    assert (first["turns"], first["tool_calls"], first["failed_tool_calls"]) == (2, 2, 1)
    assert (first["priced_tokens"], first["tokens_to_pass"], first["ending"]) == (42.0, 290, "done")
    assert other["turns"] is None
    named = dict(paged(PAGED)[0].properties())
    assert named["llmops.tool_calls"] == 2
    assert named["llmops.tools"].startswith(("</script>", "editor"))
    assert named["llmops.tokens_to_pass"] == 290


def test_the_figures_of_a_run_have_priced_tokens_per_attempt_and_per_solved():
    figures = figures_of(agent_run().records)
    assert (figures["priced_per_attempt"], figures["priced_per_solved"]) == (42.0, 21.0)
    assert (figures["turns"], figures["failed_tool_calls"]) == (2.0, 1.0)
    assert not {"turns", "priced_per_solved"} & figures_of(attempts(3)).keys()
