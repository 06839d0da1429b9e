"""Where CI=true, a test that is skipped fails the run unless `skips.toml` names it."""

import os
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

SKIPS = Path(__file__).with_name("skips.toml")


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
