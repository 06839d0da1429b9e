"""What mining leaves out, the reason, and what to do about it.

A reason is one of few, so that a table can count them; what is particular (the message of a failing
test, the name of a missing package) is the detail.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from pytest_llmops.sandbox import TestReport

DETAIL = 300
"""Characters that are kept of a detail."""

NOT_HERE = "needs what the sandbox has not got"

ALIASED = "an import means what vitest's configuration says"

REMEDIES = {
    ALIASED: "say it in `paths` of a tsconfig.json as well; vitest's configuration is not read",
    "needs an npm package": "pin it in the lock file that the suite's `packages` names",
    "written for another test runner": "write it for vitest",
    "an import leads nowhere": "let `sparse` take the file in; one that a build makes is not there",
    "does not load": "`--explain FILE` shows the whole message and what the file imports",
    NOT_HERE: "`llmops docs sandbox`: no processes, no files but those imported, no new built-ins",
    "does not parse": "mend the syntax error",
    "leaves the source tree": "put the file itself in the place of the link",
    "too large": "split the file",
    "no tests": "the file declares none that run; leave it out of `tests`",
    "nothing passes": "`--explain FILE` shows each failing test; a setting may be missing",
    "flaky": "make it independent of time, chance and other tests; mine again",
    "in quarantine": "make its tests independent of time and chance, drop its line and mine again",
    "slow": "wait for less; a file judges cases if it takes at most 5 s",
    "timeout": "it waits for what never comes here, or takes over 10 s",
    "out_of_memory": "it needs more than 512 MB",
    "crashed": "it ends its process; `--explain FILE` shows what it said",
    "calls no function of the tree": "`--explain FILE` shows what its imports mean here",
    "cannot be instrumented": "it ends its process or never ends while its functions are counted",
    "name not unique": "give the functions names of their own",
    "body empty": "nothing to write",
    "body too long": "split it: at most 60 lines fit the answers of small models",
    "no test fails": "its tests pass without it; write one that calls it and looks at the outcome",
    "a trivial body passes": "write a test that looks at what it gives back",
    "load_error": "it runs while modules load; call it from a test instead",
    "forbidden_import": "its file imports a test API, which no answer may reach",
    "order of its tests matters": "two test files spoil each other; undo what each leaves behind",
    "reference: timeout": "its tests take over 10 s where each expectation is looked at; do less",
    "not reproducible": "make its tests independent of time and chance",
    "its tests need npm packages": "pin them in the lock file that the suite's `packages` names",
    "its tests fail": "they do not pass with the change either; --verbose shows the first message",
    "only flaky tests fail before it": "make its tests independent of time and chance",
    "no test fails before it": "its tests pass without it; nothing tells a solution from none",
    "its message asks for nothing": "nothing is left to ask once the solution is taken out",
    "a part of it passes": "its tests do not see all of it, so half an answer would do",
    "its words leave something open": "what they would name is there more than once",
    "too many source files": "raise `files` in the suite's table `walk`",
    "too many changed lines": "raise `lines` in the suite's table `walk`",
    "too many places": "too much for an edit",
    "a link or a submodule": "only plain files can be changed",
    "its files are too long to be shown": "raise `characters` in the suite's table `edits`",
    "its files are in two splits": "each file is either measured or trained on",
    "cannot be read": "fetch it from another origin (`--source`)",
    "meets any expectation": "it gives back something that equals anything",
    "no test can be falsified": "write one that states a value, as `expect(f(1)).toBe(2)` does",
    "needs a package": "only tests that load with pytest and the standard library can be judged",
    "near-duplicate": "training on it would teach the answer; change one of the two, or drop it",
    "unreadable": "look at the file; it could not be read",
}
"""What to do for each reason. One with a colon, as `throw: timeout`, goes by what is behind it."""


SAID = {
    "needs an npm package": re.compile(
        "npm packages need real vitest|not among the npm packages of the suite"
    ),
    "needs a package": re.compile(r"ModuleNotFoundError: No module named"),
    "written for another test runner": re.compile(
        "is not supported: tests written for|ReferenceError: jest is not defined"
    ),
    "an import leads nowhere": re.compile("cannot find '"),
    "does not parse": re.compile(r"^\S+:\d+:\d+: "),
    NOT_HERE: re.compile(
        "is not available in the sandbox|ENOENT|EACCES|ERR_ACCESS_DENIED|read only property"
        "|Cannot (delete|define|redefine) property|object is not extensible"
    ),
}
"""Reasons by what an error says."""


class Rejection(msgspec.Struct, frozen=True):
    """A function that does not become a case, or a test file that judges none."""

    path: str
    symbol: str
    """"" for a test file."""
    reason: str
    """One of few words, the same for all rejections of a kind."""
    detail: str = ""
    flaky: tuple[str, ...] = ()
    """Ids of tests that were found to pass at times only."""

    @property
    def name(self) -> str:
        """What is left out, as people look for it."""
        return f"{self.path}#{self.symbol}" if self.symbol else self.path

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REMEDIES.get(self.reason) or REMEDIES.get(self.reason.rpartition(": ")[2], "")


class Flaky(msgspec.Struct, frozen=True):
    """A test that is in quarantine: it passed in some runs and not in others."""

    path: str
    id: str
    """As in manifests: `id_of_test`."""
    title: str
    detail: str
    """In which runs it failed, with the first message."""


class Row(NamedTuple):
    """All that was left out for one reason."""

    number: int
    kind: str
    """`test file`, `function` or `test`."""
    reason: str
    first: str
    """Name of the first one."""
    message: str
    """What was said of it."""
    remedy: str


def rows(rejections: Iterable[Rejection], quarantine: Iterable[Flaky]) -> list[Row]:
    """Sum up by reason, the most frequent first."""
    kinds: dict[tuple[str, str], list[Rejection]] = {}
    for one in sorted(rejections, key=lambda one: (one.path, one.symbol)):
        kind = "function" if one.symbol else "test file"
        kinds.setdefault((kind, one.reason), []).append(one)
    found = [
        Row(len(ones), kind, reason, ones[0].name, ones[0].detail, ones[0].remedy)
        for (kind, reason), ones in kinds.items()
    ]
    found += row_of_flaky(quarantine)
    return sorted(found, key=lambda row: (row.kind != "test file", -row.number, row.reason))


def row_of_flaky(quarantine: Iterable[Flaky]) -> list[Row]:
    """The row of tests that are in quarantine; none where none is."""
    flaky = sorted(quarantine, key=lambda one: (one.path, one.title))
    if not flaky:
        return []
    first = f"{flaky[0].path} > {flaky[0].title}"
    return [Row(len(flaky), "test", "flaky", first, flaky[0].detail, REMEDIES["flaky"])]


def of_report(report: TestReport, test: str) -> Rejection | None:
    """Why a test file that was run unmodified is of no use; None where something passes."""
    if report.status == "load_error":
        said = re.sub(rf"^{re.escape(test)}: (Error: )?", "", report.detail)
        return _rejection(test, _reason(said, "does not load"), said)
    if report.status == "syntax_error":
        return _rejection(test, "does not parse", report.detail)
    if report.status != "finished":
        return _rejection(test, report.status, report.detail)
    if not report.results:
        return Rejection(test, "", "no tests")
    if not any(one.passed for one in report.results):
        first = report.results[0]
        reason = _reason(first.message, "nothing passes")
        return _rejection(test, reason, f"{first.title}: {first.message}")
    return None


def _rejection(test: str, reason: str, detail: str) -> Rejection:
    return Rejection(test, "", reason, shortened(detail))


def shortened(text: str) -> str:
    """The beginning of a text, on one line."""
    return " ".join(text.split())[:DETAIL]


def _reason(said: str, otherwise: str) -> str:
    """The reason behind what an error says."""
    return next((reason for reason, found in SAID.items() if found.search(said)), otherwise)
