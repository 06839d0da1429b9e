"""`llmops view` as a server: what is on its pages, and to whom it gives them."""

import os
import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import httpx
import msgspec
import pytest
from looped import PAGED, paged
from records import record, unanswered
from report_runs import HOSTILE, attempts, case_id, recorded, written
from viewer_runs import HOST, TOKEN, client, fill, named
from without import llmops_without

from pytest_llmops.cli.main import main
from pytest_llmops.runs.record import RecordFile
from pytest_llmops.viewer import shelf as shelf_module
from pytest_llmops.viewer.guard import new_token
from pytest_llmops.viewer.shelf import Shelf

ROOT = Path(__file__).parents[2]
PAGES = ("", "cases", "trend", "models", "page.js", "page.css", "plotly.js")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("runs")
    fill(found)
    return found


@pytest.fixture
def pages(folder):
    return client(folder)


@pytest.fixture
def ids(folder):
    return [shown.name for shown in Shelf(folder).runs()]


class Text(HTMLParser):
    """What a reader sees of a page."""

    def __init__(self, page):
        super().__init__()
        self.words = []
        self._hidden = 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):  # noqa: ARG002
        self._hidden += tag in {"script", "style"}

    def handle_endtag(self, tag):
        self._hidden -= tag in {"script", "style"}

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)


def read(answer, status=200):
    assert answer.status_code == status, answer.text
    return " ".join(" ".join(Text(answer.text).words).split())


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_refused_without_the_token(folder, page):
    for token in ("", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "..", "%2e%2e"):
        answer = client(folder, token=token).get(page)
        assert answer.status_code in {403, 404} if token == "" else answer.status_code == 403
        assert "records.jsonl" not in answer.text


def test_a_page_is_given_to_its_own_address_alone(pages):
    assert pages.get("").status_code == 200
    for name in ("evil.example", "evil.example:8000", "127.0.0.1", "127.0.0.1:8001"):
        assert pages.get("", headers={"host": name}).status_code == 403
    for origin in (
        "http://evil.example",
        "null",
        "http://127.0.0.1:8001",
        "https://127.0.0.1:8000",
    ):
        assert pages.get("", headers={"origin": origin}).status_code == 403
    for site in ("cross-site", "same-site"):
        assert pages.get("", headers={"sec-fetch-site": site}).status_code == 403
    own = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
    assert pages.get("", headers=own).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed_through_it(pages, method):
    assert pages.request(method, "").status_code == 405


@pytest.mark.parametrize("page", [*PAGES, "nothing", "run?run=nothing"])
def test_every_answer_forbids_scripts_from_elsewhere_and_tells_nobody(pages, page):
    headers = pages.get(page).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe-inline" not in policy.partition("style-src")[0]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"


def test_pages_ask_nothing_of_other_hosts(pages, ids):
    for page in (*PAGES[:4], f"run?run={ids[0]}"):
        text = pages.get(page).text
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', text)


def test_a_token_is_new_and_long_each_time():
    assert len({new_token() for _ in range(50)}) == 50
    assert len(new_token()) >= 32


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "page.css/../x"],
)
def test_no_path_leads_out(pages, path):
    assert pages.get(path).status_code in {403, 404}


def test_a_path_without_a_slash_is_refused(pages):
    assert pages.request("GET", "http://127.0.0.1:8000").status_code == 403


@pytest.mark.parametrize("name", ["../../secret", "/etc/passwd", "%00", "a" * 3000])
def test_a_name_of_a_run_is_no_path(pages, name):
    text = read(pages.get(f"run?run={quote(name)}"), 404)
    assert "no such run here" in text


def test_the_list_tells_of_each_run_what_one_looks_for(pages):
    text = read(pages.get(""))
    assert "shorter prompt" in text
    assert "shorter-prompt@1a2b3c4" in text
    assert "75.0 %" in text
    assert "18 of 24 attempts" in text
    assert "$0.24" in text  # dear: 24 attempts of a cent
    assert "$0.0109" in text  # by 22 solved
    assert "held" in text


@pytest.mark.parametrize(
    ("query", "left"),
    [("text=SHORTER", 1), ("text=1a2b3c", 1), ("model=dear", 1), ("verdict=held", 1),
     ("state=complete", 3), ("text=lora+base", 0), ("state=nonsense", 0)],
)  # fmt: skip
def test_filters_narrow_the_list(pages, query, left):
    rows = pages.get(f"?part=1&{query}").text
    assert rows.count('type="checkbox"') == left
    assert ("No run fits" in rows) == (not left)


