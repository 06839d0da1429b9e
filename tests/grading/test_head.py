"""Whether there is a cluster at an address, told before Ray looks; with one, see test_ray.py."""

import shutil
import socket
import threading
from contextlib import closing, suppress

import pytest
from chat_server import ChatServer, answer, serving
from project import write_benchmark

from pytest_llmops.errors import PlaceError
from pytest_llmops.places import head


class Listening:
    """Something that listens on a port of this machine, and says the same to whoever comes."""

    def __init__(self, said):
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._said, self._came = said, []
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def _answer(self):
        with suppress(OSError):
            while True:
                self._came.append(self._server.accept()[0])
                self._came[-1].sendall(self._said)

    def close(self):
        self._server.shutdown(socket.SHUT_RDWR)  # wakes up who waits for the next one
        self._thread.join()
        for one in (self._server, *self._came):
            one.close()


def test_nothing_at_the_address_of_a_cluster_is_told_at_once():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(PlaceError, match=f"--run-on=ray:{address}: no cluster there: Conn"):
            head.connect(address)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"", "something listens and says nothing"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what listens is no head of a Ray cluster"),
    ],
)
def test_what_is_no_cluster_is_told_in_seconds(said, told, monkeypatch):
    monkeypatch.setattr(head, "KNOCK", 0.5)
    with closing(Listening(said)) as there:
        line = f"^--run-on=ray:{there.address}: no cluster there: {told}; `ray start --head` tells"
        with pytest.raises(PlaceError, match=line):
            head.connect(there.address)


def test_a_cluster_of_this_machine_that_has_ended_is_told_with_its_address(monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed")
    with closing(Listening(b"")) as there:
        monkeypatch.setenv("RAY_ADDRESS", there.address)
    line = (
        f"^--run-on=ray: no cluster there at [0-9.]+:{there.port}: Connection refused; `ray start"
    )
    with pytest.raises(PlaceError, match=line):
        head.connect("")


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_session_whose_cluster_is_not_there_says_so_before_it_asks(workers, pytester, mined):
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    with closing(Listening(b"")) as gone:
        pass
    server = ChatServer(answer("No."), models=[{"id": "served"}])
    with serving(server) as (url, _):
        (pytester.path / "models.toml").write_text(f'[served]\nurl = "{url}"\nmodel = "served"\n')
        asked = ("benchmarks", "--model=served", "-n", workers, f"--run-on=ray:{gone.address}")
        found = pytester.runpytest_subprocess(*asked)
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    said = f"ERROR: --run-on=ray:{gone.address}: no cluster there: Connection refused; `ray *"
    found.stderr.fnmatch_lines([said])
    assert server.calls == []
