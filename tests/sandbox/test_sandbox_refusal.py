"""A sandbox that cannot start is told in one line, before anything is asked of a model."""

import http.server
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import ClassVar

import pytest
from project import write_answers, write_benchmark

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox import cage
from pytest_llmops.sandbox.refusal import refusal

SAID = {
    "bubblewrap is not installed": "bubblewrap is missing",
    "sh: 2: ulimit: error setting limit (Operation not permitted)": "a limit of this shell",
    "bwrap: Creating new namespace failed: Resource temporarily unavailable": "no more processes",
    "bwrap: Creating new namespace failed: No space left on device": "namespaces is used up",
    "bwrap: No permissions to create new namespace, likely because the kernel": "not make",
    "bwrap: setting up uid map: Permission denied": "AppArmor",
    "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted": "AppArmor",
    "bwrap: Can't mount tmpfs on /newroot: Permission denied": "cannot reach a file or a mount",
    "bwrap: execvp /x/node: Permission denied": "cannot reach a file or a mount",
    "FATAL ERROR: Failed to reserve virtual memory for CodeRange": "Node gets no memory",
    "nothing for 60 s": "its process says nothing",
    "something new": "bubblewrap or Node failed (something new)",
    "": "bubblewrap or Node failed (it gave no reason)",
}


@pytest.mark.parametrize("said", SAID)
def test_the_cause_is_named_in_one_line(said):
    told = refusal(said + "\n")
    assert told.startswith("the sandbox cannot start: ")
    assert SAID[said] in told
    assert "\n" not in told


def test_words_in_source_code_are_no_cause():
    said = "/sandbox/judge.cjs:1\nconst clone = namespace('ulimit: ', \"Permission denied\");\n\n"
    told = refusal(f"{said}SyntaxError: Unexpected end of input\n    at new Script\nNode.js v24\n")
    assert "the judge that was built does not run (SyntaxError: Unexpected end of input)" in told
    assert "--sandbox" not in told
    assert "cannot reach a file" in refusal(f"{said}Error: EACCES: permission denied, open 'x'\n")


def test_the_option_is_offered_only_where_it_helps():
    assert "--sandbox=process: answers then share" in refusal("bubblewrap is not installed")
    assert "--sandbox" not in refusal("sh: 2: ulimit: error setting limit")


def test_no_line_of_our_source_is_shown():
    said = """file:///sandbox/runtime/runner.mjs:12
const secret = 1;
      ^

TypeError: Cannot read properties of undefined
    at file:///sandbox/runtime/runner.mjs:12:7
Node.js v24
"""
    told = refusal(said)
    assert "TypeError: Cannot read properties of undefined" in told
    assert "secret" not in told
    assert "runner.mjs" not in told


class Asked(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.asked.append(self.path)
        self.send_error(500)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture
def endpoint():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asked) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


LIMIT = "a limit of this shell is lower than the sandbox's"
STOPS = {
    "a limit": ("", [], LIMIT),
    "a limit, xdist": ("", ["-n2"], LIMIT),
    "no namespaces": (
        "bwrap: No permissions to create new namespace, likely because of the kernel",
        [],
        "this user may not make namespaces",
    ),
    "namespaces without rights": (
        "bwrap: setting up uid map: Permission denied",
        ["-n2"],
        "user namespaces have no rights here, as AppArmor wants it",
    ),
}
"""What bubblewrap says where it does not start ("": the shell has a limit), workers, the cause."""
CONFTEST = """
from pathlib import Path

from pytest_llmops.sandbox import cage

cage.find_bwraps = lambda: [Path(__file__).with_name("bwrap")]
"""


@pytest.mark.parametrize("stop", STOPS)
def test_nothing_is_asked_where_no_sandbox_starts(pytester, mined, endpoint, monkeypatch, stop):
    said, workers, cause = STOPS[stop]
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    write_answers(pytester.path)
    if said:
        (pytester.path / "conftest.py").write_text(CONFTEST)
        (pytester.path / "bwrap").write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
        (pytester.path / "bwrap").chmod(0o755)
    limit = "" if said else "ulimit -n 200 && "
    model = f"--model=openai:m@http://127.0.0.1:{endpoint.server_port}/v1"
    argv = shlex.join([sys.executable, "-m", "pytest", "benchmarks", model, *workers])
    ended = subprocess.run(
        ["/bin/sh", "-c", f"{limit}exec {argv}"],
        cwd=pytester.path,
        capture_output=True,
        text=True,
        check=False,
    )
    told = [
        line for line in (ended.stdout + ended.stderr).splitlines() if "the sandbox cannot" in line
    ]
    assert ended.returncode == 4, ended.stdout + ended.stderr
    assert len(told) == 1
    assert f"{cause} ({said or 'sh: '}" in told[0]
    assert ("--sandbox=process" in told[0]) == bool(said)
    assert endpoint.asked == []


class Closed:
    """A program in a folder."""

    environment: ClassVar[dict[str, str]] = {}
    filter = b""
    mounts = ()

    def __init__(self, folder):
        self.paths = (folder,)


@pytest.mark.parametrize("user", [0, 1000], ids=["root", "another"])
def test_root_is_told_what_the_user_nobody_cannot_reach(tmp_path, monkeypatch, user):
    monkeypatch.setattr(cage.os, "geteuid", lambda: user)
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o700)
    if user:
        assert cage.make_cages("process", Closed(folder))
        return
    assert cage.make_cages("process", Closed(Path("/")))
    with pytest.raises(SandboxError) as refused:
        cage.make_cages("process", Closed(folder))
    assert str(refused.value) == (
        f"{folder}: root judges as the user nobody, who cannot reach this;"
        " install in a folder that all users can read, or do not run as root"
    )
