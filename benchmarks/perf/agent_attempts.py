"""What attempts made by programs cost beside the programs: memory, time, and what they leave.

    python benchmarks/perf/agent_attempts.py memory --kind cline --attempts 8
    python benchmarks/perf/agent_attempts.py overhead --kind cline --pairs 5
    python benchmarks/perf/agent_attempts.py elsewhere --kind cline --pairs 5
    python benchmarks/perf/agent_attempts.py leftovers --kind examples/agents/tiny.py --attempts 100

A scripted model (`tests/support/agent_server.py`) has each attempt work in four turns on a case of
starter. `overhead` runs the same program by hand, without sandbox and proxy, in turns with whole
attempts; only the ratio of the two in a pair says something on a loaded machine. `elsewhere` makes
the attempt on a node of a Ray cluster of this machine, in turns with one here.
"""

import argparse
import asyncio
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import msgspec
import psutil  # type: ignore[import-untyped]
from what_is_left import left

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from agent_server import AgentServer, done, shell  # type: ignore[import-not-found] # noqa: E402
from ray_cluster import cluster  # type: ignore[import-not-found] # noqa: E402

from pytest_llmops.agents.adapter import adapter_of  # noqa: E402
from pytest_llmops.agents.attach import Bench, worded  # noqa: E402
from pytest_llmops.agents.installed import require  # noqa: E402
from pytest_llmops.agents.jail import HOME, URL, WORKSPACE  # noqa: E402
from pytest_llmops.agents.program import Program  # noqa: E402
from pytest_llmops.agents.settings import ProgramAgent  # noqa: E402
from pytest_llmops.agents.workspace import files_of, instruction, lay_out  # noqa: E402
from pytest_llmops.client.endpoint import Endpoint  # noqa: E402
from pytest_llmops.completions import Request, Sampling  # noqa: E402
from pytest_llmops.places.where import Hosts, Where, open_place  # noqa: E402
from pytest_llmops.tasks.materialize import Task  # noqa: E402
from pytest_llmops.tasks.selection import Choice, select  # noqa: E402

STEPS = (shell("ls"), shell("ls -l"), shell("pwd"))
LEAVES = shell("(sleep 31415 >/dev/null 2>&1 &); ls")
PULSE = 0.05


def agent_of(kind: str) -> ProgramAgent:
    """The agent of a kind; a file is an adapter."""
    if not kind.endswith(".py"):
        return ProgramAgent(kind=kind, name=kind)
    place = Path(kind).resolve()
    return ProgramAgent(kind=place.stem, name=place.stem, place=str(place), code=place.read_text())


def a_task() -> Task:
    """The first case of starter."""
    selection = select(Choice(suites_file=ROOT / "cases" / "suites.toml", suites=("starter",)))
    return selection.task(next(iter(selection.cases)))


def server_of(agent: ProgramAgent, *, leaves: bool) -> AgentServer:
    """What plays the model: to other agents than Cline it calls a tool named `bash`.

    Args:
        agent: Who asks it.
        leaves: Whether a process is left in the background on the way.
    """
    kind = agent.kind if agent.kind in {"cline", "mini"} else "pi"
    return AgentServer(kind, *((LEAVES,) if leaves else ()), *STEPS, done())


def request_of(task: Task, sample: int) -> Request:
    """The request of an attempt."""
    asked = Request(case_id=task.case.id, sample=sample, messages=(), sampling=Sampling())
    return worded(asked, task, "a", "workspace")


def program_of(agent: ProgramAgent, url: str, task: Task, hosts: Hosts | None = None) -> Program:
    """What makes attempts, on this machine or on others."""
    return Program(agent, Endpoint(base_url=url, model="m"), Bench(lambda _: (task, None), hosts))


async def attempts(agent: ProgramAgent, url: str, task: Task, count: int) -> None:
    """Make attempts, as many at once as the agent says."""
    program = program_of(agent, url, task)
    limit = asyncio.Semaphore(program.concurrency)

    async def one(sample: int) -> None:
        async with limit:
            made = await program.complete(request_of(task, sample))
            assert made.loop
            assert made.loop.ending == "done", made.loop.detail

    await asyncio.gather(*(one(sample) for sample in range(count)))
    await program.aclose()


