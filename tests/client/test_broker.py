import multiprocessing
import socket
import stat
import threading
import time
from multiprocessing.connection import Client
from pathlib import Path

import msgspec
import pytest
from chat_server import completion, keyed, requests
from test_generate import Scripted, never

from pytest_llmops.errors import EndpointError
from pytest_llmops.generation.broker import LONGEST_QUESTION, BrokerClient, BrokerServer
from pytest_llmops.generation.generate import Generation

SPAWN = multiprocessing.get_context("spawn")
KEY = ("suite:m#f0", 0)


@pytest.fixture
def served():
    """A source of two keys: one answers, one fails."""

    def await_completion(key):
        if key == KEY:
            return completion("x" * 100_000)
        raise EndpointError(f"{key[0]}: HTTP 400")

    with BrokerServer(await_completion) as server:
        yield server
    assert not [t.name for t in threading.enumerate() if t.name == "llmops-broker"]


def test_a_completion_comes_across_whole(served):
    with BrokerClient(served.address, served.authkey) as client:
        assert client.await_completion(KEY) == completion("x" * 100_000)
        assert client.await_completion(KEY) == completion("x" * 100_000)


def test_an_error_comes_across_as_an_error(served):
    with BrokerClient(served.address, served.authkey) as client:
        with pytest.raises(EndpointError, match="suite:y#g: HTTP 400"):
            client.await_completion(("suite:y#g", 0))
        assert client.await_completion(KEY).usage.input == 3


def test_the_socket_is_for_this_user_alone_and_goes_away(served):
    folder = Path(served.address).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    served.close()
    served.close()
    assert not folder.exists()


def test_a_deep_temporary_folder_takes_a_loopback_port(tmp_path):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    with BrokerServer(lambda key: completion(key[0]), folder=deep) as server:
        assert server.address[0] == "127.0.0.1"
        with BrokerClient(server.address, server.authkey) as client:
            assert client.await_completion(KEY).text == KEY[0]
    assert not list(deep.iterdir())


def test_who_does_not_know_the_key_learns_nothing(served):
    with (
        BrokerClient(served.address, b"wrong") as stranger,
        pytest.raises(EndpointError, match="controller of this session is gone"),
    ):
        stranger.await_completion(KEY)


def test_silent_strangers_keep_no_worker_waiting(served):
    strangers = [socket.socket(socket.AF_UNIX) for _ in range(5)]
    for stranger in strangers:
        stranger.connect(served.address)
    with BrokerClient(served.address, served.authkey) as client:
        assert client.await_completion(KEY, timeout=5).usage.input == 3
    for stranger in strangers:
        stranger.close()


def exchange(raw, question):
    raw.send_bytes(question)
    return raw.recv_bytes()


@pytest.mark.parametrize("question", [b"", b"\xc1", msgspec.msgpack.encode({"a": 1}), b"\x80\x04."])
def test_a_question_of_another_form_is_answered_with_an_error(served, question):
    with Client(served.address, authkey=served.authkey) as raw:
        assert b"error" in exchange(raw, question)


def test_a_question_that_is_too_long_ends_the_connection(served):
    with (
        Client(served.address, authkey=served.authkey) as raw,
        pytest.raises((EOFError, OSError)),
    ):
        exchange(raw, b"x" * (LONGEST_QUESTION + 1))


def test_after_a_time_out_the_next_answer_is_the_right_one():
    late = threading.Event()

    def await_completion(key):
        if key == KEY:
            late.wait(5)
        return completion(key[0])

    with BrokerServer(await_completion) as server, BrokerClient(*where(server)) as client:
        with pytest.raises(EndpointError, match=r"no answer within 0\.05 s"):
            client.await_completion(KEY, timeout=0.05)
        assert client.await_completion(("suite:m#f1", 0)).text == "suite:m#f1"
        late.set()


def where(server):
    return server.address, server.authkey


def work(address, authkey, numbers, results):
    with BrokerClient(address, authkey) as client:
        texts = [client.await_completion((f"suite:m#f{n}", 0)).text for n in numbers]
    results.put(texts)


def test_workers_in_processes_of_their_own_share_one_generation():
    running, results = Generation(Scripted()), SPAWN.Queue()
    with BrokerServer(running.await_completion) as server:
        workers = [
            SPAWN.Process(target=work, args=(*where(server), range(k, 100, 2), results))
            for k in range(2)
        ]
        for worker in workers:
            worker.start()
        running.start(keyed(requests(100)))
        found = sorted(results.get(timeout=20) + results.get(timeout=20))
        for worker in workers:
            worker.join(10)
        running.close()
    assert found == sorted(f"suite:m#f{n}" for n in range(100))


def ask_for_ever(address, authkey, connected):
    client = BrokerClient(address, authkey)
    client.await_completion(("suite:m#f1", 0))
    connected.set()
    client.await_completion(KEY)


def test_a_worker_that_dies_while_it_waits_harms_nobody():
    async def stall(asked):
        if asked.key == KEY:
            await never(asked)

    running, connected = Generation(Scripted(stall)), SPAWN.Event()
    running.start(keyed(requests(2)))
    with BrokerServer(running.await_completion) as server:
        worker = SPAWN.Process(target=ask_for_ever, args=(*where(server), connected))
        worker.start()
        assert connected.wait(20)
        worker.kill()
        worker.join(10)
        with BrokerClient(*where(server)) as client:
            assert client.await_completion(("suite:m#f1", 0)).text == "suite:m#f1"
        running.close()


def control(pipe, folder):
    def await_completion(key):
        return completion(key[0]) if key == KEY else time.sleep(60)

    server = BrokerServer(await_completion, folder=folder)
    pipe.send(where(server))
    time.sleep(60)


def test_a_controller_that_dies_is_an_error_in_its_workers(tmp_path):
    ours, theirs = SPAWN.Pipe()
    controller = SPAWN.Process(target=control, args=(theirs, tmp_path))
    controller.start()
    with BrokerClient(*ours.recv()) as client:
        assert client.await_completion(KEY).text == KEY[0]
        killer = threading.Timer(0.2, controller.kill)
        killer.start()
        for _ in range(2):
            with pytest.raises(
                EndpointError, match=r"suite:z#h.*controller of this session is gone"
            ):
                client.await_completion(("suite:z#h", 0))
        controller.join(10)
        killer.join()


def test_closing_ends_a_worker_that_waits():
    running = Generation(Scripted(never))
    running.start(keyed(requests(1)))
    with BrokerServer(running.await_completion) as server, BrokerClient(*where(server)) as client:
        closer = threading.Timer(0.1, running.close)
        closer.start()
        with pytest.raises(EndpointError, match="the session ended before its answer came"):
            client.await_completion(KEY)
        closer.join()
