"""Wiring: what pytest asks, answered by functions that do not know pytest.

The controller (the only process, or that of `-n`) starts the model, sends every request as soon as
collection has told which attempts are selected, and writes all records. Tests, in the controller
or in a worker, wait for their answer and grade it; the record rides on the test report.
"""

import os
import re
from collections.abc import Generator, Mapping
from typing import Any, cast

import msgspec
import pytest

from pytest_llmops.errors import Decided, LlmopsError, RecordError
from pytest_llmops.generation.keys import Key
from pytest_llmops.session import options
from pytest_llmops.session.attempt import Attempt
from pytest_llmops.session.controller import Controller
from pytest_llmops.session.telling import Status, brief, shortened, status
from pytest_llmops.session.worker import Worker
from pytest_llmops.tasks.selection import select

_ATTEMPT_ID = re.compile(r"@\d+\]$")

WIRING = pytest.StashKey["Wiring"]()
ATTEMPT = pytest.StashKey[Attempt]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the command line and the settings of the configuration file."""
    options.declare(parser.getgroup("llmops", "benchmarks of code models").addoption)
    default = options.Configured()
    parser.addini("llmops_models", "file that names the models", default=default.models)
    parser.addini("llmops_suites", "file that names the suites", default=default.suites)
    parser.addini("llmops_baselines", "folder of the baselines", default=default.baselines)
    parser.addini("llmops_sinks", "sinks of every run", type="args", default=())


def pytest_configure(config: pytest.Config) -> None:
    """Hang the session on the configuration; it costs nothing until a test asks for it."""
    config.stash[WIRING] = wiring = Wiring(config)
    config.pluginmanager.register(wiring, "llmops-wiring")


@pytest.fixture
def attempt(request: pytest.FixtureRequest) -> Generator[Attempt]:
    """One attempt at a case; see `pytest_llmops.session.attempt.Attempt`."""
    made = request.config.stash[WIRING].session.attempt(request.param)
    request.node.stash[ATTEMPT] = made
    with made.traced(os.environ):
        yield made


class Wiring:
    """The hooks of one pytest process."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._session: Controller | Worker | None = None

    @property
    def session(self) -> Controller | Worker:
        """The session of this process, made when first asked for."""
        if self._session is None:
            self._session = self._make_session()
        return self._session

    @property
    def controller(self) -> Controller | None:
        """The session, where this process has one and it is the controller."""
        return self._session if isinstance(self._session, Controller) else None

    def _make_session(self) -> Controller | Worker:
        try:
            configured = options.configured(self.config.getini)
            parsed = options.parse(vars(self.config.option), self.config.rootpath, configured)
            selection = select(parsed.choice)
            if hasattr(self.config, "workerinput"):
                broker, run = self.config.workerinput.get("llmops") or (None, "")
                return Worker(parsed, selection, broker, run=run)
            return Controller(parsed, selection)
        except LlmopsError as error:
            raise pytest.UsageError(str(error)) from None

    def pytest_sessionstart(self) -> None:
        """Refuse a wrong command line before anything is collected."""
        option = self.config.option
        if (option.model or option.gate is not None) and not hasattr(self.config, "workerinput"):
            self._session = self._session or self._make_session()

    def pytest_report_header(self) -> list[str]:
        """Say who is asked what, and which suites could not be reached."""
        session = self.session if self.config.getoption("model") else None
        return session.header() if isinstance(session, Controller) else []

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make every test that takes `attempt` run once an attempt."""
        if _takes_attempt(metafunc.definition):
            attempts = self.session.attempts
            metafunc.parametrize("attempt", attempts.values(), ids=attempts.keys(), indirect=True)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Bring attempts into the order in which a sequential gate asks for them."""
        made = [item for item in items if _takes_attempt(item)]
        if made and self.session.sequential:
            order = self.session.order(list(dict.fromkeys(map(_key, made))))
            place = {key: number for number, key in enumerate(order)}
            ordered = iter(sorted(made, key=lambda item: place[_key(item)]))
            items[:] = [next(ordered) if _takes_attempt(item) else item for item in items]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Start the model and send all requests; with pytest-xdist (`dsession`) workers select."""
        option = self.config.option
        if session.testsfailed or option.collectonly or option.setuponly or option.setupplan:
            return
        if self.controller and not self.config.pluginmanager.hasplugin("dsession"):
            items = [item for item in session.items if _takes_attempt(item)]
            self._announce(self.controller, {item.nodeid: _key(item) for item in items})

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a starting worker where its completions come from (pytest-xdist)."""
        if self.config.getoption("model"):
            assert isinstance(self.session, Controller)
            node.workerinput["llmops"] = self.session.broker(), self.session.run

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """All workers collect the same tests; the first to end says which (pytest-xdist)."""
        session = self.session if any(map(_ATTEMPT_ID.search, ids)) else self.controller
        if isinstance(session, Controller):
            self._announce(session, session.selection.find_attempts(ids))

    def _announce(self, controller: Controller, keys: Mapping[str, Key]) -> None:
        if controller.announced:
            return
        try:
            controller.announce(keys)
        except LlmopsError as error:
            self._fail(f"no verdict: {error}" if self.config.option.gate else "")
            raise pytest.UsageError(str(error)) from None
        reporter = self.config.pluginmanager.getplugin("terminalreporter")
        if controller.announced and reporter.isatty and self.config.get_verbosity() == 0:
            reporter.showfspath = False  # a file name would tear the line
            controller.show_progress()

    def _fail(self, reason: str) -> None:
        """Let all that count tests, a JUnit file say, count a gate that fails as a failed one."""
        if reason:
            where = ("llmops", None, "gate")
            report = pytest.TestReport("llmops::gate", where, {}, "failed", reason, "call")
            self.config.hook.pytest_runtest_logreport(report=report)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None]:
        """Skip an attempt that the gate does not need any more."""
        try:
            yield
        except Decided as reason:
            pytest.skip(str(reason))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the record on the report, which travels to the controller."""
        report = yield
        made = item.stash.get(ATTEMPT, None)
        if made is not None and call.when == "call" and not report.skipped:
            record = made.record(content=self.session.options.content, error=_fault(item, call))
            item.user_properties += record.properties()
            report.longrepr = shortened(report.longrepr, call.excinfo)
            report.__dict__["llmops"] = msgspec.json.encode(record).decode()
            report.__dict__["llmops_solved"] = record.solved  # what is plain travels with a report
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the record of a finished attempt."""
        if self.controller is None or not self.controller.announced:
            return
        if not self.controller.attendance.counts(report.nodeid, report.outcome):
            return
        try:
            if hasattr(report, "llmops"):
                self.controller.keep(report.llmops)
            elif report.failed:
                self.controller.keep_fault(report.nodeid, brief(report))
            if report.when not in {"setup", "call"}:  # `???` where a worker has crashed
                self.controller.attempt_ended(report.nodeid)
        except RecordError as error:
            kept = "; answers so far are in the completion cache"
            pytest.exit(f"{error}{kept if self.controller.has_cache else ''}", 3)

    def pytest_report_teststatus(
        self, report: pytest.CollectReport | pytest.TestReport
    ) -> Status | None:
        """Count attempts as solved or unsolved; passed and failed are words for the harness."""
        return status(report, quiet=bool(self.controller and self.controller.progress))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """End the run, let its gate decide, and let go of model, workers and sandbox."""
        if self.controller:
            try:
                session.exitstatus = self.controller.finish(int(exitstatus))
            except RecordError as error:
                pytest.exit(str(error), 3)
            self._fail(self.controller.gate_failure)
        elif self._session:
            self._session.close()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the run in numbers."""
        if self.controller and self.controller.announced:
            writer = terminalreporter._tw  # its width and colour have no public name
            terminalreporter.ensure_newline()
            terminalreporter.section("llmops")
            text = self.controller.summary(width=writer.fullwidth, color=writer.hasmarkup)
            terminalreporter.write_line(text)

    def pytest_unconfigure(self) -> None:
        """Leave nothing behind where the session did not end by itself."""
        if self._session:
            self._session.close()


def _takes_attempt(item: pytest.Item | pytest.Function) -> bool:
    """Whether a test takes the fixture of this plugin, and not another one of the same name."""
    info = getattr(item, "_fixtureinfo", None)  # has no public name
    definitions = info.name2fixturedefs.get("attempt", ()) if info else ()
    return any(one.func.__module__ == __name__ for one in definitions[-1:])


def _key(item: pytest.Item) -> Key:
    assert isinstance(item, pytest.Function)
    return cast("Key", item.callspec.params["attempt"])


def _fault(item: pytest.Item, call: pytest.CallInfo[None]) -> str:
    """Why the harness failed; "" where the test passed, or judged by an assertion of its own."""
    if call.excinfo is None:
        return ""
    own = call.excinfo.traceback[-1].path == item.path
    if own and call.excinfo.errisinstance((AssertionError, pytest.fail.Exception)):
        return ""
    return call.excinfo.exconly()
