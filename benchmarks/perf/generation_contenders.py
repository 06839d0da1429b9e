"""The contenders of generation.py: servers behind the seam of engines, and programs."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import msgspec
from gguf_plain import write_plain

from pytest_llmops.engine import EngineProcess, EngineSpec, start_engine
from pytest_llmops.engine.launch import engine_environment
from pytest_llmops.engine.weights import DEFAULT, embedded_folder, embedded_gguf

RIVALS = Path(__file__).with_name("generation_rivals.py")
VLLM_ARGS = ("--gpu-memory-utilization", "0.4")
"""Of this machine's memory, which is all taken else."""
VLLM_ENVIRONMENT = {"VLLM_CPU_NUM_OF_RESERVED_CPU": "0"}
"""All cores compute, as with the others; without it one is kept for its server."""
CONTEXT = 2048
"""Tokens of a prompt with its answer; servers set memory aside for them."""
Chat = list[dict[str, str]]
Round = dict[str, Any]
"""`seconds`, `output` and `prompt` tokens, and the `texts`."""
Run = Callable[[list[Chat], int], Round]


class Worker:
    """A contender in a process of its own: settings once, then chats in, a Round out."""

    def __init__(self, python: str, name: str, settings: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [python, str(RIVALS), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=engine_environment(os.environ),
        )
        self._send(json.dumps(settings))

    def run(self, chats: list[Chat], limit: int) -> Round:
        """Answer every prompt with at most `limit` tokens."""
        assert self._process.stdout
        self._send(json.dumps({"chats": chats, "limit": limit}))
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a contender ended with status {self._process.wait()}")
        result: Round = json.loads(line)
        return result

    def _send(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()


def served_round(url: str, chats: list[Chat], limit: int) -> Round:
    """Send all requests at once and wait for the last answer."""

    async def send_all() -> list[dict[str, Any]]:
        limits = httpx.Limits(max_connections=len(chats))
        async with httpx.AsyncClient(timeout=3600, limits=limits) as client:
            body = {"model": "base", "max_tokens": limit, "temperature": 0}
            posts = [
                client.post(f"{url}/chat/completions", json=body | {"messages": chat})
                for chat in chats
            ]
            return [answer.raise_for_status().json() for answer in await asyncio.gather(*posts)]

    start = time.perf_counter()
    answers = asyncio.run(send_all())
    seconds = time.perf_counter() - start
    usages = [answer["usage"] for answer in answers]
    return {
        "seconds": seconds,
        "output": sum(usage["completion_tokens"] for usage in usages),
        "prompt": sum(usage["prompt_tokens"] for usage in usages),
        "cached": sum(map(cached_tokens, usages)),
        "spans": [(usage["prompt_tokens"], usage["completion_tokens"]) for usage in usages],
        "texts": [answer["choices"][0]["message"]["content"] for answer in answers],
    }


def cached_tokens(usage: dict[str, Any]) -> int:
    """Return the cached tokens of a prompt; 0 where the server does not tell."""
    return (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0


@contextmanager
def contenders(options: argparse.Namespace) -> Iterator[tuple[dict[str, Run], EngineProcess]]:
    """Start all contenders that the options name; the built-in engine is the first."""
    with ExitStack() as stack:
        made = Path(stack.enter_context(TemporaryDirectory()))
        own = EngineSpec(base=f"embedded:{DEFAULT}", max_batch=options.batch, dtype=options.dtype)
        engine = stack.enter_context(start_engine(own))
        found: dict[str, Run] = {"engine": partial(served_round, engine.url)}
        for name, spec in _servers(options, engine.models["base"].dtype, made):
            server = stack.enter_context(start_engine(spec))
            found[name] = partial(served_round, server.url)
        for name, worker in _workers(options, engine, made):
            found[name] = stack.enter_context(worker).run
        yield found, engine


def _servers(
    options: argparse.Namespace, dtype: str, made: Path
) -> Iterator[tuple[str, EngineSpec]]:
    base = f"embedded:{DEFAULT}"
    spec = EngineSpec(base=base, max_batch=options.batch, max_context=CONTEXT)
    if options.vllm:
        os.environ.update(VLLM_ENVIRONMENT)
        others = {"engine": "vllm", "program": options.vllm, "dtype": dtype}
        yield "vLLM", msgspec.structs.replace(spec, engine_args=VLLM_ARGS, **others)
    if options.llama_server:
        plain = write_plain(embedded_gguf(DEFAULT), made / "plain.gguf")
        others = {"engine": "llama.cpp", "program": options.llama_server, "base": str(plain)}
        yield "llama.cpp server", msgspec.structs.replace(spec, **others)


def _workers(
    options: argparse.Namespace, engine: EngineProcess, made: Path
) -> Iterator[tuple[str, Worker]]:
    model = engine.models["base"]
    settings = {
        "threads": os.cpu_count(),
        "batch": options.batch,
        "context": CONTEXT,
        "folder": str(embedded_folder(DEFAULT)),
        "made": str(made),
        "dtype": model.dtype,
        "device": model.device,
        "gguf": str(options.gguf or embedded_gguf(DEFAULT)),
    }
    yield "generate", Worker(sys.executable, "generate", settings)
    if options.openvino_python:
        yield "OpenVINO", Worker(options.openvino_python, "openvino", settings)
    if options.llama_python:
        yield "llama.cpp single", Worker(options.llama_python, "llama", settings)
