"""What the sandboxed Python does: gets ready, waits for one job, runs pytest on it, reports.

It is run as a script where nothing of this package is, and speaks as `channel.mjs` does.

Nothing here protects a verdict. Code of the job runs in this very process, where Python hides
nothing from it: what is reported is what that code lets be reported. What it can't know is which
tests of a job expect what is right (`pool.py`); the words of the channel only keep a report whole.
"""

import ast
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_, CHANNEL, MEMORY, SITE, TREE = sys.argv
sys.path.append(SITE)

import pytest  # noqa: E402 - it lies there

Row = tuple[str, str, bool, str]
"""File and title of a test, whether it passed, and why not."""
WORD, HEADER = 32, 80
MESSAGE_LIMIT, TITLE_LIMIT, TOTAL_LIMIT, DETAIL_LIMIT = 2_000, 10_000, 500_000, 2_000
OWN_MEMORY = 64 * 2**20
"""Bytes that the interpreter and pytest hold before a job comes."""
PATIENCE = 10.0
"""Seconds after a report in which the parent ends this process."""
REFUSED = "an answer may import what its file does, and modules without effect"
PLAIN = {
    *("byteorder", "float_info", "getrecursionlimit", "getsizeof", "hash_info", "hexversion"),
    *("implementation", "int_info", "intern", "maxsize", "maxunicode", "platform"),
    *("setrecursionlimit", "version", "version_info"),
}
"""What any text may use of `sys`, which leads to all modules."""
OPTIONS = (
    *("-q", "-p", "no:cacheprovider", "--capture=sys", "--tb=line", "-W", "default"),
    *("--rootdir", TREE, "-c", f"{TREE}/pytest.ini", "--continue-on-collection-errors"),
)


class Collector:
    """The plugin that takes what pytest says of each test."""

    def __init__(self) -> None:
        self.tests: dict[tuple[str, str], tuple[list[tuple[str, str]], list[str]]] = {}
        self.notes: list[str] = []
        self.broken = False
        self.starved = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take one phase of a test, or one of its subtests."""
        file, _, title = report.nodeid.partition("::")
        phases, messages = self.tests.setdefault((file, title), ([], []))
        expected = hasattr(report, "wasxfail")
        phases.append((report.when, "skipped" if expected else report.outcome))
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            messages.append(crash.message if crash else report.longreprtext)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that does not load."""
        if report.failed:
            self.broken = True
            self.notes.append(f"{report.nodeid}: {_last(report.longreprtext)}")

    def pytest_exception_interact(self, call: pytest.CallInfo[object]) -> None:
        """Note that memory ran out."""
        self.starved |= call.excinfo is not None and call.excinfo.errisinstance(MemoryError)

    def rows(self) -> Iterator[Row]:
        """Yield the tests that ran: file, title, whether it passed, and why not."""
        for (file, title), (phases, messages) in self.tests.items():
            outcomes = [outcome for _, outcome in phases]
            ran = ("call", "passed") in phases or "failed" in outcomes
            if ran:
                passed = "failed" not in outcomes and ("call", "passed") in phases
                yield file, title, passed, "" if passed else (messages or ["failed"])[0]


def _last(text: str) -> str:
    lines = [line.removeprefix("E").strip() for line in text.splitlines() if line.startswith("E")]
    return lines[-1] if lines else text.strip()[-500:]


def read_exactly(length: int) -> bytes:
    """Read from standard input; ends the process where the parent has no job for it."""
    data = bytearray()
    while len(data) < length:
        more = os.read(0, length - len(data))
        if not more:
            os._exit(0)
        data += more
    return bytes(data)


