"""GGUF files: what identifies one, and a PEFT adapter written as one for llama.cpp.

Names of tensors come from the `gguf` package of llama.cpp's authors. Conversion is built for the
architectures whose projections keep their names and shapes; for others there is llama.cpp's own
`convert_lora_to_gguf.py`, whose file a model's table may name.
"""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from pytest_llmops.engine.adapter_config import WEIGHTS, AdapterConfig, read_config
from pytest_llmops.errors import ModelError

TURNED = {"llama"}
"""Architectures whose GGUF files hold the rows of query and key in another order."""
CONVERTED = TURNED | {"qwen2", "qwen3"}
_TOKENIZER = ("tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.chat_template")


class GgufFacts(NamedTuple):
    """What a GGUF file says of itself."""

    architecture: str
    blocks: int
    heads: int
    key_heads: int
    context: int
    """Tokens that the model was made for."""
    kind: str
    """Its quantization, as `Q4_K_M`."""
    tokenizer_sha256: str
    """Digest of vocabulary, merges and chat template."""


def read_facts(path: Path) -> GgufFacts:
    """Read the head of a GGUF file; raises ModelError for one that is none, or no chat model."""
    gguf = _library(path)
    try:
        reader = gguf.GGUFReader(path)
        said = {name: field.contents() for name, field in reader.fields.items() if _small(name)}
        architecture = said["general.architecture"]
        heads = said[f"{architecture}.attention.head_count"]
        facts = GgufFacts(
            architecture=architecture,
            blocks=said[f"{architecture}.block_count"],
            heads=heads,
            key_heads=said.get(f"{architecture}.attention.head_count_kv", heads),
            context=said[f"{architecture}.context_length"],
            kind=_kind(gguf, said.get("general.file_type")),
            tokenizer_sha256=_tokenizer(reader, said),
        )
    except (ValueError, KeyError, IndexError, OSError, OverflowError) as error:
        raise ModelError(f"{path}: cannot be read as a GGUF model, is it whole? {error}") from error
    if "tokenizer.chat_template" not in said:
        raise ModelError(f"{path}: holds no chat template, so it cannot serve chats")
    return facts


def convert_adapter(folder: Path, facts: GgufFacts, target: Path) -> None:
    """Write the PEFT adapter in `folder` as a GGUF adapter of the model with `facts`.

    Raises:
        ModelError: It is of an architecture for which conversion is not built.
    """
    if facts.architecture not in CONVERTED:
        raise ModelError(
            f"{folder}: adapters of {facts.architecture} are not converted to GGUF here; use "
            "llama.cpp's convert_lora_to_gguf.py and name its file as 'adapter'"
        )
    gguf, config = _library(folder), read_config(folder)
    writer = gguf.GGUFWriter(target, facts.architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    # Every layer's own scaling is in its matrices, and alpha 0 has llama.cpp scale by nothing.
    writer.add_float32("adapter.lora.alpha", 0.0)
    for name, tensor in _tensors(folder, config, facts, gguf).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _tensors(folder: Path, config: AdapterConfig, facts: GgufFacts, gguf: Any) -> dict[str, Any]:
    """Return the adapter's matrices by llama.cpp's names, as arrays of float32."""
    from safetensors.torch import load_file  # noqa: PLC0415 - imports torch; numpy has no bf16

    architectures = {name: key for key, name in gguf.MODEL_ARCH_NAMES.items()}
    names = gguf.get_tensor_name_map(architectures[facts.architecture], facts.blocks)
    found = {}
    for key, tensor in load_file(folder / WEIGHTS).items():
        path, _, side = (
            key.removeprefix("base_model.model.").removesuffix(".weight").rpartition(".lora_")
        )
        name = names.get_name(f"{path}.weight", try_suffixes=(".weight",))
        if name is None or side not in {"A", "B"}:
            raise ModelError(f"{folder / WEIGHTS}: {key!r} has no place in {facts.architecture}")
        matrix = tensor.float()
        if side == "B":
            matrix = _turn(name, matrix, facts) * config.scaling(path, matrix.shape[1])
        found[f"{name}.lora_{side.lower()}"] = matrix.contiguous().numpy()
    return found


def _turn(name: str, rows: Any, facts: GgufFacts) -> Any:
    """Put the rows of a query's or key's projection in the order of a GGUF file."""
    heads = {"attn_q": facts.heads, "attn_k": facts.key_heads}.get(name.split(".")[-2])
    if heads is None or facts.architecture not in TURNED:
        return rows
    return rows.reshape(heads, 2, -1, rows.shape[1]).transpose(1, 2).reshape(rows.shape)


def _library(path: Path) -> Any:
    try:
        import gguf  # noqa: PLC0415 - of the extra `local`
    except ImportError:
        raise ModelError(
            f"{path}: reading GGUF files needs the package gguf: pip install 'gguf>=0.17'"
        ) from None
    return gguf


def _small(name: str) -> bool:
    """Whether a field is a value and not a vocabulary."""
    return not name.startswith("tokenizer.ggml.") or name in _TOKENIZER


def _kind(gguf: Any, number: int | None) -> str:
    try:
        return str(gguf.LlamaFileType(number).name).removeprefix("MOSTLY_").removeprefix("ALL_")
    except ValueError:
        return ""


def _tokenizer(reader: Any, said: dict[str, Any]) -> str:
    digest = hashlib.sha256(repr([said.get(name) for name in _TOKENIZER]).encode())
    for name in ("tokenizer.ggml.tokens", "tokenizer.ggml.merges", "tokenizer.ggml.token_type"):
        if field := reader.fields.get(name):
            for index in field.data:
                digest.update(bytes(field.parts[index]) + b"\0")
    return digest.hexdigest()
