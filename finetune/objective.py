"""What training minimizes: the loss of a row, as a sum over tokens or pairs.

Sums, not means: a step may have several rows, on several processes, and is divided once by what
all of them hold. Two rows a step are then the same as the two in one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch.nn.functional import logsigmoid

from finetune.packing import Bundle, Row
from finetune.settings import Train


class Objective(NamedTuple):
    """A loss and the settings it has."""

    method: str
    beta: float = 2.0
    gamma: float = 1.0

    def units(self, bundles: Sequence[Bundle]) -> int:
        """Count what the loss of these bundles is a sum over: tokens of answers, or pairs."""
        if self.method == "preference":
            return sum(len(bundle.pairs) for bundle in bundles)
        return sum(len(answer) for bundle in bundles for answer in bundle.answers)

    def loss(self, log_probs: torch.Tensor, row: Row) -> torch.Tensor:
        """Return the summed loss of a row; `log_probs` belong to its `targets`, `[targets]`."""
        if self.method == "preference":
            return simpo(log_probs, row, self.beta, self.gamma)
        return -log_probs.sum()


def objective_of(settings: Train) -> Objective:
    """Return what `settings` ask for."""
    return Objective(settings.method, settings.beta, settings.gamma)


def simpo(log_probs: torch.Tensor, row: Row, beta: float, gamma: float) -> torch.Tensor:
    """Return the summed SimPO loss of the pairs of a row.

    `-log sigmoid(beta * (mean log p(chosen) - mean log p(rejected)) - gamma)` (Meng et al. 2024,
    arXiv 2405.14734, equation 6). The mean over tokens is what makes length neutral: with sums,
    a shorter answer would be the likelier one before anything is learned. It needs no reference
    model, so a pair costs one forward pass where DPO takes two.

    Args:
        log_probs: Of the tokens of all answers of the row, `[targets]`.
        row: Says which tokens form an answer and which answers a pair.
        beta: Scale of the difference.
        gamma: Margin.
    """
    lengths = torch.tensor(row.lengths, device=log_probs.device)
    answer = torch.repeat_interleave(torch.arange(len(lengths), device=lengths.device), lengths)
    means = log_probs.new_zeros(len(lengths)).index_add(0, answer, log_probs) / lengths
    chosen, rejected = torch.tensor(row.pairs, device=lengths.device).unbind(1)
    return -logsigmoid(beta * (means[chosen] - means[rejected]) - gamma).sum()
