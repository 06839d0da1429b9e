"""Who answers: `models.toml` names models, and a few inline forms need no entry.

    [base]                                          a local model, served by the engine
    weights = "embedded:smollm2-135m-instruct"      or "hf:ORG/NAME", or a folder

    [lora-v1]                                       a PEFT adapter on a local model
    base = "base"
    adapter = "adapters/lora-v1"

    [large]                                         a local model, served by vLLM or llama.cpp
    weights = "hf:ORG/NAME"
    engine = "vllm"

    [mini]                                          any OpenAI-compatible endpoint
    url = "https://api.example.com/v1"
    model = "mini-2"
    api_key_env = "EXAMPLE_API_KEY"                 the variable's name, never the key
    prices = { input = 0.25, cached = 0.025, output = 2.0 }

Inline: `hf:ORG/NAME`, the path of a folder or of a GGUF file, `openai:NAME@URL` (key from
`LLMOPS_API_KEY`), `replay:RUN`.
"""

import os
from pathlib import Path
from typing import Annotated, Any

import msgspec

from pytest_llmops import tables
from pytest_llmops.addresses import VARIABLE, check_url
from pytest_llmops.completions import Usage
from pytest_llmops.errors import ModelError, nearest
from pytest_llmops.local_models import (
    CONTEXT_TOKENS,
    AdapterModel,
    Count,
    Cutoff,
    LocalModel,
    at_path,
    placed,
)

LATEST = "latest"
"""What stands for the run that started last, and so for no model."""
INLINE_KEY = "LLMOPS_API_KEY"
"""Environment variable whose value inline endpoints are called with, where it is set."""

FIELDS = (
    "max_tokens max_completion_tokens temperature top_p top_k min_p seed stop stream stream_options"
    " tools tool_choice parallel_tool_calls functions function_call response_format reasoning"
    " reasoning_effort thinking enable_thinking chat_template_kwargs verbosity n logprobs"
    " top_logprobs logit_bias presence_penalty frequency_penalty repetition_penalty user store"
    " metadata modalities audio prediction service_tier prompt_cache_key prompt_cache_retention"
    " safety_identifier web_search_options provider usage tool_stream extra_body"
)
"""Fields of a request that may be left out: those that are sent, and those that programs send."""


Price = Annotated[float, msgspec.Meta(ge=0)]


