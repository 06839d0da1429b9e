"""A sandbox that cannot start is told in one line, before anything is asked of a model."""

import http.server
import shlex
import shutil
import subprocess
import sys
import threading

import pytest
from project import write_answers, write_benchmark

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


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "xdist"])
def test_nothing_is_asked_where_no_sandbox_starts(pytester, mined, endpoint, monkeypatch, workers):
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    write_answers(pytester.path)
    model = f"--model=openai:m@http://127.0.0.1:{endpoint.server_port}/v1"
    argv = shlex.join([sys.executable, "-m", "pytest", "benchmarks", model, *workers])
    ended = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -n 200 && exec {argv}"],
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
    assert "a limit of this shell is lower than the sandbox's" in told[0]
    assert endpoint.asked == []
