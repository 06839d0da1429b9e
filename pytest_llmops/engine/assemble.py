"""From an `EngineSpec` to an engine that serves: load, prove, connect."""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
import uvicorn

from pytest_llmops.engine.adapters import Adapter, read_adapter
from pytest_llmops.engine.kvcache import BlockPool
from pytest_llmops.engine.load import Loaded, load
from pytest_llmops.engine.loop import Batcher, Vocabulary
from pytest_llmops.engine.rules import Rules
from pytest_llmops.engine.runners import build_runner
from pytest_llmops.engine.server import build_app
from pytest_llmops.engine.service import Service
from pytest_llmops.engine.spec import EngineSpec, ServedModel


class Assembled(NamedTuple):
    """An engine ready to serve."""

    service: Service
    host: str
    notes: tuple[str, ...]
    """What the user should know of how the model is run."""

    def serve(self, listener: socket.socket, on_ready: Callable[[], None]) -> None:
        """Serve on `listener` until a signal; call `on_ready` once connections are accepted."""
        config = uvicorn.Config(
            build_app(self.service, self.host), log_level="warning", access_log=False
        )
        server = _Server(config)
        server.on_ready = on_ready
        server.run(sockets=[listener])
        if self.service.batcher:
            self.service.batcher.close()


class _Server(uvicorn.Server):
    """A server that says when it serves."""

    on_ready: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_ready()


def assemble(spec: EngineSpec) -> Assembled:
    """Load everything `spec` names; raises ModelError for what cannot be served."""
    torch.set_num_threads(physical_cores())
    base = load(spec.base, spec.dtype)
    adapters = {
        name: read_adapter(Path(folder), base, spec.base) for name, folder in spec.adapters.items()
    }
    context = base.context(spec.max_context)
    rules = Rules(base.model.generation_config, base.eos_ids, base.device)
    notes = list(rules.notes)
    pairs = {name: a.pairs for name, a in adapters.items()}
    runner = build_runner(_fresh(base, spec), pairs, context=context, tell=notes.append)
    service = Service(base, _served(spec, base, adapters), context)
    service.batcher = Batcher(
        runner,
        BlockPool(base.device, base.dtype),
        vocabulary=Vocabulary(base.tokenizer, base.eos_ids, rules),
        max_batch=spec.max_batch,
        deliver=service.deliver,
    )
    return Assembled(service, spec.host, tuple(notes))


def _fresh(base: Loaded, spec: EngineSpec) -> Callable[[], Any]:
    """Return what gives the loaded model once, and then loads it anew."""
    first = [base.model]
    return lambda: first.pop() if first else load(spec.base, spec.dtype).model


def _served(spec: EngineSpec, base: Loaded, adapters: dict[str, Adapter]) -> dict[str, ServedModel]:
    def named(adapter_sha256: str) -> ServedModel:
        return ServedModel(
            sha256=base.sha256,
            tokenizer_sha256=base.tokenizer_sha256,
            dtype=str(base.dtype).removeprefix("torch."),
            device=str(base.device),
            base=spec.base,
            settings_sha256=base.settings_sha256,
            adapter_sha256=adapter_sha256,
        )

    return {spec.base_name: named("")} | {name: named(a.sha256) for name, a in adapters.items()}


def physical_cores() -> int:
    """Return the cores this process may use, counting hyper-threads of one core once."""
    allowed = os.sched_getaffinity(0) if sys.platform == "linux" else range(os.cpu_count() or 1)
    siblings = {
        path.read_text() if (path := _topology(cpu)).exists() else str(cpu) for cpu in allowed
    }
    return max(1, len(siblings))


def _topology(cpu: int) -> Path:
    return Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
