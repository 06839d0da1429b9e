"""Starting, failing and ending: an engine never outlives whoever started it."""

import os
import select
import signal
import subprocess
import sys
import time

import msgspec
import pytest

pytest.importorskip("torch", reason="needs the `local` extra")

from tiny_models import save_tiny

from pytest_llmops.engine import EngineSpec, start_engine
from pytest_llmops.engine.launch import Ready, engine_environment
from pytest_llmops.engine.load import load
from pytest_llmops.errors import EndpointError, ModelError

pytestmark = pytest.mark.torch

LAUNCHER = """
import sys, time
from pytest_llmops.engine import EngineSpec, start_engine
engine = start_engine(EngineSpec(base=sys.argv[1], dtype="float32"))
print(engine.ready.pid, flush=True)
{then}
"""

EMPTY_WEIGHTS = "\x02" + "\0" * 7 + "{}"
"""A safetensors file without tensors."""


def wait_until_gone(pid, seconds=20.0):
    """Wait for the end of a process that is not a child of this one."""
    if hasattr(os, "pidfd_open"):
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        try:
            return bool(select.select([handle], [], [], seconds)[0])
        finally:
            os.close(handle)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
    return False


@pytest.mark.parametrize("then", ["time.sleep(60)", "raise SystemExit('without closing it')"])
def test_an_engine_ends_with_its_parent_however_that_ends(tmp_path, then):
    folder = save_tiny(tmp_path / "tiny")
    command = [sys.executable, "-c", LAUNCHER.format(then=then), str(folder)]
    launcher = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert launcher.stdout
    pid = int(launcher.stdout.readline())
    if "sleep" in then:
        launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    launcher.stdout.close()
    assert wait_until_gone(pid)


def test_an_engine_whose_parent_dies_while_it_loads_ends_too(tmp_path):
    """The parent is gone before the engine has imported torch, let alone served."""
    script = (
        "import os, subprocess, sys\n"
        "command = [sys.executable, '-m', 'pytest_llmops.engine', '--base', 'nowhere',"
        " '--parent-pid', str(os.getpid())]\n"
        "engine = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)\n"
        "print(engine.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", script]
    parent = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    assert wait_until_gone(int(parent.stdout))


def test_closing_ends_the_process_and_the_ready_line_names_it(tmp_path):
    folder = save_tiny(tmp_path / "tiny")
    with start_engine(EngineSpec(base=str(folder), base_name="tiny", dtype="float32")) as engine:
        pid = engine.ready.pid
        assert engine.alive
        assert engine.url == f"http://127.0.0.1:{engine.url.split(':')[2].split('/')[0]}/v1"
        model = engine.models["tiny"]
        assert (model.dtype, model.device, model.base) == ("float32", "cpu", str(folder))
        assert len(model.sha256) == len(model.tokenizer_sha256) == 64
        assert engine.ready.max_context == 4096
    assert not engine.alive
    assert wait_until_gone(pid)
    assert engine.peak_memory() is None


def test_the_launcher_imports_no_torch():
    code = "import sys, pytest_llmops.engine; raise SystemExit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_base_that_is_not_there_is_a_model_error_with_its_name(tmp_path):
    with pytest.raises(ModelError, match="nowhere: no such folder"):
        start_engine(EngineSpec(base=str(tmp_path / "nowhere")))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"config.json": "{}"}, r"no \*\.safetensors"),
        ({"config.json": "{}", "pytorch_model.bin": "x"}, r"no \*\.safetensors"),
        ({"config.json": "{}", "model.safetensors": "x"}, "cannot be read, is it whole"),
        (
            {"config.json": '{"model_type": "unheard"}', "model.safetensors": EMPTY_WEIGHTS},
            "cannot be loaded",
        ),
    ],
)
def test_a_folder_that_is_no_model_is_refused_by_name(tmp_path, files, said):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ModelError, match=said) as refusal:
        load(str(tmp_path), "float32")
    assert str(tmp_path) in str(refusal.value)


def test_a_model_that_brings_its_own_code_is_refused_and_the_code_not_run(tmp_path):
    folder = save_tiny(tmp_path / "tiny")
    mark = tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(mark)!r}, 'w')\nclass Evil: pass\n")
    config = msgspec.json.decode((folder / "config.json").read_bytes())
    own_code = dict.fromkeys(("AutoConfig", "AutoModelForCausalLM"), "evil.Evil")
    config |= {"model_type": "evil", "auto_map": own_code}
    (folder / "config.json").write_bytes(msgspec.json.encode(config))
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(str(folder), "float32")
    assert not mark.exists()


def test_names_that_clash_and_ports_in_use_are_said_before_loading(tmp_path):
    with pytest.raises(ModelError, match="names that differ"):
        start_engine(EngineSpec(base="x", base_name="a", adapters={"a": "folder"}))
    with pytest.raises(ModelError, match=r"cannot listen on 192\.0\.2\.1"):
        start_engine(EngineSpec(base="x", host="192.0.2.1"))


def test_silence_is_an_endpoint_error_with_the_reason(tmp_path):
    with pytest.raises(EndpointError, match=r"killed before it served \(after 0.05 s"):
        start_engine(EngineSpec(base=str(tmp_path)), timeout=0.05)


def test_a_dtype_that_is_none_and_a_wrong_command_line_say_what_is_wrong(tmp_path):
    with pytest.raises(ModelError, match="'int4': must be one of auto, float32"):
        load(str(tmp_path), "int4")
    with pytest.raises(EndpointError, match=r"status 2(.|\n)*invalid int value: 'x'"):
        start_engine(EngineSpec(base=str(tmp_path), port="x"))


def test_the_environment_lets_waiting_threads_sleep():
    environment = engine_environment({"PATH": "/bin", "OMP_WAIT_POLICY": "ACTIVE"})
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"
    assert environment["PATH"] == "/bin"


def test_memory_lies_in_huge_pages_unless_the_user_says_otherwise():
    huge, own = "glibc.malloc.hugetlb=1", "glibc.malloc.hugetlb=0:glibc.malloc.check=1"
    assert engine_environment({})["GLIBC_TUNABLES"] == huge
    assert engine_environment({"GLIBC_TUNABLES": own})["GLIBC_TUNABLES"] == f"{huge}:{own}"


def test_a_spec_and_a_ready_line_survive_the_wire():
    spec = EngineSpec(base="b", adapters={"x": "folder/a=b"}, max_batch=3)
    assert spec.arguments[4:8] == ["--adapter", "x=folder/a=b", "--max-batch", "3"]
    ready = Ready(url="http://x/v1", pid=3, models={}, max_context=8)
    assert msgspec.json.decode(msgspec.json.encode(ready), type=Ready) == ready