def write_all(data: bytes) -> None:
    """Write to the channel, again and again where it does not block."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(int(CHANNEL), view) :]
        except BlockingIOError:
            time.sleep(0.001)


def fault_of(path: str, text: str, allowed: list[str] | None) -> tuple[str, str] | None:
    """Status and detail against a text that is no code or imports what it must not."""
    try:
        tree = ast.parse(text, path)
        compile(text, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return "syntax_error", f"{path}: {error}"
    if allowed is None:
        return None
    for node in ast.walk(tree):
        for name in imports_of(node):
            if name == "sys" and name not in allowed:
                if other := other_of_sys(tree):
                    return "forbidden_import", f"{path}: imports sys for {other}; {REFUSED}"
            elif not any(name == one or name.startswith(f"{one}.") for one in allowed):
                return "forbidden_import", f"{path}: imports {name}; {REFUSED}"
    return None


def other_of_sys(tree: ast.AST) -> str:
    """What a text uses of `sys` beside what is plain; "" for nothing."""
    nodes = [*ast.walk(tree)]
    told = [
        (node, alias)
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    used = {one.name for node, one in told if getattr(node, "module", "") == "sys"}
    names = {one.asname or "sys" for node, one in told if one.name == "sys"}
    whole = {one for one in nodes if isinstance(one, ast.Name) and one.id in names}
    parts = [one for one in nodes if isinstance(one, ast.Attribute) and one.value in whole]
    if len(parts) < len(whole):
        return "more than its parts"
    return next(iter(sorted(used.union(one.attr for one in parts) - PLAIN)), "")


def imports_of(node: ast.AST) -> list[str]:
    """Names of modules that a statement imports, those of its own package in full."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    if not node.level:
        return [node.module or ""]
    return ["." * node.level + (node.module or "")]


def lay_out(files: dict[str, str]) -> None:
    """Write the files of a job into the folder that it has to itself."""
    for path, text in {**files, "pytest.ini": "[pytest]\n"}.items():
        place = Path(TREE, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())


def judged(job: dict[str, Any]) -> tuple[str, list[Row], str]:
    """Run a job: status, rows and detail."""
    for path, text in job["overlay"].items():
        if fault := fault_of(path, text, job["allowed"].get(path)):
            return (fault[0], [], fault[1])
    lay_out({**job["files"], **job["overlay"]})
    os.chdir(TREE)
    sys.path[:0] = [str(Path(TREE, one)) for one in job["roots"]]
    collector = Collector()
    try:
        status = pytest.main([*OPTIONS, *job["tests"]], plugins=[collector])
    except MemoryError:
        collector.starved, status = True, 3
    except BaseException as error:  # noqa: BLE001 - SystemExit and whatever else ends pytest
        return "load_error", [], f"it ends the run: {type(error).__name__}: {error}"
    rows, notes = [*collector.rows()], "\n".join(collector.notes)
    if collector.starved:
        return "out_of_memory", rows, "MemoryError"
    if collector.broken or status not in (0, 1, 5):
        return "load_error", rows, notes or f"pytest ended with status {int(status)}"
    return "finished", rows, notes


def body_of(status: str, rows: list[Row], detail: str) -> bytes:
    """The body of a report (`channel.py`), its texts within a bound."""
    left = TOTAL_LIMIT
    told = []
    for file, title, passed, message in rows:
        short = str(message)[: min(MESSAGE_LIMIT, left)]
        left -= len(short)
        told.append([plain(file), plain(title[:TITLE_LIMIT]), passed, plain(short), 0, 0, 0])
    return json.dumps([status, told, plain(detail[:DETAIL_LIMIT])]).encode()


def plain(text: str) -> str:
    """A text without lone surrogates, which are no Unicode."""
    return text.encode("utf-8", "replace").decode()


def main() -> None:
    """Take one job and report on it."""
    gc.freeze()
    write_all(b"R")
    header = read_exactly(HEADER)
    job = json.loads(read_exactly(int(header[2 * WORD :], 16)))
    limit = int(MEMORY) + OWN_MEMORY
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    body = body_of(*judged(job))
    write_all(header[:WORD] + b"%016x" % len(body) + body + header[WORD : 2 * WORD])
    time.sleep(PATIENCE)
    os._exit(0)


main()
