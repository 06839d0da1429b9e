import os
import socket
import threading
from pathlib import Path

import pytest
import yaml
from otlp_receiver import wait_until

from pytest_llmops.errors import SinkError
from pytest_llmops.observability.footprint import FOOTPRINTS, server_memory
from pytest_llmops.observability.openllmetry import PLACES, SERVICE
from pytest_llmops.observability.sending import VARIABLES, Counter, counted
from pytest_llmops.sinks.named import SINKS
from pytest_llmops.sinks.openllmetry import otlp

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
KEYS = {"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}
SIZES = {"g": 1.0, "m": 1 / 1024}


def services(profile):
    return [one for one in COMPOSE["services"].values() if profile in one["profiles"]]


@pytest.mark.parametrize("name", SINKS)
def test_containers_and_memory_limits_are_those_of_the_compose_file(name):
    found = services(name)
    limits = [one["deploy"]["resources"]["limits"]["memory"] for one in found]
    assert FOOTPRINTS[name].containers == len(found)
    assert FOOTPRINTS[name].memory_limit == sum(float(one[:-1]) * SIZES[one[-1]] for one in limits)


def test_the_back_ends_are_where_the_compose_file_publishes_them():
    published = {
        f"http://{port.rpartition(':')[0]}"
        for one in services("openllmetry")
        for port in one.get("ports", ())
    }
    assert set(PLACES.values()) <= published


def test_the_service_is_searched_by_the_name_it_is_sent_with():
    assert SERVICE == otlp.SERVICE


def test_the_memory_of_a_server_on_this_machine_is_seen():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = server_memory(f"http://127.0.0.1:{listener.getsockname()[1]}")
    assert 2**20 < found < 2**36


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1:80", "http://127.0.0.1", "sqlite:///x.db", "http://127.0.0.1:1"]
)
def test_the_memory_of_what_is_not_here_is_not_guessed(url):
    assert server_memory(url) is None


def test_the_program_that_holds_a_containers_port_is_not_the_server(tmp_path):
    process = tmp_path / "7"
    (process / "fd").mkdir(parents=True)
    (process / "fd" / "3").symlink_to("socket:[99]")
    (process / "status").write_text("VmRSS:\t  2048 kB\n")
    (process / "comm").write_text("server\n")
    (tmp_path / "net").mkdir()
    line = "0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 99 1"
    (tmp_path / "net" / "tcp").write_text(f"heading\n{line}\n")
    assert server_memory("http://127.0.0.1:8080", tmp_path) == 2048 * 1024
    (process / "comm").write_text("docker-proxy\n")
    assert server_memory("http://127.0.0.1:8080", tmp_path) is None


def echo(listener, heard):
    near, _ = listener.accept()
    with near:
        while data := near.recv(1000):
            heard.append(data)
            near.sendall(b"yes")


def test_a_counter_passes_on_what_it_counts_and_names_the_server_by_its_own_name():
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        threading.Thread(target=echo, args=(listener, heard), daemon=True).start()
        with Counter("127.0.0.1", port) as counter:
            said = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{counter.port}\r\n\r\n".encode()
            with socket.create_connection(("127.0.0.1", counter.port), 5) as client:
                client.sendall(said)
                assert client.recv(10) == b"yes"
            wait_until(lambda: counter.bytes)
    assert counter.bytes == len(said)
    assert f"Host: 127.0.0.1:{port}\r\n".encode() in b"".join(heard)


@pytest.mark.parametrize("name", SINKS)
def test_a_sink_is_put_behind_a_counter_with_all_else_as_it_was(name):
    variable = VARIABLES[name]
    given = {**KEYS, variable: "http://127.0.0.1:9/way", "KEPT": "1"}
    with counted(name, given) as (changed, counter):
        assert changed[variable] == f"http://127.0.0.1:{counter.port}/way"
        assert changed["KEPT"] == "1"
    with pytest.raises(SinkError, match="http:"), counted(name, {**KEYS, variable: "https://h"}):
        pass


def test_credentials_in_the_address_of_a_server_get_through_and_a_file_needs_no_counter():
    given = {"MLFLOW_TRACKING_URI": "http://me:secret@127.0.0.1:9"}
    with counted("mlflow", given) as (changed, _):
        assert changed["MLFLOW_TRACKING_USERNAME"] == "me"
        assert changed["MLFLOW_TRACKING_PASSWORD"] == "secret"
    with counted("mlflow", dict(os.environ, MLFLOW_TRACKING_URI="sqlite:///x.db")) as (_, counter):
        assert counter is None
