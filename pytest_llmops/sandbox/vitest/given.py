"""What a process is handed of a source tree, and what an answer may import.

It gets the texts of the tree but test files that are not the job's own, and those of a job in the
place of others, so that the body that is asked for is nowhere; settings in an answer are left out,
as vitest's own process runs them. What an answer may import is what
its file imports, and harmless modules: that keeps answers comparable and protects nothing, as code
can import by names that no list foresees. What protects is the cage.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath

import msgspec

from pytest_llmops.sandbox.job import TestJob, Transformed
from pytest_llmops.sandbox.node.transformer import PURE
from pytest_llmops.sandbox.texts import Taken, texts_for
from pytest_llmops.tasks.code.languages import TYPESCRIPT
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import text_of

TAKEN = Taken(endings=(), apart=frozenset({".git", "node_modules"}), largest=2**23, most=2**26)
"""What of a tree is handed over."""
ASKS = {"import_statement", "export_statement"}
ENDING = re.compile(r"(?:/index)?\.[cm]?[jt]sx?$|/index$")
SETTINGS = re.compile(r"^\.|\.(?:config|workspace)\.")
CALLS = re.compile(r"import|require|(?:\w+\.)*(?:require|getBuiltinModule)")


class Given:
    """Makes jobs ready; a `pool.Preparer` that needs no process of its own."""

    def transform(self, job: TestJob, root: Path) -> Transformed:
        """Give a job's texts as `runner.mjs` reads them, or what an answer may not import.

        Raises:
            SandboxError: A test file is not in the tree, or the tree is too large.
        """
        tree = texts_for(job, root, TAKEN)
        if not job.trusted and (fault := _forbidden(job, tree)):
            return Transformed("forbidden_import", fault)
        overlay = {path: one for path, one in job.overlay.items() if _may_stand(path, job)}
        is_other = TYPESCRIPT.test_names.search
        files = {path: one for path, one in tree.items() if path in job.tests or not is_other(path)}
        payload = {
            "tests": job.tests,
            "files": files,
            "overlay": overlay,
            "rounds": [one.overlay for one in job.rounds],
            "sections": [
                {"overlay": one.overlay, "rounds": [each.overlay for each in one.rounds]}
                for one in job.sections
            ],
        }
        return Transformed("ready", "", msgspec.json.encode(payload))

    def confine(self, bwrap: Path) -> None:
        """Nothing to do: no text of an answer is compiled here."""

    def abandon(self) -> None:
        """Nothing to end."""

    def close(self) -> None:
        """Nothing to end."""


def _may_stand(path: str, job: TestJob) -> bool:
    """Whether a text is put in the place of a file: settings, which vitest runs itself, stay."""
    name = PurePosixPath(path).name
    is_source = name.endswith(TYPESCRIPT.endings) and not SETTINGS.search(name)
    return job.trusted or path in job.tests or is_source


def _forbidden(job: TestJob, tree: Mapping[str, str]) -> str:
    """What a text in the place of a file imports and must not; "" for nothing."""
    given = {*_pure(), *(job.allows or ()), *(_target("", f"./{one}") for one in job.overlay)}
    for path, text in job.overlay.items():
        if path in job.tests:
            continue
        allowed = given | {_target(path, name) for name in _named(path, tree.get(path, ""))}
        for name in sorted(set(_named(path, text))):
            is_file = job.allows is not None and name.startswith(".")
            if _target(path, name) not in allowed and not is_file:
                return f"{path}: an answer may not import '{name}'"
    return ""


def _target(path: str, name: str) -> str:
    """What a file means by a name, however it is written: without `node:`, or an ending."""
    if not name.startswith("."):
        return name.removeprefix("node:")
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    return f"./{ENDING.sub('', place)}"


@lru_cache(maxsize=1)
def _pure() -> frozenset[str]:
    """Builtin modules that an answer may always import."""
    return frozenset(re.findall(r'"([\w/]+)"', PURE.read_text("utf-8")))


def _named(path: str, text: str) -> Iterator[str]:
    """What a text asks for by names that are written out, types aside."""
    waiting = [parse(text.encode("utf-8", "replace"), path)]
    while waiting:
        node = waiting.pop()
        waiting += node.named_children
        if node.type in ASKS and not any(one.type == "type" for one in node.children):
            name = node.child_by_field_name("source")
        elif node.type == "call_expression":
            function = text_of(node.child_by_field_name("function"))
            arguments = node.child_by_field_name("arguments")
            is_asking = CALLS.fullmatch(function) and arguments and arguments.named_children
            name = arguments.named_children[0] if is_asking and arguments else None
        else:
            continue
        if name is not None and name.type in {"string", "template_string"}:
            yield text_of(name)[1:-1]
