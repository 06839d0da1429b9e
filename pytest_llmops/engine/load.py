"""From a model spec to a model in memory, its tokenizer, and what identifies both.

Specs: `embedded:NAME`, `hf:ORG/NAME` (the Hugging Face hub and its cache), or the path of a local
folder. Only safetensors weights and only model code of transformers itself are loaded: neither
pickles nor code that comes with a model is ever run.
"""

import hashlib
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from pytest_llmops.engine.weights import DEFAULT, embedded_folder
from pytest_llmops.errors import ModelError

DTYPES = {
    "auto": None,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
MOST_CONTEXT = 8192
"""Tokens a request may have when nothing else is asked for; longer ones cost memory for all."""


class Loaded(NamedTuple):
    """A base model, ready to be run."""

    model: Any
    """A transformers causal language model in eval mode, without gradients."""
    tokenizer: Any
    folder: Path
    """Where the weights came from."""
    sha256: str
    """Digest over names and contents of the safetensors files."""
    tokenizer_sha256: str
    device: torch.device
    dtype: torch.dtype

    @property
    def eos_ids(self) -> frozenset[int]:
        """Tokens that end an answer: those of the generation config, and the tokenizer's own."""
        ids = self.model.generation_config.eos_token_id
        listed = ids if isinstance(ids, list) else [ids]
        return frozenset(i for i in [*listed, self.tokenizer.eos_token_id] if i is not None)

    def context(self, asked: int) -> int:
        """Return the tokens one request may have: as asked, within what the model was made for."""
        config = self.model.config.get_text_config()
        known = getattr(config, "max_position_embeddings", None) or MOST_CONTEXT
        return min(asked or MOST_CONTEXT, known)


def load(spec: str, dtype: str = "auto") -> Loaded:
    """Load the base model `spec` names; raises ModelError with the reason when it cannot be."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if dtype not in DTYPES:
        raise ModelError(f"dtype {dtype!r}: it is one of {', '.join(DTYPES)}")
    chosen = DTYPES[dtype] or choose_dtype(device)
    folder = resolve(spec)
    if not list(folder.glob("*.safetensors")):
        raise ModelError(
            f"{spec}: no *.safetensors in {folder}; other weight formats are not loaded"
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=chosen, use_safetensors=True, trust_remote_code=False
        )
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise ModelError(f"{spec}: cannot be loaded from {folder}: {error}") from error
    if not tokenizer.chat_template:
        raise ModelError(f"{spec}: its tokenizer has no chat template, so it cannot serve chats")
    model.to(device).eval().requires_grad_(False)
    return Loaded(
        model=model,
        tokenizer=tokenizer,
        folder=folder,
        sha256=files_sha256(sorted(folder.glob("*.safetensors"))),
        tokenizer_sha256=tokenizer_sha256(tokenizer),
        device=device,
        dtype=chosen,
    )


def resolve(spec: str) -> Path:
    """Return the local folder of a spec, fetching it first where it is not here yet."""
    kind, _, name = spec.partition(":")
    if kind == "embedded":
        return embedded_folder(name or DEFAULT)
    if kind == "hf":
        return _from_hub(name)
    if not Path(spec).is_dir():
        raise ModelError(
            f"{spec}: no such folder; a base is a folder, hf:ORG/NAME or embedded:{DEFAULT}"
        )
    return Path(spec)


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only hub models need it
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415

    wanted = [
        "*.safetensors",
        "*.safetensors.index.json",
        "*.json",
        "*.jinja",
        "tokenizer*",
        "*.txt",
    ]
    try:
        return Path(snapshot_download(name, allow_patterns=[*wanted, "*.model"]))
    except (OSError, HfHubHTTPError, HFValidationError) as error:
        line = str(error).strip().splitlines()[0]
        raise ModelError(
            f"hf:{name}: cannot be fetched from the Hugging Face hub: {line}"
        ) from error


def choose_dtype(device: torch.device) -> torch.dtype:
    """Return the fastest dtype that keeps a model's quality: bf16 where it pays.

    On CUDA: bf16 where the card has it, else float16. On a CPU nothing but the clock tells: with
    AVX512-BF16 or AMX a bf16 product takes a quarter of the time, without them several times as
    long, and a capability flag does not say how good the kernels behind it are.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    faster = _product_seconds(torch.bfloat16) < 0.8 * _product_seconds(torch.float32)
    return torch.bfloat16 if faster else torch.float32


def _product_seconds(dtype: torch.dtype) -> float:
    """Return the best of five times of a product as in one decoding step of 32 sequences."""
    rows, weight = torch.ones(32, 576, dtype=dtype), torch.ones(1536, 576, dtype=dtype)
    seconds = []
    for _ in range(6):
        start = time.perf_counter()
        torch.nn.functional.linear(rows, weight)
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


def files_sha256(paths: list[Path]) -> str:
    """Return one digest over the names and contents of files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            digest.update(
                f"{path.name}:{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode()
            )
    return digest.hexdigest()


def tokenizer_sha256(tokenizer: Any) -> str:
    """Return the digest of what turns messages into tokens: vocabulary, rules, chat template."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    rules = backend.to_str() if backend else repr(sorted(tokenizer.get_vocab().items()))
    return hashlib.sha256(f"{rules}\0{tokenizer.chat_template}".encode()).hexdigest()
