"""The sandbox of a program on another machine, in the same process: what goes there and back."""

import asyncio
import sys

import pytest
from agent_server import AgentServer, done, shell
from chat_server import request, serving
from project import DOUBLE
from test_agents_foreign import TABLES
from test_agents_programs import FIX

from pytest_llmops.agents.attach import Bench, attach, worded
from pytest_llmops.agents.door import Address, Door, Tunnel
from pytest_llmops.agents.jailer import Jailer
from pytest_llmops.agents.settings import resolve
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.errors import AgentError, EndpointError, LostError, PlaceError
from pytest_llmops.tasks.selection import Choice, select

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="agents run on Linux")


class Here:
    """Hosts that are this process, of which the first so many are lost in the middle."""

    address = "127.0.0.1"
    room = 2

    def __init__(self, lost=0, missing=""):
        self.opened, self.closed, self._lost, self._missing = 0, 0, lost, missing

    def open(self, kind):
        self.opened += 1
        return Held(self, kind(), lost=self.opened <= self._lost)

    def require(self, kind, method, *arguments):
        getattr(kind(), method)(*arguments)
        if self._missing:
            raise PlaceError(self._missing)


class Held:
    """A host that is lost, if it is, once its program has asked the model."""

    def __init__(self, hosts, held, *, lost):
        self._hosts, self._held, self._lost = hosts, held, lost
        self._is_open = self._holds = True

    def call(self, method, *arguments):
        if self._lost and method == "changed":
            self._held._jail.kill()
            self._is_open = False
        if not self._is_open:
            raise LostError("node: gone")
        self._holds &= method != "end"
        return getattr(self._held, method)(*arguments)

    def close(self):
        if self._holds:
            self._held._jail.__exit__()
        self._hosts.closed += self._is_open
        self._is_open = self._holds = False


@pytest.fixture
def attempt(agent_project):
    """Makes one attempt at `double` on hosts, and one here."""
    (agent_project.path / "agents.toml").write_text(TABLES)
    agent = resolve("mine", agent_project.path / "agents.toml", tests=True)
    selection = select(Choice(suites_file=agent_project.path / "cases" / "suites.toml"))
    task = selection.task(DOUBLE)

    async def made(url, hosts):
        answerer = attach(
            agent, Endpoint(base_url=url, model="m"), Bench(lambda _: (task, None), hosts), None
        )
        try:
            asked = worded(request(case_id=DOUBLE), task, agent.sha256, "workspace with tests")
            return await answerer.complete(asked)
        finally:
            await answerer.aclose()

    def both(hosts, *steps):
        server = AgentServer("pi", *steps)
        with serving(server) as (url, _):
            return [asyncio.run(made(url, where)) for where in (None, hosts)], server

    return both


STEPS = (
    shell(f"{FIX}; echo 'export const x = 1;' > made.ts; rm small.test.ts; mkdir d; id -u"),
    shell("rm made.ts; mkdir made.ts; echo words > notes.txt"),
    done(),
)


def told(completion):
    loop = completion.loop
    turns = [(turn.usage, turn.text, turn.retries, turn.key) for turn in loop.turns]
    results = [tool.result for turn in loop.turns for tool in turn.tools]
    did = loop.ending, loop.detail, loop.files, loop.diffs, loop.edited_tests
    return completion.text, completion.usage, did, turns, results


def test_an_attempt_elsewhere_is_told_as_one_here(attempt):
    hosts = Here()
    (here, there), _ = attempt(hosts, *STEPS)
    assert told(there) == told(here)
    assert there.loop.files.keys() == {"small.ts"}
    assert there.loop.edited_tests == ("small.test.ts",)
    assert there.loop.memory > 0
    assert (hosts.opened, hosts.closed) == (1, 1)


def test_an_attempt_whose_machine_is_lost_is_made_again_and_told_once(attempt):
    hosts = Here(lost=2)
    (here, there), server = attempt(hosts, *STEPS)
    assert told(there) == told(here)
    assert hosts.opened == 3
    assert len(server.calls) > 2 * len(here.loop.turns)


def test_an_attempt_that_loses_three_machines_has_failed(attempt):
    with pytest.raises(EndpointError, match="node: gone"):
        attempt(Here(lost=3), *STEPS)


def test_a_place_where_no_machine_has_the_program_is_refused_before_it_is_asked(attempt):
    with pytest.raises(PlaceError, match="no tool"):
        attempt(Here(missing="no tool"), done())


def test_a_machine_says_what_it_lacks(tmp_path):
    (tmp_path / "tool").write_text("")
    tmp_path.chmod(0o755)
    Jailer().check((str(tmp_path / "tool"),))
    with pytest.raises(AgentError, match="gone is not there; install the agent's program"):
        Jailer().check((str(tmp_path / "gone"),))


@pytest.mark.parametrize("word", ["", "0" * 64])
def test_a_door_opens_to_its_word_alone(word, tmp_path):
    async def said():
        async def answer(reader, writer):
            writer.write(await reader.readline())
            writer.close()

        async with (
            await asyncio.start_unix_server(answer, tmp_path / "inner"),
            Door(tmp_path / "inner", "127.0.0.1") as door,
        ):
            known = door.address
            given = Address(known.machine, known.port, word or known.word)
            async with Tunnel(tmp_path / "outer", given):
                reader, writer = await asyncio.open_unix_connection(tmp_path / "outer")
                writer.write(b"hello\n")
                try:
                    return await reader.read()
                except ConnectionError:
                    return b""
                finally:
                    writer.close()

    assert asyncio.run(said()) == (b"" if word else b"hello\n")