def test_a_folder_without_runs_says_how_to_start(tmp_path):
    text = read(client(tmp_path).get(""))
    assert "pytest benchmarks --model=base" in text
    for page in ("cases", "trend", "models"):
        assert client(tmp_path).get(page).status_code == 200


def test_two_runs_are_compared_with_the_verdict_of_the_gate(pages, ids):
    text = read(pages.get(f"compare?run={ids[0]}&run={ids[1]}"))
    assert "lora against base" in text
    assert "held" in text
    assert "Cases that changed sides" in text
    swapped = read(pages.get(f"compare?run={ids[1]}&run={ids[0]}"))
    assert "base against lora" in swapped


def test_runs_that_were_ticked_are_compared_with_the_oldest(pages, ids):
    text = read(pages.get(f"compare?by=time&run={ids[2]}&run={ids[0]}"))
    assert "dear against base" in text
    alone = pages.get(f"compare?by=time&run={ids[2]}", follow_redirects=False)
    assert alone.headers["location"] == f"run?run={ids[2]}"


def test_runs_that_cannot_be_compared_say_why(tmp_path):
    one, other = recorded(attempts(8)), recorded(attempts(9), model="lora", number=1)
    written(tmp_path, one), written(tmp_path, named(other, suite_hash="f" * 16))
    text = read(client(tmp_path).get(f"compare?run={one.run.id}&run={other.run.id}"))
    assert "These runs cannot be compared" in text


def test_the_texts_of_a_case_come_when_they_are_asked_for(pages, ids):
    page = pages.get(f"compare?run={ids[0]}&run={ids[1]}").text
    assert "const a = 3" not in page
    case = quote(case_id(3))
    found = pages.get(f"texts?run={ids[0]}&run={ids[1]}&case={case}").json()
    assert [run["attempts"][0]["text"] for run in found["runs"]] == [
        "const a = 3;\nreturn a * 1.0;\n",
        "const a = 3;\nreturn a * 0.8;\n",
    ]
    missing = pages.get(f"texts?run={ids[0]}&case=nothing")
    assert (missing.status_code, "nothing" in missing.json()["error"]) == (404, True)


def test_cases_stand_by_runs_and_are_filtered(pages, ids):
    every = read(pages.get("cases"))
    assert "24 cases, 3 runs" in every
    rows = pages.get("cases?part=1&differ=1").text
    assert rows.count("<tr><th") == 10  # from the 13th to the 22nd
    assert 'class="c solved"' in rows
    assert pages.get("cases?part=1&text=case0005").text.count("<tr><th") == 1
    assert pages.get("cases?part=1&difficulty=hard").text.count("<tr><th") == 8
    assert pages.get("cases?part=1&outcome=unsolved").text.count("<tr><th") == 12
    assert pages.get(f"cases?part=1&run={ids[0]}").text.count('<td class="cell"') == 24
    hardest = pages.get("cases?part=1&sort=hardest").text
    assert case_id(22) in hardest.split("</tr>")[0]