class Prices(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars per million tokens."""

    input: Price
    """Input tokens that no cache had."""
    output: Price
    """Output tokens, hidden reasoning included."""
    cached: Price | None = None
    """Input tokens read from a prompt cache; as `input` where a provider gives no discount."""
    cache_write: Price | None = None
    """Input tokens written to a prompt cache; as `input` where they cost no more."""

    def cost(self, usage: Usage) -> float:
        """US dollars of one call."""
        cached = self.input if self.cached is None else self.cached
        written = self.input if self.cache_write is None else self.cache_write
        read = usage.fresh * self.input + usage.cached * cached + usage.cache_write * written
        return (read + usage.output * self.output) / 1e6

    def priced(self, usage: Usage) -> float:
        """Priced tokens: tokens at the price of their kind, over that of an output token."""
        return 1e6 * self.cost(usage) / (self.output or self.input or 1.0)


USUAL = Prices(input=1.0, cached=0.1, cache_write=1.25, output=5.0)
"""Ratio of prices where none are known."""


class EndpointModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model behind an OpenAI-compatible endpoint."""

    url: str
    """Base URL, up to and with the version: `https://api.example.com/v1`."""
    model: str
    """The model's name at the endpoint."""
    api_key_env: str = ""
    """Name of the environment variable that holds the key; empty for none."""
    prices: Prices | None = None
    """What tokens cost, for dollars in records, reports and gates; see below."""
    context_tokens: Count = CONTEXT_TOKENS
    """Most tokens, estimated, that the prompt spends on the file around the function."""
    instruction: str = ""
    """A sentence added to every question."""
    cutoff: Cutoff = ""
    """Month or day up to which it was trained, as 2025-03; reports split cases by it."""
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    """Seconds for one answer."""
    concurrency: Count = 0
    """Requests at once; 0 starts at 20 and adapts to what the server accepts, at most 100."""
    tokenizer: str = ""
    """Counts tokens if the server reports none: a tokenizer's file or folder, or its hub name."""
    extra: dict[str, Any] = {}
    """Fields added to every request body; they replace those of the same name."""
    omit: tuple[str, ...] = ()
    """Request fields that the server refuses; for `max_tokens`, `max_completion_tokens` is sent."""
    name: str = ""

    def api_key(self) -> str:
        """The key, or "" where none is needed.

        Raises:
            ModelError: `api_key_env` names a variable that is not set.
        """
        if not self.api_key_env:
            return ""
        key = os.environ.get(self.api_key_env, "")
        if not key and self.api_key_env != INLINE_KEY:
            raise ModelError(
                f"model {self.name!r}: environment variable {self.api_key_env} is not set; "
                "export it with the API key"
            )
        return key


class ReplayedModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers with the completions of a recorded run."""

    replay: str
    """The recorded run whose answers to use: its id, its folder or its records file."""
    name: str = ""


Model = LocalModel | AdapterModel | EndpointModel | ReplayedModel

_KINDS: dict[str, type[Model]] = {
    "weights": LocalModel,
    "adapter": AdapterModel,
    "url": EndpointModel,
    "replay": ReplayedModel,
}
"""The key that tells what a table is."""


def load_models(path: Path) -> dict[str, Model]:
    """Read `models.toml`; a missing file names no models.

    Raises:
        ModelError: The file is not TOML, or a table is not a model; names file and table.
    """
    found = tables.read(path, ModelError) or {}
    return {name: _parse(path, name, table) for name, table in found.items()}


def resolve(name: str, path: Path) -> tuple[Model, LocalModel | None]:
    """Find what a name or an inline form stands for.

    Returns:
        The model and, where the engine must run, the local base it stands on (else None).

    Raises:
        ModelError: The name is unknown (the message lists the known ones) or cannot be used.
    """
    if model := _inline(name):
        return model, model if isinstance(model, LocalModel) else None
    models = load_models(path)
    if name not in models and (model := at_path(name)):
        return model, model
    if name not in models:
        known = ", ".join(sorted(models)) or "none"
        url = f"; for an endpoint write openai:NAME@{name}" if "://" in name else ""
        known += "" if path.exists() else "; there is no such file, and `llmops init` makes one"
        raise ModelError(
            f"--model: {name!r} is not in {path} (known: {known}) "
            "and is none of hf:ORG/NAME, a folder, a GGUF file, openai:NAME@URL, replay:RUN"
            f"{url or nearest(name, models)}"
        )
    model = models[name]
    if isinstance(model, LocalModel):
        return model, model
    if isinstance(model, AdapterModel):
        base = models.get(model.base)
        if not isinstance(base, LocalModel):
            raise ModelError(f"{path}: [{name}] 'base' is {model.base!r}; not a local model there")
        return model, base
    return model, None


def _parse(path: Path, name: str, table: Any) -> Model:
    if name == LATEST:
        raise ModelError(f"{path}: [{name}] is what commands call the newest run; rename it")
    kinds = [key for key in _KINDS if isinstance(table, dict) and key in table]
    if len(kinds) != 1:
        raise ModelError(
            f"{path}: [{name}] must have exactly one of {', '.join(_KINDS)}; "
            f"has {', '.join(kinds) or 'none'}"
        )
    where = f"{path}: [{name}]"
    model = tables.value_of(_KINDS[kinds[0]], table, where, ModelError, {"name": name})
    folder = path.parent
    if isinstance(model, LocalModel):
        return placed(model, folder)
    if isinstance(model, AdapterModel):
        return msgspec.structs.replace(model, adapter=str((folder / model.adapter).resolve()))
    if isinstance(model, ReplayedModel) and (beside := folder / model.replay).exists():
        return msgspec.structs.replace(model, replay=str(beside.resolve()))
    if isinstance(model, EndpointModel):
        check_url(where, model.url)
        known = FIELDS.split()
        if unknown := [field for field in model.omit if field not in known]:
            raise ModelError(
                f"{where}: 'omit' has {unknown[0]!r}, which is no request field that can be left "
                f"out{nearest(unknown[0], known)}"
            )
        if model.api_key_env and not VARIABLE.fullmatch(model.api_key_env):
            raise ModelError(
                f"{where}: 'api_key_env' is the name of a variable, as EXAMPLE_KEY, not a key"
            )
    return model


def _inline(name: str) -> Model | None:
    scheme, _, rest = name.partition(":")
    if scheme == "hf" and rest:
        return LocalModel(weights=name, name=name)
    if scheme == "replay" and rest:
        return ReplayedModel(replay=rest, name=name)
    if scheme == "openai":
        model, _, url = rest.partition("@")
        if not model or not url.startswith(("http://", "https://")):
            raise ModelError(f"--model: {name!r} should read openai:NAME@URL, URL with http(s)://")
        check_url("--model", url)
        return EndpointModel(url=url, model=model, api_key_env=INLINE_KEY, name=name)
    return None
