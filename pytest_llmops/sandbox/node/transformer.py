"""The trusted Node process that turns TypeScript into plain JavaScript for the sandbox.

It parses what candidates wrote and never runs it, keeps the compiled source tree between jobs, and
may read that tree and its packages and nothing else, in namespaces without a network wherever the
sandbox has them. A text that makes the parser hang or die is a syntax error of that text: the
process is replaced and the next job does not notice.
"""

from pathlib import Path
from threading import Lock
from typing import Literal

import msgspec

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.companion import Companion, DiedError
from pytest_llmops.sandbox.job import TestJob, Transformed
from pytest_llmops.sandbox.judge import judge_folder
from pytest_llmops.sandbox.judge.program import RUNTIME

COMPILER = Path(__file__).parent / "compiler"
PURE = RUNTIME / "pure.mjs"
"""Builtin modules that an answer may always import; the sandbox reads the same list."""
PATIENCE = 20.0
"""Seconds for one job; a tree of thousands of files takes a few when it is first seen."""


class _Head(msgspec.Struct, frozen=True):
    status: Literal["ready", "syntax_error", "load_error", "forbidden_import", "no_test", "fault"]
    detail: str
    length: int
    needs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


class Transformer:
    """One such process for one source tree; thread-safe."""

    def __init__(self, node: Path, root: Path, packages: Path | None = None) -> None:
        """Prepare; `packages` is the folder with the `node_modules` of the tree."""
        self._packages = packages
        judge = judge_folder()
        program = (str(COMPILER / "transform.mjs"), str(judge))
        self._process = Companion(
            node,
            (root, COMPILER, PURE, judge, *([packages] if packages else [])),
            ("--allow-addons", "--allow-child-process", *program),
            patience=PATIENCE,
            name="llmops-transformer",
        )
        self._lock = Lock()
        self._abandoned = False

    def confine(self, bwrap: Path) -> None:
        """From now on start in namespaces: the compilers are native code and read hostile text."""
        self._process.confine(bwrap)

    def transform(self, job: TestJob, root: Path, stored: str = "") -> Transformed:
        """Parse and resolve everything a job needs; `stored` is where the sandbox has packages.

        Raises:
            SandboxError: A test file is not in the tree, or the process cannot be started.
        """
        options = {"falsify": job.falsify, "wary": job.wary, "stored": stored}
        request = {
            "root": str(root),
            "packages": str(self._packages or ""),
            "tests": job.tests,
            "overlay": job.overlay,
            "allows": job.allows,
            "trusted": job.trusted,
            "survey": job.survey,
            "rounds": job.rounds,
            "sections": job.sections,
            "expected": job.expected,
            "options": options,
        }
        line = msgspec.json.encode(request) + b"\n"
        with self._lock:
            if self._abandoned:
                raise SandboxError("the compiler was ended with its session")
            try:
                head, payload = self._ask(line)
            except DiedError as error:
                self._process.end()
                return Transformed("syntax_error", f"the parser gave up on this text: {error}")
            if head.status == "fault":
                self._process.end()
        if head.status == "no_test":
            raise SandboxError(f"{root}: no test file {head.detail!r} in this tree")
        if head.status == "fault":
            return Transformed("syntax_error", f"the parser failed: {head.detail}")
        return Transformed(
            head.status,
            head.detail,
            payload,
            head.needs,
            head.files,
            head.missing,
            head.packages,
        )

    def abandon(self) -> None:
        """Kill the process under the hands of who waits for it; from any thread."""
        self._abandoned = True
        self._process.kill()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._process.close()

    def _ask(self, line: bytes) -> tuple[_Head, bytes]:
        answer = self._process.ask(line)
        head = msgspec.json.decode(answer.line(), type=_Head)
        return head, answer.exactly(head.length)
