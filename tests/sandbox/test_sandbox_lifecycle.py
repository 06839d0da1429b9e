"""No sandbox outlives the process that wanted it, however and whenever that one ends.

`LLMOPS_KILLS=200 pytest tests/sandbox/test_sandbox_lifecycle.py` kills more often than a test run.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_llmops.sandbox.binaries import find_bwraps
from pytest_llmops.sandbox.cage import ALONE, clean_up
from pytest_llmops.sandbox.judge.program import RUNTIME

KILLS = int(os.environ.get("LLMOPS_KILLS", "12"))
CONTROLLER = """
import sys
from pathlib import Path
from pytest_llmops.sandbox import NodePool
from pytest_llmops.sandbox.node import program
program.RUNTIME = Path(sys.argv[1])
print("starting", flush=True)
with NodePool(Path(sys.argv[2]), size=4, isolation=sys.argv[3]) as pool:
    print("up", flush=True)
    sys.stdin.read()
"""


def processes_of(mark: Path) -> list[int]:
    """Processes that have a path in their command line, this one's parents left out."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended
        if any(word.startswith(bytes(mark)) for word in words) and int(process.name) != os.getpid():
            found.append(int(process.name))
    return found


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A copy of the runtime: its path tells our processes from those of others.

    Any user can read it, as the one has to whom root leaves the judging.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(shutil.copytree(RUNTIME, Path(folder, "runtime")))


def start(runtime: Path, isolation: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", CONTROLLER, str(runtime), str(runtime.parent), isolation]
    controller = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert controller.stdout
    assert controller.stdout.readline() == "starting\n"
    return controller


def left_after(runtime: Path) -> list[int]:
    """What is left some seconds after, and after the next start has cleaned up."""
    if awaited_end(runtime):
        clean_up()
    return awaited_end(runtime)


def awaited_end(runtime: Path, seconds: float = 5.0) -> list[int]:
    deadline = time.monotonic() + seconds
    while (left := processes_of(runtime)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


@pytest.mark.parametrize("isolation", ["bwrap", "process"])
def test_what_is_killed_does_start_sandboxes(runtime, isolation):
    with start(runtime, isolation) as controller:
        assert controller.stdout
        assert controller.stdout.readline() == "up\n"
        assert len(processes_of(runtime)) >= 2
        controller.kill()
    assert left_after(runtime) == []


@pytest.mark.parametrize("isolation", ["bwrap", "process"])
def test_a_controller_killed_while_sandboxes_start_leaves_none(runtime, isolation):
    moments = random.Random(11)
    for kill in range(KILLS):
        with start(runtime, isolation) as controller:
            time.sleep(moments.uniform(0, 0.25))
            controller.kill()
        assert left_after(runtime) == [], f"kill {kill + 1} of {KILLS}"


def test_the_next_start_ends_what_a_bubblewrap_killed_too_early_has_left(runtime):
    """Killed before it lets the process that it made go on, bubblewrap leaves that to wait."""
    silent, silence = os.pipe()  # it waits here with the process made, as it does for a moment
    try:
        argv = [
            *(str(find_bwraps()[0]), *ALONE, "--userns-block-fd", str(silent), "--info-fd", "1"),
            *("--ro-bind", "/", "/", str(runtime / "missing")),
        ]
        with subprocess.Popen(argv, pass_fds=[silent], stdout=subprocess.DEVNULL) as half:
            deadline = time.monotonic() + 60
            while len(processes_of(runtime)) < 2:
                assert half.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.01)
            clean_up()
            assert len(processes_of(runtime)) == 2, "a bubblewrap that is whole was ended"
            half.kill()
        assert len(processes_of(runtime)) == 1
        clean_up()
        assert awaited_end(runtime) == []
    finally:
        os.close(silent)
        os.close(silence)
