"""The viewer's table of cases by runs against one that DataTables draws, in Chromium.

    pip install itables && python benchmarks/perf/viewer_rivals.py [--cases 1000] [--rounds 5]

itables is the kept package that ships DataTables. Its page gets all cells of 20 runs as data and
makes the rows that are seen; the viewer sends the rows that are seen. Both have the viewer's
content security policy. "open" goes from the address to rows on the screen, of pages asked for
before.
"""

import argparse
import importlib.util
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from viewer import LLMOPS, write

from pytest_llmops.viewer.guard import POLICY

RUNS = 20
WORDS = ("f", "file01", "file01 function", "")
PAGE = f"""<!doctype html><meta http-equiv="Content-Security-Policy" content="{
    POLICY.partition(" base-uri")[0]
}"><link rel="stylesheet" href="dt_bundle.css"><table id="table" class="display compact"></table>
<script type="module" src="rival.js"></script>"""
SCRIPT = """
import { jQuery } from "./dt_bundle.js";
const rows = await (await fetch("rows.json")).json();
const mark = (cell, kind) => kind === "display"
  ? `<a class="c ${cell.split(",")[0]}" href="attempt" title="${cell}"></a>` : cell;
const runs = rows[0].slice(2).map((_, at) => ({ title: `run ${at}`, render: mark }));
const table = jQuery("#table").DataTable({
  data: rows, columns: [{ title: "Case" }, { title: "Difficulty" }, ...runs],
  deferRender: true, scroller: true, scrollY: 600, autoWidth: false,
  layout: { topStart: null, topEnd: null, bottomStart: "info" },
});
window.find = (words) => table.search(words).draw();
window.ready = performance.now();
"""
OPENED = """() => window.ready ?? (document.querySelectorAll("#rows tr").length > 20
  && performance.getEntriesByType("navigation")[0].loadEventEnd)"""
RIVAL_FILTERS = """(words) => {
  const began = performance.now();
  window.find(words);
  return performance.now() - began;
}"""
OURS_FILTERS = """async (words) => {
  const field = document.querySelector("[name=text]");
  const began = performance.now();
  await new Promise((done) => {
    new MutationObserver((_, seen) => { seen.disconnect(); done(); })
      .observe(document.getElementById("rows"), { childList: true });
    field.value = words;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return performance.now() - began;
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""


def rival(folder: Path, cases: int) -> ThreadingHTTPServer:
    """A server of the other page, with as many cells."""
    found = importlib.util.find_spec("itables")
    if found is None or found.origin is None:
        sys.exit("viewer_rivals: this compares with itables: pip install itables")
    for name in ("dt_bundle.js", "dt_bundle.css"):
        (folder / name).write_bytes((Path(found.origin).parent / "html" / name).read_bytes())
    draw = random.Random(1)
    outcomes = ("solved", "wrong", "truncated")
    rows = [
        [f"made:eval/file{at // 60:02}#function{at:04}", ("easy", "medium", "hard")[at % 3]]
        + [f"{draw.choice(outcomes)}, {draw.randrange(20, 500)} tokens" for _ in range(RUNS)]
        for at in range(cases)
    ]
    (folder / "rows.json").write_text(json.dumps(rows), "utf-8")
    (folder / "index.html").write_text(PAGE, "utf-8")
    (folder / "rival.js").write_text(SCRIPT, "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def measure(page: Page, address: str, filters: str) -> tuple[float, float]:
    """Milliseconds until rows are seen, and the slowest filter's."""
    page.goto(address)
    opened = 0.0
    while not opened:  # the policy forbids what `wait_for_function` does
        page.wait_for_timeout(20)
        opened = float(page.evaluate(OPENED) or 0)
    return opened, max(float(page.evaluate(filters, words)) for words in WORDS)


def main() -> None:
    """Print the medians of both, asked in turn."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=1000, help="rows; 1000")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is opened; 5")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        runs, other = Path(name, "runs"), Path(name, "other")
        runs.mkdir()
        other.mkdir()
        write(runs, RUNS, options.cases)
        server = rival(other, options.cases)
        command = [str(LLMOPS), "view", "--runs", str(runs)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            ours = process.stdout.readline().strip() + "cases"
            sides = {
                "ours": (ours, OURS_FILTERS),
                "DataTables": (f"http://127.0.0.1:{server.server_port}/", RIVAL_FILTERS),
            }
            browser = driver.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            found: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
            for turn in range(options.rounds + 1):
                for side, (address, filters) in sides.items():
                    result = measure(page, address, filters)
                    found[side] += [result] if turn else []  # the first one warms
            browser.close()
            process.terminate()
        print(f"{options.cases:,} cases by {RUNS} runs, milliseconds{'open':>10}{'filter':>10}")
        for side, results in found.items():
            medians = [statistics.median(column) for column in zip(*results, strict=True)]
            print(f"{side:39}{medians[0]:10.0f}{medians[1]:10.0f}")


if __name__ == "__main__":
    main()
