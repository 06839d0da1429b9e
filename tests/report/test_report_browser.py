"""The report in a real browser, without a network."""

import re
import zlib
from urllib.parse import quote

import msgspec
import pytest
from browsers import CHROMIUM, WAIT_MS
from markdown_it import MarkdownIt
from report_runs import HOSTILE, attempts, case_id, recorded, subject

from pytest_llmops.report.html import report_html
from pytest_llmops.report.markdown import report_markdown

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of 240 cases, 48 of them changed sides; the first answer is hostile."""
    base = attempts(240, solved=0.5)
    base[0] = msgspec.structs.replace(base[0], text=HOSTILE)
    other = attempts(240, solved=0.7, ratio=0.8)
    links = ({}, {f"{case_id(0)}@0": {"mlflow": "https://traces.example/1"}})
    runs = recorded(base), recorded(other, model="lora", number=1)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_html(subject(*runs, links=links)), "utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def opened(browser, report):
    """The report, opened once, and everything it complained of or asked for."""
    complaints = []
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(WAIT_MS)
    found = context.new_page()
    found.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.on("dialog", lambda dialog: (complaints.append("a dialog"), dialog.dismiss()))
    found.on("request", lambda request: complaints.append(request.url))
    found.goto(report, timeout=2 * WAIT_MS)
    found.wait_for_selector("#table tbody tr")
    yield found, complaints
    context.close()


@pytest.fixture
def page(opened, report):
    """The report as it was opened; it must neither complain nor ask for anything."""
    found, complaints = opened
    found.set_viewport_size({"width": 1280, "height": 900})
    found.click("button[type=reset]")
    found.locator("#table thead button", has_text="Difficulty").click()
    found.locator("#table thead button", has_text="Case").click()
    yield found
    allowed = ("data:", "blob:", report)
    assert [one for one in complaints if not one.startswith(allowed)] == []


def texts_by_page(pdf):
    """How many pieces of text each page of a PDF of Chromium shows."""
    objects = dict(re.findall(rb"(\d+) 0 obj\s(.*?)endobj", pdf, re.DOTALL))
    found = []
    for body in objects.values():
        if re.search(rb"/Type\s*/Page\b", body):
            number = re.search(rb"/Contents (\d+) 0 R", body)[1]
            packed = objects[number].partition(b"stream\n")[2].rpartition(b"endstream")[0]
            shown = zlib.decompressobj().decompress(packed)
            found.append(len(re.findall(rb"\bT[jJ]\b", shown)))
    return found


def column(page, number):
    cells = f"#table tbody tr:not(.opened) > :nth-child({number})"
    return page.eval_on_selector_all(cells, "cells => cells.map((cell) => cell.textContent.trim())")


def shown(page):
    return page.inner_text("#shown")


def test_charts_are_drawn_when_they_come_near(page):
    page.locator("#chart-parts").scroll_into_view_if_needed()
    page.wait_for_selector("#chart-parts .main-svg")
    page.locator("#chart-cases-1").scroll_into_view_if_needed()
    page.wait_for_selector("#chart-cases-1 .main-svg")
    points = page.locator("#chart-cases-1 .scatterlayer .point")
    assert points.count() == 240


def test_a_heading_sorts_and_sorts_back(page):
    button = page.locator("#table thead button", has_text="Tokens").first
    button.click()
    values = [int(text) for text in column(page, 4)]
    assert values == sorted(values, reverse=True)
    assert button.locator("xpath=..").get_attribute("aria-sort") == "descending"
    button.click()
    values = [int(text) for text in column(page, 4)]
    assert values == sorted(values)
    assert page.locator("#table thead [aria-sort]").count() == 1


def test_the_keyboard_sorts_and_opens(page):
    page.locator("#table thead button", has_text="Difficulty").focus()
    page.keyboard.press("Enter")
    difficulties = column(page, 2)
    assert difficulties[0] == "easy"
    assert difficulties == sorted(difficulties, key=["easy", "medium", "hard"].index)
    page.locator("#table .open").first.focus()
    page.keyboard.press("Space")
    page.wait_for_selector("#table .opened pre")
    page.keyboard.press("Space")
    assert page.locator("#table .opened").count() == 0


def test_filters_narrow_the_table_and_are_cleared(page):
    assert shown(page) == "240"
    page.fill("[name=text]", "FILE1 case000")
    assert shown(page) == "3 of 240"
    assert len(column(page, 1)) == 3
    page.click("button[type=reset]")
    page.wait_for_timeout(200)  # a form is cleared after the event that says so
    assert shown(page) == "240"
    page.select_option("[name=difficulty]", "hard")
    assert shown(page) == "80 of 240"
    page.check("[name=changed]")
    assert shown(page) == "16 of 240"
    page.select_option("[name=outcome]", "solved")
    page.select_option("[name=run]", "0")
    assert shown(page) == "0 of 240"
    assert "No case fits" in page.inner_text("#table tbody")


def test_rows_are_made_as_they_come_near(page):
    assert len(column(page, 1)) == 200
    page.eval_on_selector(".table-box", "box => box.scrollTo(0, box.scrollHeight)")
    page.locator("#table tbody tr").nth(239).wait_for(state="attached")
    assert len(column(page, 1)) == 240


def test_the_theme_is_switched_and_kept(page):
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.click("#theme")
    dark = page.evaluate(background)
    assert dark != light
    assert page.evaluate("localStorage.getItem('llmops-theme')") == "dark"
    page.click("#theme")
    assert page.evaluate(background) == light


@pytest.mark.parametrize("width", [1280, 390])
def test_the_switch_of_the_theme_ends_where_the_page_ends(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    button = page.locator("#theme").bounding_box()
    icon = page.locator("#theme svg").bounding_box()
    card = page.locator("#verdict .card").first.bounding_box()
    assert abs(icon["x"] + icon["width"] - card["x"] - card["width"]) <= 2
    assert min(button["width"], button["height"]) >= 40  # a thumb meets it
    bar = page.locator(".bar-inner").bounding_box()
    assert abs(icon["y"] + icon["height"] / 2 - bar["y"] - bar["height"] / 2) <= 1


def test_a_changed_case_shows_prompt_difference_and_test_output(page):
    one = page.locator("details.case").first
    one.locator("summary").click()
    one.locator(".diff").wait_for()
    assert one.locator(".diff .was").count() == one.locator(".diff .now").count() == 1
    text = one.inner_text()
    assert "adds > both: expected 3 to be 4" in text
    assert "write it" in text
    assert one.locator(".diff.two").count() == 1
    one.locator("button", has_text="One column").click()
    assert one.locator(".diff.two").count() == 0


def test_a_hostile_answer_is_shown_as_text_and_not_run(page):
    page.fill("[name=text]", "case0000")
    page.click("#table .open")
    page.wait_for_selector("#table .opened .diff")
    assert "</script><script>alert(1)</script>" in page.inner_text("#table .opened .diff")
    assert page.locator("#table .opened script, #table .opened img").count() == 0
    link = page.locator("#table .opened a")
    assert link.get_attribute("href") == "https://traces.example/1"
    assert "noopener" in link.get_attribute("rel")


def test_a_script_that_slipped_in_would_not_run(opened):
    found, complaints = opened
    found.evaluate(
        "() => { const script = document.createElement('script');"
        "script.textContent = 'window.slipped = true'; document.body.append(script); }"
    )
    assert found.evaluate("window.slipped === undefined")
    assert "Content Security Policy" in complaints.pop()


def test_a_narrow_window_scrolls_its_tables_and_not_itself(page):
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_timeout(1000)  # charts follow the window
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_phone_has_a_menu_of_sections(page):
    page.set_viewport_size({"width": 390, "height": 800})
    menu = page.locator("nav#sections")
    assert not menu.is_visible()
    page.click("button.sections")
    assert menu.is_visible()
    box = menu.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    menu.locator("a", has_text="Cases").click()
    assert not menu.is_visible()
    page.wait_for_timeout(1000)  # it scrolls smoothly, past charts that are being drawn
    assert page.url.endswith("#cases")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert menu.is_visible()  # on a wide window the sections stand in the bar


def test_an_address_leads_to_a_case(page, report):
    """As the comment of a pull request links to it; a changed one and another."""
    for number, place in ((150, "details.case[open]"), (3, "#table .opened")):
        page.goto("about:blank")
        page.goto(f"{report}#case={quote(case_id(number), safe='')}")
        page.locator(f"{place} .diff").wait_for()
        assert page.locator(place).count() == 1
        assert case_id(number).partition("#")[2] in page.locator(place).locator("..").inner_text()


COMMENT = """<!doctype html><meta charset="utf-8"><style>
body { width: 760px; margin: 0; font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
table { border-collapse: collapse; width: max-content; max-width: 100%%; }
th, td { padding: 6px 13px; border: 1px solid; } h2 { font-size: 1.5em; } ul { padding-left: 2em; }
</style><body>%s"""
"""As GitHub shows a comment, in its sizes."""
AS_WIDE = """() => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `14px ${getComputedStyle(document.body).fontFamily}`;
  const width = pen.measureText("abcdefghijklmnopqrstuvwxyz 0123456789 (,.%)").width;
  document.body.style.fontSize = `${14 * 307.8 / width}px`;
}"""
"""Makes text as wide as in Noto Sans, which GitHub names, where only another font is there."""


@pytest.mark.parametrize("opened", [False, True])
def test_nothing_of_a_comment_wraps_at_760_pixels(browser, opened):
    cost = {"cost": 0.00123}
    base = recorded(attempts(120, solved=0.5, samples=2, **cost), model="smollm2-135m")
    other = recorded(
        attempts(120, solved=0.3, ratio=1.5, samples=2, **cost), model="smollm2-lora-v12", number=1
    )
    text = report_markdown(subject(base, other), "https://ci.example/report.html")
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    window = browser.new_page(viewport={"width": 760, "height": 900})
    window.set_content(
        COMMENT % html.replace("<details>", "<details open>" if opened else "<details>")
    )
    window.evaluate(AS_WIDE)
    lines = window.evaluate(
        """() => Array.from(document.querySelectorAll("h2, p, li, th, td"))
            .filter((one) => one.checkVisibility() && one.textContent.trim())
            .map((one) => {
              const range = document.createRange();
              range.selectNodeContents(one);
              const tops = Array.from(range.getClientRects(), (box) => Math.round(box.bottom / 8));
              return [new Set(tops).size, one.tagName, one.textContent];
            })"""
    )
    assert len(lines) > 20
    sentences = {"P", "LI"} if opened else set()  # reasons, once one unfolds them
    assert [one for one in lines if one[0] > 1 and one[1] not in sentences] == []
    assert window.evaluate("document.documentElement.scrollWidth") == 760
    window.close()


def test_paper_holds_every_row_and_every_chart(page):
    before = page.evaluate("document.documentElement.dataset.theme")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(column(page, 1)) == 240
    assert page.locator(".plot").count() == page.locator(".plot .main-svg:first-child").count()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    texts = texts_by_page(page.pdf(format="A4"))
    assert len(texts) > 5
    assert min(texts) > 60  # pieces of text: no page is empty, or holds a heading alone
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == before
