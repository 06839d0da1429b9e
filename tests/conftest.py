"""Fixtures of several test modules, and what CI makes of skipped tests."""

import os
import shutil
import sys
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from browsers import ARGUMENTS, CHROMIUM
from project import write_benchmark, write_suite

from pytest_llmops.cli.main import main

SKIPS = Path(__file__).with_name("skips.toml")
TINY = Path(__file__).parent.parent / "examples" / "agents" / "tiny.py"


@pytest.fixture(scope="session")
def mined(tmp_path_factory):
    """A folder with the small suite, mined."""
    folder = tmp_path_factory.mktemp("mined")
    write_suite(folder)
    suites = str(folder / "cases" / "suites.toml")
    assert main(["mine", "functions", "--suite", "mini", "--suites", suites]) == 0
    return folder


@pytest.fixture
def agent_project(pytester, mined, monkeypatch):
    """The small suite with its benchmark, the agent of the examples, and a cache of its own."""
    if sys.platform != "linux":
        pytest.skip("agents run on Linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    shutil.copy(TINY, pytester.path)
    return pytester


@pytest.fixture(scope="module")
def browser():
    """Chromium, driven by playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield found
        found.close()


class NoSilentSkips:
    """Fails a session in which a test was skipped that `skips.toml` does not name."""

    def __init__(self, allowed):
        self.allowed = allowed
        self.unnamed = []

    def pytest_runtest_logreport(self, report):
        self.note(report)

    def pytest_collectreport(self, report):
        self.note(report)

    def note(self, report):
        if report.skipped and not any(fnmatchcase(report.nodeid, one) for one in self.allowed):
            reason = (
                report.longrepr[2] if isinstance(report.longrepr, tuple) else "expected to fail"
            )
            self.unnamed.append(f"{report.nodeid}: {reason}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session):
        if self.unnamed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self.unnamed:
            terminalreporter.section(f"skipped, and not named in {SKIPS.name}", red=True)
            for line in self.unnamed:
                terminalreporter.line(line)


def pytest_configure(config):
    is_worker = hasattr(config, "workerinput")
    if os.environ.get("CI") == "true" and not is_worker:
        config.pluginmanager.register(NoSilentSkips(tomllib.loads(SKIPS.read_text("utf-8"))))
