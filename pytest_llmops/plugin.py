"""Wiring: what pytest asks, answered by functions that do not know pytest.

The controller (the only process, or that of `-n`) starts the model, sends every request as soon as
collection has told which attempts are selected, and writes all records. Tests, in the controller
or in a worker, wait for their answer and grade it; the record rides on the test report.
"""

import gc
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_llmops import guest
from pytest_llmops.errors import LlmopsError, RecordError
from pytest_llmops.generation.keys import Key
from pytest_llmops.session import configured, faults, names
from pytest_llmops.session import items as seen
from pytest_llmops.session.declared import of_gates
from pytest_llmops.session.keeping import Keeping
from pytest_llmops.session.making import Making

if TYPE_CHECKING:  # what costs time is imported by the session that runs attempts, or asks for them
    from pytest_llmops.session.attempt import Attempt
    from pytest_llmops.session.controller import Controller
    from pytest_llmops.session.worker import Worker

LEFT = pytest.StashKey[Sequence[str]]()  # options of ours whose names others have


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the settings of the configuration file; `guest` sees to the command line."""
    if not pluginmanager.is_registered(guest):
        pluginmanager.register(guest, "llmops")
    configured.declare(parser.addini)


def pytest_configure(config: pytest.Config) -> None:
    """Hang the session on the configuration; it costs nothing until a test asks for it."""
    if LEFT not in config.stash:
        raise pytest.UsageError(names.LOADED_LATE)
    wiring = Wiring(config)
    config.add_cleanup(wiring.thaw)  # so early, it comes after pytest's own last collection
    config.pluginmanager.register(wiring, "llmops-wiring")
    config.pluginmanager.register(faults, "llmops-faults")
    config.pluginmanager.register(
        Making(
            lambda: wiring.session,
            travels=wiring.is_worker,
            skip=pytest.skip,
            judged=(AssertionError, pytest.fail.Exception),
        ),
        "llmops-making",
    )


@pytest.fixture
def attempt(request: pytest.FixtureRequest) -> "Attempt":
    """One attempt at a case; see `pytest_llmops.session.attempt.Attempt`.

    A test has it already (`making`); who comes here is a fixture that takes it.
    """
    made = cast("Attempt", request.node.stash[seen.ATTEMPT])
    cast("Making", request.config.pluginmanager.get_plugin("llmops-making")).enter(made)
    return made


class Wiring:
    """The hooks of one pytest process."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.values = names.by_name(vars(config.option))
        self._session: Controller | Worker | None = None
        self.is_worker = hasattr(config, "workerinput")
        self._frozen = False

    @property
    def session(self) -> "Controller | Worker":
        """The session of this process, made when first asked for."""
        if self._session is None:
            self._session = self._make_session()
        return self._session

    @property
    def controller(self) -> "Controller | None":
        """The session, where this process has one and it is the controller."""
        return None if self.is_worker else cast("Controller | None", self._session)

    def _make_session(self) -> "Controller | Worker":
        from pytest_llmops.session.opening import open_controller, open_worker  # noqa: PLC0415

        given = self.values, self.config.rootpath, configured.configured(self.config.getini)
        try:
            if self.is_worker:
                broker, run = vars(self.config)["workerinput"].get("llmops") or (None, "")
                return open_worker(*given, broker, run=run)
            return open_controller(*given)
        except LlmopsError as error:
            raise pytest.UsageError(str(error)) from None

    def pytest_sessionstart(self) -> None:
        """Refuse a wrong command line before anything is collected."""
        asks = self.values["model"] is not None or self.values["gate"] is not None
        if (asks or of_gates(self.values)) and not self.is_worker:
            self._session = self._session or self._make_session()

    def pytest_report_header(self) -> list[str]:
        """Say who is asked what, and what is left out: suites, and names that others have."""
        wanted = self.values["model"] and self.session is self.controller
        head = self.controller.header() if wanted and self.controller else []
        return [*names.told(self.config.stash[LEFT]), *head]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make every test that takes `attempt` run once per attempt; without a model, be skipped.

        Then, where nobody names or lists attempts, one test stands for all and no suite is opened.
        """
        if seen.takes_attempt(metafunc.definition):
            reason = names.no_model(self.config.stash[LEFT])
            marks = () if self.values["model"] else (pytest.mark.skip(reason=reason),)
            listed = self.config.option.collectonly or any("[" in arg for arg in self.config.args)
            all_of_them = {seen.NO_MODEL: None} if marks and not listed else self.session.attempts
            made = [pytest.param(key, id=name, marks=marks) for name, key in all_of_them.items()]
            metafunc.parametrize("attempt", made, indirect=True)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Bring attempts into the order in which a sequential gate asks for them."""
        made = [item for item in items if seen.takes_attempt(item)]
        if made and self.values["model"] and self.session.sequential:
            order = self.session.order([*dict.fromkeys(map(seen.key_of, made))])
            place = {key: number for number, key in enumerate(order)}
            ordered = iter(sorted(made, key=lambda item: place[seen.key_of(item)]))
            items[:] = [next(ordered) if seen.takes_attempt(item) else item for item in items]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Start the model and send all requests; with pytest-xdist (`dsession`) workers select."""
        option = self.config.option
        if session.testsfailed or option.collectonly or option.setuponly or option.setupplan:
            return
        if not self.config.pluginmanager.hasplugin("dsession"):
            items = [item for item in session.items if seen.takes_attempt(item)]
            self._require(bool(items or not session.items))
            if items:  # pytest keeps tests to the end: no collection need look at them again
                gc.freeze()
                self._frozen = True
            if self.controller and self.values["model"]:
                self._announce(self.controller, {item.nodeid: seen.key_of(item) for item in items})

    def thaw(self) -> None:
        """Let collections look at the tests again, if they do not."""
        if self._frozen:
            gc.unfreeze()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a starting worker where its completions come from (pytest-xdist)."""
        if self.values["model"]:
            assert self.controller
            node.workerinput["llmops"] = self.controller.broker, self.controller.run

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """All workers collect the same tests; the first to end says which (pytest-xdist)."""
        self._require(any(map(seen.is_attempt, ids)) or not ids)
        if self.controller and self.values["model"]:
            self._announce(self.controller, self.controller.selection.find_attempts(ids))

    def _require(self, attempts: bool) -> None:
        """Refuse a session that names suites and has tests, none of which runs a case of them."""
        if self.values["suite"] and not attempts:
            raise pytest.UsageError(names.no_attempt(self.values["suite"]))

    def _announce(self, controller: "Controller", keys: Mapping[str, Key]) -> None:
        if controller.announced:
            return
        try:
            controller.announce(keys)
        except LlmopsError as error:
            self._fail(f"no verdict: {error}" if self.values["gate"] else "")
            raise pytest.UsageError(str(error)) from None
        if controller.announced:
            keeping = Keeping(controller, pytest.exit)
            self.config.pluginmanager.register(keeping, "llmops-keeping")
        reporter = self.config.pluginmanager.getplugin("terminalreporter")
        if (
            controller.announced
            and reporter
            and reporter.isatty
            and self.config.get_verbosity() == 0
        ):
            reporter.showfspath = False  # a file name would tear the line
            controller.show_progress()

    def _fail(self, reason: str) -> None:
        """Let all that count tests, a JUnit file say, count a gate that fails as a failed one."""
        if reason:
            where = ("llmops", None, "gate")
            report = pytest.TestReport("llmops::gate", where, {}, "failed", reason, "call")
            self.config.hook.pytest_runtest_logreport(report=report)

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
        """Show the run in numbers, or say why there is none."""
        writer = terminalreporter._tw  # its width and colour have no public name
        if self.controller and self.controller.announced:
            terminalreporter.ensure_newline()
            terminalreporter.section("llmops")
            width, color = writer.fullwidth, writer.hasmarkup
            terminalreporter.write_line(self.controller.summary(width=width, color=color))
        elif not self.values["model"] and (skipped := seen.unasked(terminalreporter.stats)):
            told = names.no_model(self.config.stash[LEFT])
            terminalreporter.write_line(f"llmops: {skipped} skipped: {told}")

    def pytest_unconfigure(self) -> None:
        """Leave nothing behind where the session did not end by itself."""
        if self._session:
            self._session.close()
