"""Draw the pictures of docs/reports.md and the README: a report as a browser shows it.

    python tools/pictures.py RUN [--baseline base] [--runs FOLDER]

RUN is a run of the suite `starter`; the pictures of the repository are of the embedded model that
is asked for code alone, `instruction = "..."` in models.toml, against the baseline `base`.
Needs Chromium on the PATH.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
PROGRAMS = ("chromium", "chromium-browser", "chrome")
WIDTH, HEIGHT = 1100, 700


def write_report(folder: Path, options: argparse.Namespace) -> Path:
    """The report as HTML, made as a user makes it."""
    file = folder / "report.html"
    command = [Path(sys.executable).with_name("llmops"), "report", options.baseline, options.run]
    command += ["--runs", options.runs, "--baselines", options.baselines, "--output", str(file)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return file


def draw(page: Page, output: Path) -> None:
    """The top of the report, and the first case that changed sides."""
    page.screenshot(path=output / "report.png")
    changed = page.locator("#changed")
    changed.scroll_into_view_if_needed()
    changed.locator("summary, button").first.click()
    page.screenshot(path=output / "report-case.png")


def main() -> None:
    """Make the report, and look at it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--baseline", default="base")
    parser.add_argument("--baselines", default=str(ROOT / "benchmarks" / "baselines"))
    parser.add_argument("--runs", default="runs")
    parser.add_argument("--output", type=Path, default=ROOT / "docs")
    options = parser.parse_args()
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(write_report(Path(folder), options).as_uri())
        page.wait_for_selector("#table tbody tr")
        draw(page, options.output)
        browser.close()


if __name__ == "__main__":
    main()
