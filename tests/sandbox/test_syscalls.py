"""What native code in a sandbox may not ask of the kernel, whoever started it."""

import asyncio
import socket
import sys
from pathlib import Path

import pytest
from python_tree import python_tree

from pytest_llmops.agents.jail import Jail, Start
from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox import TestJob
from pytest_llmops.sandbox.python.pool import PythonPool
from pytest_llmops.sandbox.syscalls import filter_of

TRIED = """
import ctypes, os, platform
library = ctypes.CDLL(None, use_errno=True)
add, ask, control = {"x86_64": (248, 249, 250), "aarch64": (217, 218, 219)}[platform.machine()]
session, name = -3, b"llmops-test"
calls = {
    "add_key": lambda: library.syscall(add, b"user", name, b"left", 4, session),
    "request_key": lambda: library.syscall(ask, b"user", name, None, 0),
    "keyctl": lambda: library.syscall(control, 0, session, 1),
    "unshare": lambda: library.unshare(0x10000000),
}
for one, call in calls.items():
    print(one, os.strerror(ctypes.get_errno()) if call() < 0 else "done")
"""
KEYRINGS = ("add_key", "request_key", "keyctl")


@pytest.mark.parametrize("call", [*KEYRINGS, "unshare"])
def test_an_answer_in_python_has_no_keyrings_that_the_next_would_find(tmp_path, call):
    tree = python_tree(tmp_path)
    code = f"""
import io
said = io.StringIO()
exec({TRIED!r}, {{"print": lambda *words: said.write(" ".join(words) + "\\n")}})
raise ValueError(said.getvalue())
"""
    body = "\n    ".join(code.strip().splitlines())
    text = (tree.root / "numbers_lib.py").read_text().replace("return value << times", body)
    job = TestJob(
        root=tree.root,
        tests=("test_numbers_lib.py",),
        overlay={"numbers_lib.py": text},
        trusted=True,
    )
    with PythonPool(tree.root) as pool:
        report = pool.run(job)
    assert f"{call} Operation not permitted" in report.results[0].message


def test_an_agent_s_program_has_no_keyrings_and_may_start_processes():
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    prefix = Path(sys.base_prefix).resolve()
    code = f"{TRIED}\nimport subprocess\nprint(subprocess.run(['true']).returncode)"
    shown = ((prefix, "/opt/python"),)
    argv = (f"/opt/python/{python.relative_to(prefix)}", "-I", "-c", code)
    with Jail() as jail, socket.socket(socket.AF_UNIX) as door:
        door.bind(str(jail.socket))

        async def run():
            await jail.start(Start(argv, {"LD_LIBRARY_PATH": "/opt/python/lib"}, shown))
            status = await jail.wait(60)
            await jail.ended()
            return status

        status = asyncio.run(run())
        said = jail.stdout.read_text()
        assert status == 0, jail.words()
    lines = said.splitlines()
    assert [f"{one} Operation not permitted" for one in KEYRINGS] == lines[:3]
    assert lines[-1] == "0"


def test_a_machine_whose_system_calls_are_not_known_is_named(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "vax")
    with pytest.raises(SandboxError, match="no filter of system calls for vax; there is one for"):
        filter_of(processes=True)
