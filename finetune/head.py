"""The head: log probabilities of the answers' tokens, without logits that stay.

Only positions that predict a token of an answer go through the head, some hundred at a time: with a
vocabulary of 49,152 the logits of one row of 4,096 tokens would take 800 MB in float32, and several
times that with their gradients. The head is frozen, so the gradient of a log probability with
respect to its hidden state, `W[token] - sum_v p(v) W[v]`, is computed at once, while the logits are
there, and scaled in the backward pass.
"""

from typing import Any

import torch

_POSITIONS = 256
"""Positions whose logits exist at the same time."""


class _LogProbs(torch.autograd.Function):  # type: ignore[misc]  # torch has no types here
    """Log probabilities of `targets` and, kept for the backward pass, their gradients."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> torch.Tensor:
        """Take hidden states `[positions, width]`, the weight `[vocabulary, width]`, targets."""
        hidden, weight, targets = given
        result = torch.empty(len(hidden), dtype=torch.float32, device=hidden.device)
        slope = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        for first in range(0, len(hidden), _POSITIONS):
            part = slice(first, first + _POSITIONS)
            logs = torch.log_softmax((hidden[part] @ weight.t()).float(), -1)
            wanted = targets[part, None]
            result[part] = logs.gather(1, wanted)[:, 0]
            if slope is not None:
                error = logs.exp_().neg_()
                error.scatter_add_(1, wanted, torch.ones_like(wanted, dtype=error.dtype))
                slope[part] = error.to(weight.dtype) @ weight
        ctx.save_for_backward(slope)
        return result

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return the gradient of the hidden states."""
        (slope,) = ctx.saved_tensors
        return (slope.float() * grads[0][:, None]).to(slope.dtype), None, None


def log_probs(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the log probability of each target after its hidden state, float32 `[positions]`.

    Args:
        hidden: Last hidden states of the positions, `[positions, width]`.
        weight: Of the frozen head, `[vocabulary, width]`; gets no gradient.
        targets: Token that follows each position, `[positions]`.
    """
    result: torch.Tensor = _LogProbs.apply(hidden, weight, targets)
    return result