def test_many_cases_come_page_by_page(tmp_path):
    written(tmp_path, recorded(attempts(250)))
    pages = client(tmp_path)
    seen, address = [], "cases?part=1"
    while address:
        text = pages.get(address).text
        seen += re.findall(r"case\d{4}(?=</bdi>)", text)
        found = re.search(r'data-more="([^"]+)"', text)
        address = found and found[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 250


def test_an_attempt_has_a_page_with_all_that_is_known(pages, ids):
    text = read(pages.get(f"attempt?run={ids[1]}&case={quote(case_id(20))}&sample=0"))
    assert "adds > both: expected 3 to be 4" in text
    assert "return a * 0.8" in text
    assert "write it" in text
    assert "output tokens 32" in text
    assert "The reference is not shown" in text
    assert "shorter-prompt@1a2b3c4" in text


@pytest.mark.parametrize("query", ["sample=7", "sample=x", "sample=-1", ""])
def test_an_attempt_that_is_not_there_is_told(pages, ids, query):
    text = read(pages.get(f"attempt?run={ids[0]}&case=nothing&{query}"), 404)
    assert "no attempt at 'nothing'" in text


def test_an_attempt_of_an_agent_has_its_turns(tmp_path):
    run = recorded(paged(PAGED))
    written(tmp_path, run)
    page = client(tmp_path).get(f"attempt?run={run.run.id}&case={quote(case_id(0))}").text
    data = msgspec.json.decode(re.search(r'id="data">(.*?)</script>', page)[1])
    assert [one["passing"] for one in data["trajectory"]["loop"]["turns"]] == [False, True]
    assert 'id="loop"' in page
    assert "<script>alert" not in page


def test_a_report_of_very_many_cases_leads_to_the_page_of_cases(tmp_path, monkeypatch):
    monkeypatch.setattr("pytest_llmops.viewer.reports.MOST_ROWS", 10)
    run = recorded(attempts(24))
    written(tmp_path, run)
    page = client(tmp_path).get(f"run?run={run.run.id}").text
    assert 'id="table"' not in page
    assert f'<a href="cases?run={run.run.id}">a page of their own</a>' in page


def test_an_answer_stands_beside_the_reference_of_its_case(tmp_path):
    answer = "```ts\nexport function padColored() {\n  return 41;\n}\n```"
    case = "starter:eval/ansi_text#padColored"
    written(tmp_path, recorded([record(case, text=answer)]))
    pages = client(tmp_path, ROOT / "cases" / "suites.toml")
    page = pages.get(f"attempt?run={recorded([]).run.id}&case={quote(case)}").text
    before, after = msgspec.json.decode(re.search(r'id="data">(.*?)</script>', page)[1])[
        "difference"
    ]
    assert "const missing" in before
    assert "return 41" in after


def test_where_there_is_no_answer_nothing_is_said_of_its_code(tmp_path):
    case = "starter:eval/ansi_text#padColored"
    written(tmp_path, recorded([unanswered(case=case)]))
    pages = client(tmp_path, ROOT / "cases" / "suites.toml")
    page = read(pages.get(f"attempt?run={recorded([]).run.id}&case={quote(case)}"))
    assert "There is no answer." in page
    assert "const missing" in page
    assert "holds no code" not in page


def test_a_run_without_texts_shows_no_reference(tmp_path):
    case = "starter:eval/ansi_text#padColored"
    run = named(recorded([record(case, text="", prompt=())]), content=False)
    written(tmp_path, run)
    pages = client(tmp_path, ROOT / "cases" / "suites.toml")
    text = read(pages.get(f"attempt?run={run.run.id}&case={quote(case)}"))
    assert "Texts were withheld" in text
    assert "const missing" not in text


def test_links_to_traces_are_on_the_page_of_an_attempt(tmp_path):
    run = written(tmp_path, recorded(attempts(2)))
    case = case_id(0)
    links = {f"{case}@0": {"mlflow": "https://traces.example/1", "trace": "ab"}}
    (run.path.parent / "links.json").write_bytes(msgspec.json.encode(links))
    text = client(tmp_path).get(f"attempt?run={run.run.id}&case={quote(case)}").text
    assert '<a href="https://traces.example/1" rel="noopener noreferrer"' in text


def test_hostile_texts_are_texts(tmp_path):
    run = recorded(attempts(3, text=HOSTILE), model=HOSTILE[:60])
    run = named(run, label=HOSTILE, id="20260101-hostile")
    written(tmp_path, run)
    pages = client(tmp_path)
    case = quote(case_id(0))
    for page in (
        "",
        "cases",
        "trend",
        "models",
        "run?run=20260101-hostile",
        f"attempt?run=20260101-hostile&case={case}",
    ):
        text = pages.get(page).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "\u202e" not in text


def test_models_are_ranked_and_those_that_are_not_beaten_marked(tmp_path):
    made = [("cheap", 0.5, 0.001), ("good", 0.9, 0.004), ("behind", 0.6, 0.01), ("free", 0.7, None)]
    for number, (model, solved, cost) in enumerate(made):
        written(
            tmp_path, recorded(attempts(20, solved=solved, cost=cost), model=model, number=number)
        )
    text = read(client(tmp_path).get("models"))
    order = [text.index(f" {name} ") for name in ("good", "free", "behind", "cheap")]
    assert order == sorted(order)
    assert text.count("★") == 2
    page = client(tmp_path).get("models").text
    line = msgspec.json.decode(re.search(r'id="data">(.*?)</script>', page)[1])
    assert line["charts"]["chart-leaders"]["data"][0]["y"] == [50.0, 90.0]


def test_a_trend_has_commits_and_a_lasting_change(tmp_path):
    for number in range(8):
        rate = 0.3 if number < 4 else 0.8
        written(tmp_path, recorded(attempts(40, solved=rate), number=number, id=f"run-{number}"))
    text = read(client(tmp_path).get("trend?measure=rate"))
    assert "better 30.0 % → 80.0 %" in text
    assert text.count("better") == 1
    for measure in ("dollars", "solved", "tokens", "nonsense"):
        assert client(tmp_path).get(f"trend?measure={measure}").status_code == 200


def test_a_broken_file_is_named_and_the_others_stand(tmp_path):
    fill(tmp_path)
    path = tmp_path / "broken" / "records.jsonl"
    path.parent.mkdir()
    first = next(tmp_path.glob("2*/records.jsonl")).read_bytes().splitlines(keepends=True)[0]
    path.write_bytes(first.replace(b'"id":"2026', b'"id":"broken') + b'{"type":"record", oops\n')
    pages = client(tmp_path)
    text = read(pages.get(""))
    assert f"{path}:2: not a line of a records file" in text
    assert "shorter prompt" in text
    for page in ("cases", "trend", "models"):
        assert pages.get(page).status_code == 200
    name = next(shown.name for shown in Shelf(tmp_path).runs() if shown.broken)
    assert f"{path}:2" in read(pages.get(f"run?run={name}"), 404)


def test_a_session_that_goes_on_is_followed(tmp_path, monkeypatch):
    monkeypatch.setattr(shelf_module, "FRESH", -1)
    run = recorded(attempts(6), ended=False)
    run = named(run, started=time.time() - 60)
    file = RecordFile(tmp_path, run.run)
    for one in run.records[:2]:
        file.write(one)
    pages = client(tmp_path)
    assert "2 of 6 attempts" in read(pages.get(f"run?run={run.run.id}"))
    file.write(run.records[2])
    text = read(pages.get(f"run?run={run.run.id}"))
    assert "3 of 6 attempts" in text
    assert "to go" in text
    with file.path.open("ab") as torn:
        torn.write(b'{"type":"record"')
    assert "3 of 6 attempts" in read(pages.get(f"run?run={run.run.id}"))
    file.close()


def test_a_killed_run_is_shown_as_far_as_it_came(tmp_path):
    run = written(tmp_path, recorded(attempts(24)[:10], ended=False, attempts=24))
    with run.path.open("ab") as torn:
        torn.write(b'{"type":"record","case":"torn')
    os.utime(run.path, (time.time() - 4000, time.time() - 4000))
    assert "interrupted" in read(client(tmp_path).get(""))
    assert "14 of 24 attempts missing" in read(client(tmp_path).get(f"run?run={run.run.id}"))


def test_a_file_that_is_replaced_by_a_shorter_one_is_read_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(shelf_module, "FRESH", -1)
    run = written(tmp_path, recorded(attempts(10)))
    shelf = Shelf(tmp_path)
    before = shelf.runs()[0]
    lines = run.path.read_bytes().splitlines(keepends=True)
    run.path.write_bytes(b"".join([*lines[:4], lines[-1]]))
    assert len(shelf.runs()[0].entries) == 3
    assert len(before.entries) == 10  # a page that is being made is not disturbed


def test_a_run_that_began_after_the_last_look_is_found_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("pytest_llmops.viewer.shelf.FRESH", 3600.0)
    shelf, run = Shelf(tmp_path), recorded(attempts(2))
    assert shelf.runs() == []
    written(tmp_path, run)
    assert shelf.runs() == []
    assert shelf.find(run.run.id).name == run.run.id


def test_two_files_of_one_run_are_told_apart(tmp_path):
    run = written(tmp_path, recorded(attempts(2)))
    copy = tmp_path / "copy" / "records.jsonl"
    copy.parent.mkdir()
    copy.write_bytes(run.path.read_bytes())
    assert [shown.name for shown in Shelf(tmp_path).runs()] == [run.run.id, f"{run.run.id}~2"]


def test_the_command_prints_an_address_that_opens_and_ends_with_ctrl_c(folder):
    code = f"from pytest_llmops.cli.main import main; main(['view', '--runs', {str(folder)!r}])"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32,}/", address)
            assert "shorter prompt" in httpx.get(address, trust_env=False).text
            wrong = address[:-3] + "xx/"
            assert httpx.get(wrong, trust_env=False).status_code == 403
        finally:
            process.send_signal(2)
        assert process.wait(10) in {0, 130}


def test_a_port_that_cannot_be_had_is_told(folder, capsys):
    assert main(["view", "--runs", str(folder), "--port", "70000"]) == 2
    assert capsys.readouterr().err.startswith("llmops: --port 70000: no port has that number")


def test_a_run_that_is_not_there_is_told_before_anything_is_served(folder, capsys):
    assert main(["view", "nothing", "--runs", str(folder)]) == 2
    assert "nothing: no such run or records file" in capsys.readouterr().err


def test_without_its_extra_the_command_names_it(tmp_path):
    result = llmops_without("starlette", ["view"], tmp_path)
    assert result.returncode == 2
    assert result.stderr == ("llmops: this needs starlette: pip install 'pytest-llmops[view]'\n")
