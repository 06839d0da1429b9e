"""What an engine is to serve, and what it says it serves: values of both sides of its start."""

from collections.abc import Mapping

import msgspec

OWN = "llmops"
"""The engine of this package; the others are programs of other people, see `foreign`."""


class EngineSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine is to serve."""

    base: str
    """`embedded:smollm2-135m-instruct`, `hf:ORG/NAME`, or the path of a folder or a GGUF file."""
    base_name: str = "base"
    """The model name that requests use for the base itself."""
    adapters: Mapping[str, str] = {}
    """Model name to the folder of a PEFT LoRA adapter of that base."""
    max_batch: int = 32
    """Sequences generated at the same time; others wait."""
    max_context: int = 0
    """Tokens of prompt and answer together; 0 is what the model allows, at most 8192."""
    dtype: str = "auto"
    """`float32`, `bfloat16`, `float16`, or `auto`: bf16 where this machine is faster with it."""
    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one."""
    engine: str = OWN
    program: str = ""
    """Path or name of the engine's program; "" finds it. Not for the own engine."""
    engine_args: tuple[str, ...] = ()
    """Further arguments of that program."""

    @property
    def arguments(self) -> list[str]:
        """The command line of `python -m pytest_llmops.engine` that serves this."""
        named = [f"{name}={folder}" for name, folder in self.adapters.items()]
        return [
            *("--base", self.base, "--base-name", self.base_name),
            *(part for adapter in named for part in ("--adapter", adapter)),
            *("--max-batch", str(self.max_batch), "--max-context", str(self.max_context)),
            *("--dtype", self.dtype, "--host", self.host, "--port", str(self.port)),
            *("--engine", self.engine, "--program", self.program),
            *(f"--engine-arg={argument}" for argument in self.engine_args),
        ]


class ServedModel(msgspec.Struct, frozen=True, kw_only=True):
    """What identifies one model that an engine serves."""

    sha256: str
    """Digest of the base's weight files."""
    tokenizer_sha256: str
    """Digest of the tokenizer and its chat template."""
    dtype: str
    device: str
    """Empty where the engine does not tell."""
    base: str
    """The spec of the base."""
    adapter_sha256: str = ""
    """Digest of the adapter's files; empty for the base itself."""
    settings_sha256: str = ""
    """Digest of the configuration files beside the weights."""
    engine: str = ""
    """The engine with its version, that of what computes in it, and its further arguments."""


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """The one line an engine prints on stdout, once it serves."""

    url: str
    """Base URL, ends in `/v1`."""
    pid: int
    models: dict[str, ServedModel]
    max_context: int
    """Tokens of prompt and answer together that one request may have."""
    notes: tuple[str, ...] = ()
    """What the user should know of how the model is served."""
