"""LoRA layers with a backward pass written out.

PEFT computes `W x + scaling * B A x` as separate operations in the dtype of the LoRA weights: with
float32 weights over a bf16 base that copies every input and output to float32 and back. Here the
product runs in the dtype of the base, over weights rounded for the product alone (the weights
themselves, their gradients and the optimizer stay float32), which is the arithmetic in which the
adapter is served. Kept for the backward pass are the input and `A x`; the gradient of the frozen
`W` is never computed.

Layers that ask for more than that (dropout, DoRA, other layer types) stay PEFT's own.
"""

from typing import Any

import torch
from peft.tuners.lora.layer import Linear
from torch.nn.functional import linear

ADAPTER = "default"
"""PEFT's name for the adapter in training."""


class _LowRank(torch.autograd.Function):  # type: ignore[misc]  # torch has no types here
    """`W x + b + scaling * B A x` for rows `[tokens, in]`."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> torch.Tensor:
        """Take rows, W, b, A, B and the scaling."""
        rows, weight, bias, down, up, scaling = given
        a, b = down.to(rows.dtype), (up * scaling).to(rows.dtype)
        inner = linear(rows, a)
        result = linear(rows, weight, bias)
        result.addmm_(inner, b.t())
        ctx.save_for_backward(rows, weight, inner, a, b)
        ctx.scaling, ctx.dtypes = scaling, (down.dtype, up.dtype)
        return result

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return the gradients of rows, A and B."""
        rows, weight, inner, a, b = ctx.saved_tensors
        above = grads[0]
        above_inner = above @ b
        d_rows = None
        if ctx.needs_input_grad[0]:
            d_rows = above @ weight
            d_rows.addmm_(above_inner, a)
        d_down = (above_inner.t() @ rows).to(ctx.dtypes[0])
        d_up = (above.t() @ inner).to(ctx.dtypes[1]).mul_(ctx.scaling)
        return d_rows, None, None, d_down, d_up, None


def use_fused(model: torch.nn.Module) -> int:
    """Let the LoRA layers of `model` that can compute fused do so; return their number."""
    layers = [module for module in model.modules() if _can_fuse(module)]
    for layer in layers:
        layer.forward = _forward_of(layer)
    return len(layers)


def _can_fuse(module: Any) -> bool:
    return (
        type(module) is Linear
        and type(module.get_base_layer()) is torch.nn.Linear
        and isinstance(module.lora_dropout[ADAPTER], torch.nn.Identity)
        and not module.lora_variant
        and not module.lora_bias[ADAPTER]
    )


def _forward_of(layer: Any) -> Any:
    def forward(x: torch.Tensor) -> torch.Tensor:
        base = layer.get_base_layer()
        down, up = layer.lora_A[ADAPTER].weight, layer.lora_B[ADAPTER].weight
        rows = x.reshape(-1, x.shape[-1])
        result: torch.Tensor = _LowRank.apply(
            rows, base.weight, base.bias, down, up, layer.scaling[ADAPTER]
        )
        return result.view(*x.shape[:-1], -1)

    return forward
