"""Where a model is asked, and who it is for the records: endpoint and identity."""

from hashlib import sha256
from pathlib import Path

import msgspec

import pytest_llmops.engine
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.tokenizer import counter_of
from pytest_llmops.completions import Sampling
from pytest_llmops.engine import EngineProcess
from pytest_llmops.local_models import AdapterModel, LocalModel
from pytest_llmops.models import EndpointModel
from pytest_llmops.runs.identity import Identity
from pytest_llmops.runs.machine import versions
from pytest_llmops.seeds import SEED_SCHEME
from pytest_llmops.tasks.prompts import PROMPT_VERSION

ENGINE_TIMEOUT = 3600.0
"""Seconds for one answer of the engine, time in its queue included."""


def local(
    model: LocalModel | AdapterModel, base: LocalModel, engine: EngineProcess, sampling: Sampling
) -> tuple[Endpoint, Identity]:
    """A model that the engine serves here."""
    served = engine.models[model.name]
    endpoint = Endpoint(
        base_url=engine.url,
        model=model.name,
        timeout=ENGINE_TIMEOUT,
        concurrency=base.concurrency or 2 * base.max_batch,
    )
    identity = Identity(
        model=model.name,
        served=base.weights,
        weights_sha256=served.sha256,
        adapter_sha256=served.adapter_sha256,
        tokenizer_sha256=served.tokenizer_sha256,
        dtype=served.dtype,
        device=served.device,
        engine=(served.engine or engine_of()) + _context(base),
        settings_sha256=served.settings_sha256,
        context_tokens=base.context_tokens,
        instruction=base.instruction,
        prompt_version=PROMPT_VERSION,
        sampling=sampling,
        seed_scheme=SEED_SCHEME,
    )
    return endpoint, identity


def _context(base: LocalModel) -> str:
    """A context that models.toml sets, which ends longer answers; "" for that of the model."""
    return f", context {base.context}" if base.context else ""


def engine_of() -> str:
    """The engine by its code, and what it computes with."""
    code = sha256()
    for path in sorted(Path(pytest_llmops.engine.__file__).parent.rglob("*.py")):
        code.update(path.read_bytes())
    found = versions()
    with_ = [
        f"{name} {found[name]}" for name in ("torch", "transformers", "numba") if name in found
    ]
    return ", ".join([f"pytest-llmops {code.hexdigest()[:12]}", *with_])


def hosted(model: EndpointModel, sampling: Sampling) -> tuple[Endpoint, Identity]:
    """A model behind an endpoint of others.

    Raises:
        ModelError: Its URL or its key cannot be used.
    """
    endpoint = Endpoint(
        base_url=model.url,
        model=model.model,
        api_key=model.api_key(),
        timeout=model.timeout,
        concurrency=model.concurrency,
        tokenizer=model.tokenizer,
        extra=model.extra,
        omit=model.omit,
    )
    identity = Identity(
        model=model.name,
        served=endpoint.where,
        body_changes=_changes(model),
        counter_sha256=counter_of(model.tokenizer).sha256 if model.tokenizer else "",
        context_tokens=model.context_tokens,
        instruction=model.instruction,
        prompt_version=PROMPT_VERSION,
        sampling=sampling,
        seed_scheme=SEED_SCHEME,
    )
    return endpoint, identity


def _changes(model: EndpointModel) -> str:
    """What models.toml adds to request bodies and leaves out of them, as JSON; "" for nothing."""
    if not (model.extra or model.omit):
        return ""
    return msgspec.json.encode((model.extra, model.omit), order="deterministic").decode()
