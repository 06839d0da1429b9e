"""One script of vitest's runtime and ours, with what the engine compiled of it for a first job.

A sandboxed process would spend most of its start on finding, parsing and compiling the modules of
the judge, and compiles more when a job first needs it. So they are made one script, a first job is
judged with it (`warm-up.js`; it has to pass), and the engine's code as it is by then is kept beside
the script. The engine takes it only where version and flags are the same, and compiles anew
otherwise; a verdict never depends on it.
"""

import hashlib
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import msgspec

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.judge.build import appear, cache_folder, carried_folder, judge_folder
from pytest_llmops.sandbox.judge.bundle import FALLBACK, JUDGE
from pytest_llmops.sandbox.judge.lock import HERE, digest, machine

SCRIPT, CODE = "vitest/dist/judge.cjs", "vitest/dist/judge.code"
"""Files of a program: vitest knows its own frames in a stack by the path `vitest/dist`."""
FLAGS = ("--min-semi-space-size=16",)
"""Of the engine: room for what a start and a small job allocate, without collecting garbage."""
START = "start.cjs"
RUNTIME = HERE.parent / "node" / "runtime"
"""Our own part of what runs in the sandbox."""
_WARM_UP = HERE / "warm-up.js"
_WORDS = b"0" * 32 + b"1" * 32


def program_folder(node: Path, *, carried: bool = False) -> Path:
    """The folder of the program for this Node; makes it when it is not there.

    Args:
        node: The binary that will run it.
        carried: Whether it is to be in the package itself, for a wheel to carry.

    Raises:
        SandboxError: It cannot be made; one line that says why.
    """
    name = f"program-{_digest(node)}-{machine()}"
    inside, cached = carried_folder().parent / name, cache_folder().parent / name
    for folder in (inside,) if carried else (inside, cached):
        if (folder / CODE).is_file():
            return folder
    return make(inside if carried else cached, node)


def make(folder: Path, node: Path) -> Path:
    """Make the program as `folder`.

    Raises:
        SandboxError: The judge cannot be built, or does not judge the first job as it should.
    """
    judge = judge_folder()

    def fill(made: Path) -> None:
        (made / SCRIPT).parent.mkdir(parents=True)
        join(judge, RUNTIME / "runner.mjs", made / SCRIPT)
        _warm_up(node, made)

    return appear(folder, fill, CODE)


@cache
def _digest(node: Path) -> str:
    """Twelve digits that change with the judge, our runtime and the version of Node."""
    total = hashlib.sha256(digest().encode())
    total.update(subprocess.run([node, "--version"], capture_output=True, check=True).stdout)
    for path in (*sorted(RUNTIME.glob("*.mjs")), RUNTIME / START, _WARM_UP, Path(__file__)):
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:12]


def join(judge: Path, entry: Path, script: Path) -> None:
    """Make one script of an entry, what it imports and vitest's runtime, which it calls "judge".

    Raises:
        SandboxError: esbuild refuses.
    """
    command = [
        *(str(judge / FALLBACK), str(entry), "--bundle", "--format=cjs"),
        *("--platform=node", "--target=node24", "--minify-whitespace", "--legal-comments=none"),
        *("--log-level=error", "--external:tinybench", f"--alias:judge={judge / JUDGE}"),
    ]
    joined = subprocess.run(command, capture_output=True, text=True, check=False)
    if joined.returncode:
        raise SandboxError(f"the judge cannot be built: {joined.stderr.strip()[:500]}")
    head, tail = "(function (require) { 'use strict'; const module = { exports: {} };", "\n})"
    script.write_text(f"{head}{joined.stdout}{tail}", "utf-8")


def _warm_up(node: Path, made: Path) -> None:
    """Judge a first job, after which the engine's code is written."""
    name = "warm-up.test.js"
    file = {"code": _WARM_UP.read_text("utf-8"), "kind": "module", "role": "test", "imports": {}}
    options = {"root": "/tree", "falsify": 1, "wary": True}
    job = {"tests": [name], "files": {name: file | {"globals": True}}, "options": options}
    body = msgspec.json.encode(job)
    with tempfile.TemporaryFile() as report:
        fd = report.fileno()
        run: list[str | Path] = [
            node,
            *FLAGS,
            RUNTIME / START,
            str(fd),
            "bwrap",
            made / SCRIPT,
            made / CODE,
            "make",
        ]
        done = subprocess.run(
            run,
            input=_WORDS + b"%016x" % len(body) + body,
            capture_output=True,
            pass_fds=(fd,),
            env={},
            check=False,
        )
        report.seek(0)
        said = report.read()
    passed, failed = said.count(b',true,""'), said.count(b",false,")
    if not (made / CODE).is_file() or failed or not passed or b'"finished"' not in said:
        reason = said[81:581].decode("utf-8", "replace") or done.stderr.decode("utf-8", "replace")
        raise SandboxError(f"the judge cannot be built: its first job failed: {reason[-500:]}")
