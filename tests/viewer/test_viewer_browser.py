"""`llmops view` in a real browser: filters, ticks, rows that come, a session that goes on."""

import shutil
import threading
import time

import pytest
import uvicorn
from browsers import CHROMIUM, WAIT_MS
from report_runs import attempts, case_id, recorded, written
from viewer_runs import fill, named

from pytest_llmops.runs.record import RecordFile
from pytest_llmops.viewer.app import build_app
from pytest_llmops.viewer.references import References
from pytest_llmops.viewer.serve import listen
from pytest_llmops.viewer.shelf import Shelf

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH"),
]
TOKEN = "token"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("runs")
    fill(found)
    written(found, recorded(attempts(250), model="many", number=5, suite_hash="f" * 16))
    return found


@pytest.fixture(scope="module")
def address(folder):
    with listen(0) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        app = build_app(Shelf(folder), References(folder / "none.toml"), token=TOKEN, host=host)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://{host}/{TOKEN}/"
        server.should_exit = True
        thread.join()


@pytest.fixture
def page(browser, address):
    """A window; its pages must neither complain nor ask another host for anything."""
    complaints = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=address)
    context.set_default_timeout(WAIT_MS)
    found = context.new_page()
    found.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.on("request", lambda request: complaints.append(request.url))
    yield found
    context.close()
    allowed = (address, "data:", "blob:")
    assert [one for one in complaints if not one.startswith(allowed)] == []


def count(page, selector):
    return page.locator(selector).count()


def test_runs_are_filtered_ticked_and_compared(page):
    page.goto("./")
    assert count(page, "#rows tr") == 4
    assert page.is_disabled("text=Compare")
    page.fill("[name=text]", "shorter")
    page.locator("#rows tr").nth(1).wait_for(state="detached")
    assert "text=shorter" in page.url
    page.click("button[type=reset]")
    page.locator("#rows tr").nth(3).wait_for()
    page.check("#rows tr:has-text('lora') input")
    assert page.is_disabled("text=Compare")
    page.check("#rows tr:has-text('base') input")
    page.click("button:has-text('Compare')")
    assert "lora against base" in page.inner_text("h1")
    page.locator("#chart-overall").scroll_into_view_if_needed()
    page.locator("#chart-overall .main-svg").first.wait_for()
    page.locator("details.case summary").first.click()
    page.locator("details.case .diff").first.wait_for()
    assert "adds > both" in page.locator("details.case").first.inner_text()
    page.locator("details.case a", has_text="whole attempt").first.click()
    page.locator("#answer pre").wait_for()
    assert "/attempt?" in page.url


def test_ticks_outlast_a_look_at_what_is_new(page, folder):
    page.goto("./")
    page.check("#rows tr:has-text('lora') input")
    late = written(folder, named(recorded(attempts(4), number=8), id="late", label="late one"))
    page.locator("#rows tr:has-text('late one')").wait_for()
    assert page.is_checked("#rows tr:has-text('lora') input")
    shutil.rmtree(late.path.parent)
    page.locator("#rows tr:has-text('late one')").wait_for(state="detached")


def test_cases_come_as_one_scrolls_and_are_filtered(page):
    page.goto("cases")
    rows = page.locator("#rows tr:not([data-count])")
    rows.nth(119).wait_for(state="attached")  # some more than are seen
    page.wait_for_timeout(300)
    assert rows.count() == 120
    page.eval_on_selector(".table-box", "box => box.scrollTo(0, box.scrollHeight)")
    rows.nth(179).wait_for(state="attached")
    page.fill("[name=text]", case_id(7).rpartition("#")[2])
    page.locator("#rows tr:not([data-count])").nth(1).wait_for(state="detached")
    assert page.inner_text("#count") == "1"
    page.locator("#rows a.c").first.click()
    assert case_id(7) in page.inner_text("h1")


def test_a_session_is_followed_until_it_ends(page, folder):
    run = recorded(attempts(6), ended=False, number=9)
    run = named(run, id="live", label="live one", started=time.time())
    file = RecordFile(folder, run.run)
    file.write(run.records[0])
    page.goto("run?run=live")
    assert "1 of 6 attempts" in page.inner_text("#live")
    file.write(run.records[1])
    page.locator("#live p:has-text('2 of 6 attempts')").wait_for()
    for one in run.records[2:]:
        file.write(one)
    file.write(recorded([]).end)
    file.close()
    page.locator("#summary").wait_for()
    shutil.rmtree(file.path.parent)


@pytest.mark.parametrize("name", ["./", "cases", "models", "trend"])
def test_a_phone_scrolls_tables_and_not_the_page(page, name):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(name)
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