async def by_hand(agent: ProgramAgent, url: str, task: Task) -> None:
    """Run the program as a person does: no sandbox, no proxy, a folder of its own."""
    with tempfile.TemporaryDirectory() as held:
        home, workspace = Path(held, "home"), Path(held, "workspace")
        home.mkdir()
        files = files_of(task, tests=False)
        lay_out(files, workspace)
        jail = SimpleNamespace(home=home, workspace=workspace)
        folder = require(agent)
        start = adapter_of(agent).prepare(agent, jail, folder, instruction(task, tests=False))  # type: ignore[arg-type]
        places = {HOME: str(home), WORKSPACE: str(workspace), URL: url}
        places |= {inside: str(outside) for outside, inside in start.shown}
        places["/opt/node/node"] = shutil.which("node") or "node"

        def here(text: str) -> str:
            for inside, outside in places.items():
                text = text.replace(inside, outside)
            return text

        for path in home.rglob("*.json"):
            path.write_text(here(path.read_text()))
        argv = [start.argv[0], *start.argv[1:-1]]
        given = {name: here(value) for name, value in start.environment.items()}
        process = await asyncio.create_subprocess_exec(
            *map(here, argv),
            start.argv[-1],
            cwd=workspace,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": held, **given},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert await process.wait() == 0


async def timed(work: Awaitable[object]) -> float:
    """Seconds on the clock."""
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def overhead(agent: ProgramAgent, url: str, task: Task, pairs: int) -> None:
    """Tell how long an attempt takes over the program alone; median of pairs."""
    ratios = []
    for number in range(pairs):
        alone = await timed(by_hand(agent, url, task))
        whole = await timed(attempts(agent, url, task, 1))
        ratios.append(whole / alone)
        print(f"pair {number + 1}: by hand {alone:.1f} s, attempt {whole:.1f} s", flush=True)
    print(f"attempt over by hand: {statistics.median(ratios):.2f} (median of {pairs} pairs)")


async def elsewhere(agent: ProgramAgent, url: str, task: Task, pairs: int) -> None:
    """Tell how much longer an attempt takes on a node of a cluster; median of pairs."""
    with cluster(1) as (address, environment, _):
        os.environ.update({k: text for k, text in environment.items() if k.startswith("RAY_")})
        with closing(open_place(Where(ray=address), "bwrap")) as place:
            ways = [program_of(agent, url, task, hosts) for hosts in (None, place.hosts)]
            more = []
            for number in range(pairs):
                here, there = [await timed(way.complete(request_of(task, number))) for way in ways]
                more.append(there - here)
                print(f"pair {number + 1}: here {here:.2f} s, on a node {there:.2f} s", flush=True)
            for way in ways:
                await way.aclose()
    print(f"{statistics.median(more):.2f} s more on a node (median of {pairs} pairs)")


async def memory(agent: ProgramAgent, url: str, task: Task, count: int) -> None:
    """Tell the most that attempts at once hold together, of their own and shared by size."""
    peak, ends = 0, asyncio.Event()

    async def look() -> None:
        nonlocal peak
        while not ends.is_set():
            peak = max(peak, sum(map(proportional, psutil.Process().children(recursive=True))))
            await asyncio.sleep(PULSE)

    looking = asyncio.create_task(look())
    await attempts(agent, url, task, count)
    ends.set()
    await looking
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count} attempts at once: {peak / 2**20:,.0f} MiB of all programs together", end="")
    print(f" (proportional sizes), {own:,.0f} MiB of this process with the scripted model")


def proportional(process: psutil.Process) -> int:
    """Memory of a process, what it shares divided by those who share it; 0 where it has ended."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


async def leftovers(agent: ProgramAgent, url: str, task: Task, count: int) -> None:
    """Tell what is there after attempts that was not before the first but one."""
    await attempts(agent, url, task, 1)
    before = left()
    await attempts(agent, url, task, count)
    await asyncio.sleep(0.5)
    after = left()
    for kind, found in after.items():
        more = ", ".join(sorted(found - before[kind]))
        print(f"{kind}: {len(before[kind])} before, {len(found)} after{more and f': {more}'}")


async def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("memory", "overhead", "elsewhere", "leftovers"))
    parser.add_argument("--kind", default="cline")
    parser.add_argument("--attempts", type=int, default=8)
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    agent, task = agent_of(given.kind), a_task()
    async with server_of(agent, leaves=given.what == "leftovers") as url:
        if given.what in {"overhead", "elsewhere"}:
            compare = overhead if given.what == "overhead" else elsewhere
            await compare(agent, url, task, given.pairs)
            return
        many = given.attempts if given.what == "memory" else 4
        agent = msgspec.structs.replace(agent, concurrency=many)
        work = memory if given.what == "memory" else leftovers
        await work(agent, url, task, given.attempts)


if __name__ == "__main__":
    asyncio.run(main())
