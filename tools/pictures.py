"""Draw the pictures of a report in docs/ and the README: what the tutorial's reader sees.

    python tools/pictures.py

Runs the commands of docs/tutorial.md up to the change that the gate rejects, in a new folder, and
looks at the report of that change in Chromium, which must be on the PATH.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
PORT = 8099
"""Of the tutorial's endpoint."""
UNTIL = "## 7."
"""The part of the tutorial that is not run any more."""
PROGRAMS = ("chromium", "chromium-browser", "chrome")
WIDTH, HEIGHT = 1000, 640


def run_tutorial(folder: Path) -> None:
    """What its reader does, from the third part on; the change that is rejected stays."""
    script = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert script
    (folder / "endpoint.py").write_text(script[1], "utf-8")
    part = PAGE[PAGE.index("## 3.") : PAGE.index(UNTIL)]
    commands = re.findall(r"^\$ (.+)$", part, re.MULTILINE)[:-1]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen([sys.executable, "endpoint.py"], cwd=folder) as endpoint:
        try:
            wait()
            for command in commands:
                print(command, flush=True)
                environment = {**os.environ, "PATH": path, "PYTEST_ADDOPTS": "--no-cache"}
                subprocess.run(["sh", "-c", command], cwd=folder, env=environment, check=False)
        finally:
            endpoint.kill()


def wait() -> None:
    """Until the endpoint listens."""
    for _ in range(300):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", PORT)) == 0:
                return
        time.sleep(0.1)
    sys.exit("pictures: the endpoint of the tutorial does not listen")


def draw(page: Page, output: Path) -> None:
    """The top of the report, and its charts of tokens."""
    page.screenshot(path=output / "report.png")
    page.locator("#tokens").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#tokens').scrollIntoView()")
    page.wait_for_timeout(1000)  # plotly draws what has come into sight
    page.screenshot(path=output / "report-tokens.png")


def main() -> None:
    """Make the report, and look at it."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        folder = Path(place)
        run_tutorial(folder)
        file = folder / "report.html"
        command = [Path(sys.executable).with_name("llmops"), "report", "mini", "latest"]
        subprocess.run([*command, "--output", file], cwd=folder, check=True)
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(file.as_uri())
        page.wait_for_selector("#table tbody tr")
        draw(page, output)
        browser.close()


if __name__ == "__main__":
    main()
