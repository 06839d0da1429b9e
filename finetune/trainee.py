"""The model in training: a frozen base, LoRA weights on all its linear layers, the packed forward.

The base is held in the dtype this machine computes faster (`auto`: measured, bf16 with AVX512-BF16,
AMX or on a GPU), the one in which the engine serves it; the LoRA weights are float32, as small
updates would round away in bf16. There is no autocast: it would keep the residual stream in
float32, arithmetic in which nobody will use the adapter, and copy every weight at every step.
"""

import copy
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save
from transformers import AutoModelForCausalLM, AutoTokenizer, PretrainedConfig
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from pytest_llmops.engine.load import choose_dtype

from .attention import NAME, Span, attend, pieces_of, row_mask
from .checkpoint import write_through
from .errors import FinetuneError
from .head import log_probs
from .lowrank import ADAPTER, use_fused
from .packing import Row
from .settings import Train

_UNSUPPORTED = ("final_logit_softcapping", "logits_scaling", "logit_scale", "lm_head_multiplier")
"""Of a configuration: what some models do with their logits, and the head here does not."""


class Inputs(NamedTuple):
    """A row as tensors."""

    tokens: torch.Tensor
    """`[1, tokens]`."""
    positions: torch.Tensor
    """`[1, tokens]`."""
    picked: torch.Tensor
    """`[targets]`."""
    targets: torch.Tensor
    """`[targets]`."""
    spans: list[Span]


class Trainee(torch.nn.Module):  # type: ignore[misc]  # torch has no types here
    """A PEFT model whose forward pass gives the log probabilities of a row's targets."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Inputs) -> torch.Tensor:
        """Return the log probability of every target, float32 `[targets]`."""
        base = self.model.get_base_model()
        weight = base.get_output_embeddings().weight
        like = weight.new_empty(0)
        if weight.device.type == "cpu":
            seen: dict[str, Any] = {"pieces": pieces_of(inputs.spans, like)}
        else:
            seen = {"row_mask": row_mask(inputs.spans, weight.device)}
        hidden = base.get_decoder()(
            input_ids=inputs.tokens, position_ids=inputs.positions, use_cache=False, **seen
        ).last_hidden_state[0]
        return log_probs(hidden[inputs.picked], weight, inputs.targets)


def to_inputs(row: Row, device: torch.device) -> Inputs:
    """Put a row on a device."""
    tokens, positions, picked, targets = (
        torch.tensor(part, device=device)
        for part in (row.tokens, row.positions, row.picked, row.targets)
    )
    return Inputs(tokens[None], positions[None], picked, targets, row.spans)


def load_tokenizer(base: Path) -> Any:
    """Load the tokenizer of the base; raises FinetuneError when it has no chat template."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(base, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise FinetuneError(f"{base}: its tokenizer cannot be loaded: {error}") from error
    if not tokenizer.chat_template:
        raise FinetuneError(f"{base}: its tokenizer has no chat template; take an instruct model")
    return tokenizer


def dtype_of(settings: Train, device: torch.device) -> torch.dtype:
    """Return the dtype of the base: as set, or the faster one here."""
    if settings.dtype == "auto":
        return choose_dtype(device)
    dtype: torch.dtype = getattr(torch, settings.dtype)
    return dtype


def load_trainee(base: Path, settings: Train, dtype: torch.dtype) -> Trainee:
    """Load the base in `dtype` and add LoRA weights, drawn with the seed of the settings.

    Raises:
        FinetuneError: There are no safetensors weights, or the model is of a kind whose attention
            or logits the packed forward does not compute.
    """
    if not list(base.glob("*.safetensors")):
        raise FinetuneError(f"{base}: no *.safetensors; other weight formats are not loaded")
    ALL_ATTENTION_FUNCTIONS.register(NAME, attend)
    try:
        model = AutoModelForCausalLM.from_pretrained(
            base, dtype=dtype, use_safetensors=True, trust_remote_code=False
        )
        model.set_attn_implementation(NAME)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise FinetuneError(f"{base}: cannot be loaded for training: {error}") from error
    _check(base, model.config.get_text_config(), model.get_output_embeddings())
    torch.manual_seed(settings.seed)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    # PEFT keeps LoRA weights in float32, whatever the base is in, and draws them there.
    with warnings.catch_warnings():
        # PEFT reads a property that transformers renamed, and a user can do nothing about it.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated")
        adapted = get_peft_model(model, config, autocast_adapter_dtype=True)
    use_fused(adapted)
    if settings.gradient_checkpointing:
        _save_activations(model)
    trainee = Trainee(adapted)
    trainee.train()
    return trainee


def _save_activations(model: Any) -> None:
    """Keep the input of each layer alone, and compute the rest again in the backward pass."""
    # The method got this name in the course of transformers 5.
    enable = getattr(model, "activation_checkpointing_enable", None)
    (enable or model.gradient_checkpointing_enable)({"use_reentrant": False})


def _check(base: Path, config: PretrainedConfig, head: Any) -> None:
    # 1.0 and None mean that nothing is done.
    found = [name for name in _UNSUPPORTED if getattr(config, name, None) not in {None, 1}]
    if getattr(head, "bias", None) is not None:
        found.append("a bias in the head")
    if found:
        raise FinetuneError(
            f"{base}: the model has {', '.join(found)}, which the head in training does not"
            " compute; choose another base"
        )


def weights_of(trainee: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Parameter]]:
    """Yield name and parameter of the LoRA weights, all that is trained."""
    for name, parameter in trainee.named_parameters():
        if parameter.requires_grad:
            yield name, parameter


def save_adapter(trainee: Trainee, weights: dict[str, torch.Tensor], folder: Path) -> None:
    """Write `weights`, by name of their parameter, as PEFT does: safetensors and configuration.

    Args:
        trainee: Whose configuration it is.
        weights: Full tensors on the CPU.
        folder: Where to.
    """
    config = copy.copy(trainee.model.peft_config[ADAPTER])
    config.base_model_name_or_path = Path(config.base_model_name_or_path).name
    config.inference_mode = True
    # A set has another order in every process, and the digest of an adapter covers this file.
    config.target_modules = sorted(config.target_modules)
    tensors = {
        name.removeprefix("model.").replace(f".{ADAPTER}.weight", ".weight"): tensor
        for name, tensor in weights.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_through(folder / "adapter_model.safetensors", save(tensors, {"format": "pt"}))
    config.save_pretrained(str(folder))
