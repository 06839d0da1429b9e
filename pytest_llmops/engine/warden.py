"""Keeps an engine of other people: starts its program, waits until it serves, ends it in time.

The process that runs this stands where the own engine's stands, behind the same command line and
ready line, so whoever starts it need not know which engine it is. The program lives in a process
group of its own: it is ended with all it started, politely first, when this process is told to end
or its parent is gone. Where the system can, the kernel ends it too should this process be killed.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, NoReturn

import msgspec

from pytest_llmops.client.connections import Connections, ask_once
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.tokenizer import tokenizer_sha256
from pytest_llmops.engine.adapter_config import CONFIG, WEIGHTS, check_pins, decode
from pytest_llmops.engine.folders import (
    check_weights,
    files_sha256,
    resolve,
    settings_sha256,
)
from pytest_llmops.engine.foreign import MOST_CONTEXT, check, llama_command, vllm_command
from pytest_llmops.engine.gguf_file import convert_adapter, read_facts
from pytest_llmops.engine.lifetime import how_it_ended
from pytest_llmops.engine.spec import EngineSpec, Ready, ServedModel
from pytest_llmops.engine.weights import embedded_gguf
from pytest_llmops.errors import EndpointError, ModelError

PULSE = 0.2
"""Seconds between two looks at whether the program serves."""
PATIENCE = 3.0
"""Seconds in which a program may end by itself."""
_PR_SET_PDEATHSIG = 1


class Plan(NamedTuple):
    """How a program is to be started, and what identifies the model that it serves."""

    command: list[str]
    served: ServedModel
    adapters: dict[str, str]
    """Digest by name."""


class Ward:
    """The program, once it is started."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._scratch: Path | None = None

    def scratch(self) -> Path:
        """Return a folder that is removed when the program has ended."""
        self._scratch = self._scratch or Path(tempfile.mkdtemp(prefix="llmops-engine-"))
        return self._scratch

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start it; what it writes goes where this process writes its log."""
        quiet = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            env=quiet | os.environ,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )
        return self._process

    def end(self) -> None:
        """End it with all its processes, politely first; safe to repeat."""
        if self._process is not None:
            for number in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(PATIENCE)
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)


def keep(spec: EngineSpec, ward: Ward, announce: Any) -> int:
    """Serve until ended; `announce` gets the ready line. Returns the exit status.

    Raises:
        ModelError: The program cannot serve the model, or ended before it did.
    """
    signal.signal(signal.SIGTERM, _leave)
    program = check(spec)
    spec = msgspec.structs.replace(spec, port=spec.port or _free_port(spec.host))
    try:
        plan = _plan(spec, program, ward)
        process = ward.start(plan.command)
        root = f"http://{f'[{spec.host}]' if ':' in spec.host else spec.host}:{spec.port}"
        _wait(root, process, spec)
        announce(_ready(root, process, spec, plan))
        return process.wait()
    finally:
        ward.end()


def _plan(spec: EngineSpec, program: str, ward: Ward) -> Plan:
    if spec.engine == "vllm":
        return _plan_vllm(spec, program)
    return _plan_llama(spec, program, ward)


def _plan_vllm(spec: EngineSpec, program: str) -> Plan:
    folder = resolve(spec.base)
    check_weights(folder)
    context = min(spec.max_context or MOST_CONTEXT, _positions(folder))
    served = ServedModel(
        sha256=files_sha256(sorted(folder.glob("*.safetensors"))),
        tokenizer_sha256=_tokenizer_sha256(folder),
        settings_sha256=settings_sha256(folder),
        dtype=spec.dtype,
        device="",
        base=spec.base,
    )
    for place in spec.adapters.values():
        check_pins(Path(place), spec.base, served.sha256, served.tokenizer_sha256)
    adapters = {
        name: files_sha256([Path(place) / CONFIG, Path(place) / WEIGHTS])
        for name, place in spec.adapters.items()
    }
    return Plan(vllm_command(program, spec, folder, context=context), served, adapters)


def _plan_llama(spec: EngineSpec, program: str, ward: Ward) -> Plan:
    kind, _, name = spec.base.partition(":")
    gguf = embedded_gguf(name) if kind == "embedded" else Path(spec.base)
    facts = read_facts(gguf)
    served = ServedModel(
        sha256=files_sha256([gguf]),
        tokenizer_sha256=facts.tokenizer_sha256,
        dtype=facts.kind,
        device="",
        base=spec.base,
    )
    adapter, adapters = None, {}
    for name, place in spec.adapters.items():
        adapter = Path(place)
        files = [adapter] if adapter.is_file() else [adapter / CONFIG, adapter / WEIGHTS]
        adapters[name] = files_sha256(files)
        if adapter.is_dir():
            adapter = ward.scratch() / "adapter.gguf"
            convert_adapter(Path(place), facts, adapter)
    context = min(spec.max_context or MOST_CONTEXT, facts.context)
    command = llama_command(program, spec, gguf, context=context, adapter=adapter)
    return Plan(command, served, adapters)


def _wait(root: str, process: subprocess.Popen[bytes], spec: EngineSpec) -> None:
    """Return once the program answers that it is well."""
    while (status := process.poll()) is None:
        with contextlib.suppress(EndpointError):
            if ask_once(_way(root), "/health", seconds=5.0, read=())[0] == 200:
                return
        time.sleep(PULSE)
    raise ModelError(f"{spec.engine} {how_it_ended(status)} before it served {spec.base}")


def _ready(root: str, process: subprocess.Popen[bytes], spec: EngineSpec, plan: Plan) -> Ready:
    def ask(path: str) -> Any:
        status, body = ask_once(_way(root), path, seconds=30.0, read={200})
        if status != 200:
            raise ModelError(f"{spec.engine} answers {status} to {path}")
        return msgspec.json.decode(body)

    if spec.engine == "vllm":
        version, context = ask("/version")["version"], ask("/v1/models")["data"][0]["max_model_len"]
    else:
        told = ask("/props")
        version, context = told["build_info"], told["default_generation_settings"]["n_ctx"]
    engine = " ".join([spec.engine, version, *spec.engine_args])
    served = msgspec.structs.replace(plan.served, engine=engine)
    models = {
        name: msgspec.structs.replace(served, adapter_sha256=digest)
        for name, digest in plan.adapters.items()
    }
    if spec.engine == "vllm" or not models:  # llama.cpp serves the adapted model alone
        models[spec.base_name] = served
    return Ready(url=f"{root}/v1", pid=process.pid, models=models, max_context=context)


def _way(root: str) -> Connections:
    return Connections(Endpoint(base_url=root, model=""), connect=5.0, direct=True)


def _positions(folder: Path) -> int:
    """Return the tokens that the model of a folder was made for."""
    config = decode(folder / "config.json", _Config)
    inner = config.text_config
    known = config.max_position_embeddings or (inner and inner.max_position_embeddings)
    return known or MOST_CONTEXT


class _Config(msgspec.Struct):
    """The part of a model's `config.json` that tells its context."""

    max_position_embeddings: int | None = None
    text_config: "_Config | None" = None


def _tokenizer_sha256(folder: Path) -> str:
    """Return the digest that the own engine gives, or "" where transformers is not installed."""
    try:
        from transformers import AutoTokenizer  # noqa: PLC0415 - of the extra `local`
    except ImportError:
        return ""
    try:
        return tokenizer_sha256(AutoTokenizer.from_pretrained(folder, trust_remote_code=False))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: its tokenizer cannot be loaded: {error}") from error


def _free_port(host: str) -> int:
    """Return a port that is free now; the program binds it a moment later."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _end_with_parent() -> None:
    """Have the kernel kill the program when the thread that started it, the main one, is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
