"""From a model spec to a model in memory, its tokenizer, and what identifies both.

Only safetensors weights and only model code of transformers itself are loaded: neither pickles nor
code that comes with a model is ever run. A tensor that is missing, superfluous or of another shape
is an error: what transformers puts in its place are random numbers.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoModelForCausalLM, AutoTokenizer

from pytest_llmops.client.tokenizer import tokenizer_sha256
from pytest_llmops.engine.folders import (
    check_weights,
    files_sha256,
    name_tensors,
    resolve,
    settings_sha256,
)
from pytest_llmops.errors import ModelError

DTYPES = {
    "auto": None,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
_FAULTS = (
    *(OSError, ValueError, ImportError, KeyError, TypeError, AttributeError, RuntimeError),
    StrictDataclassError,
)
"""What transformers raises for files that say something it does not understand."""
MOST_CONTEXT = 8192
"""Tokens a request may have when nothing else is asked for; longer ones cost memory for all."""

PRODUCTS = 20
"""How often the product of each dtype is timed; the least counts."""


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
    settings_sha256: str
    """Digest of its configuration and generation configuration."""
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
        raise ModelError(f"dtype {dtype!r}: must be one of {', '.join(DTYPES)}")
    chosen = DTYPES[dtype] or choose_dtype(device)
    folder = resolve(spec)
    check_weights(folder)
    model, tokenizer = _read(spec, folder, chosen)
    if not tokenizer.chat_template:
        raise ModelError(f"{spec}: its tokenizer has no chat template, so it cannot serve chats")
    model.to(device).eval().requires_grad_(False)
    return Loaded(
        model=model,
        tokenizer=tokenizer,
        folder=folder,
        sha256=files_sha256(sorted(folder.glob("*.safetensors"))),
        tokenizer_sha256=tokenizer_sha256(tokenizer),
        settings_sha256=settings_sha256(folder),
        device=device,
        dtype=chosen,
    )


def _read(spec: str, folder: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    """Return model and tokenizer; every tensor is proved to have come from the files."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        model, told = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=dtype,
            use_safetensors=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # they are named below, all at once
            output_loading_info=True,
        )
    except _FAULTS as error:
        line = " ".join(str(error).split())
        raise ModelError(f"{spec}: cannot be loaded from {folder}: {line}") from error
    wrong = {
        "missing": told["missing_keys"],
        "unexpected": told["unexpected_keys"],
        "of another shape": [
            f"{name} (file {list(here)}, model {list(wanted)})"
            for name, here, wanted in told["mismatched_keys"]
        ],
    }
    found = [f"{what}: {name_tensors(names)}" for what, names in wrong.items() if names]
    if found:
        raise ModelError(
            f"{spec}: the weights in {folder} do not fit its config.json;"
            f" tensors {'; '.join(found)}"
        )
    return model, tokenizer


def choose_dtype(device: torch.device) -> torch.dtype:
    """Return the fastest dtype that keeps a model's quality: bf16 where it pays.

    On CUDA: bf16 where the card has it, else float16. On a CPU nothing but the clock tells: with
    AVX512-BF16 or AMX a bf16 product takes a quarter of the time, without them several times as
    long, and a capability flag does not say how good the kernels behind it are. The clock is that
    of one thread's work, which stands still while others have the processor: a busy machine must
    choose what it chooses when it is quiet, as another dtype gives other answers.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    bf16, float32 = _product_seconds((torch.bfloat16, torch.float32))
    return torch.bfloat16 if bf16 < 0.8 * float32 else torch.float32


def _product_seconds(dtypes: Sequence[torch.dtype]) -> list[float]:
    """Return the least CPU time of a product as in one decoding step of 32 sequences, by dtype."""
    pairs = [
        (torch.ones(32, 576, dtype=dtype), torch.ones(1536, 576, dtype=dtype)) for dtype in dtypes
    ]
    seconds: list[list[float]] = [[] for _ in dtypes]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(PRODUCTS):
            for (rows, weight), taken in zip(pairs, seconds, strict=True):
                start = time.thread_time()
                torch.nn.functional.linear(rows, weight)
                taken.append(time.thread_time() - start)
    finally:
        torch.set_num_threads(threads)
    return [min(taken) for taken in seconds]
