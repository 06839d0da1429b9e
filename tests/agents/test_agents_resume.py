"""A session of an agent that is killed: what had ended is kept, what had not begins again."""

import asyncio
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from agent_server import AgentServer, done, shell
from chat_server import serving
from test_agents_programs import is_held, missing

from pytest_llmops.runs.reading import find_run, read_run

ASKED = re.compile(r"the body of the function `(\w+)`")
PATIENCE = 120


class Stalling(AgentServer):
    """Counts calls by function; the second function that it meets is never answered, at first."""

    def __init__(self, agent):
        super().__init__(agent, shell("ls"), done())
        self.by_function = Counter()
        self.stalled = threading.Event()
        self.goes_on = False

    async def _answer(self, one, text, tool):
        (function,) = ASKED.findall(str(one.body["messages"]))[:1]
        if function not in self.by_function and len(self.by_function) == 1 and not self.goes_on:
            self.stalled.set()
            await asyncio.Event().wait()
        self.by_function[function] += 1
        await super()._answer(one, text, tool)


def killed(command, folder, server):
    """Kill a session with signal 9 once it waits for an answer; gives what it had started."""
    with (folder / "said").open("w") as said:
        session = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said)
    assert server.stalled.wait(PATIENCE), (folder / "said").read_text()
    started = psutil.Process(session.pid).children(recursive=True)
    assert any("relay.mjs" in word for one in started for word in one.cmdline())
    session.send_signal(signal.SIGKILL)
    session.wait()
    return started


def gone(processes):
    """Whether all have ended, within some seconds."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if not [one for one in processes if one.is_running() and one.status() != "zombie"]:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(
    ("kind", "workers"),
    [("tiny.py", ("-p", "no:xdist")), ("tiny.py", ("-n", "2")), ("cline", ("-n", "2"))],
    ids=lambda part: part if isinstance(part, str) else "".join(part),
)
def test_a_killed_session_leaves_nothing_and_goes_on_where_it_was(kind, workers, agent_project):
    if kind != "tiny.py" and (reason := missing(kind)):
        pytest.skip(reason)
    (agent_project.path / "agents.toml").write_text(f'[mine]\nkind = "{kind}"\nconcurrency = 1\n')
    server = Stalling("pi" if kind == "tiny.py" else kind)
    with serving(server) as (url, _):
        asked = ("benchmarks", f"--model=openai:m@{url}", "--agent=mine", *workers)
        started = killed([sys.executable, "-m", "pytest", *asked], agent_project.path, server)
        assert gone(started)
        first = server.by_function.copy()
        server.goes_on = True
        assert agent_project.runpytest_subprocess(*asked).ret == 0
        asked_again = server.by_function - first
        assert len(first) == 1
        assert asked_again == Counter(dict.fromkeys(set(server.by_function) - set(first), 2))
        calls = len(server.calls)
        assert agent_project.runpytest_subprocess(*asked).ret == 0
        assert len(server.calls) == calls
    records = read_run(find_run("latest", agent_project.path / "runs")).records
    assert [record.from_cache for record in records] == [True] * 3
    assert [len(record.loop.turns) for record in records] == [2] * 3
    for folder in Path(tempfile.gettempdir()).glob("llmops-agent-*"):
        assert is_held(folder), f"{folder} is nobody's"
