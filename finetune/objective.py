"""What training minimizes: the loss of a row, as a sum over tokens or pairs.

Sums, not means: a step may have several rows, on several processes, and is divided once by what
all of them hold. Two rows a step are then the same as the two in one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch.nn.functional import logsigmoid

from .packing import Bundle, Row
from .settings import Train


class Objective(NamedTuple):
    """The loss that settings ask for."""

    settings: Train

    def units(self, bundles: Sequence[Bundle]) -> int:
        """Count what the loss of these bundles is a sum over: tokens of answers, or pairs."""
        if self.settings.method == "preference":
            return sum(len(bundle.pairs) for bundle in bundles)
        return sum(len(answer) for bundle in bundles for answer in bundle.answers)

    def loss(self, log_probs: torch.Tensor, row: Row) -> torch.Tensor:
        """Return the summed loss of a row; `log_probs` belong to its `targets`, `[targets]`."""
        if self.settings.method == "preference":
            return preference(log_probs, row, self.settings)
        return -log_probs.sum()


def answer_means(log_probs: torch.Tensor, row: Row) -> torch.Tensor:
    """Return the mean log probability of the tokens of each answer of a row, `[answers]`."""
    lengths = torch.tensor(row.lengths, device=log_probs.device)
    answer = torch.repeat_interleave(torch.arange(len(lengths), device=lengths.device), lengths)
    return log_probs.new_zeros(len(lengths)).index_add(0, answer, log_probs) / lengths


def preference(log_probs: torch.Tensor, row: Row, settings: Train) -> torch.Tensor:
    """Return the summed loss of the pairs of a row: SimPO's, and the chosen answer's likelihood.

    With m the mean log probability of an answer's tokens, a pair adds

        -log sigmoid(beta * (m(chosen) - m(rejected)) - gamma) - sft_weight * m(chosen)

    The first part is SimPO (Meng et al. 2024, arXiv 2405.14734, equation 6). The mean over tokens
    is what makes length neutral: with sums, a shorter answer would be the likelier one before
    anything is learned. It needs no reference model, so a pair costs one forward pass where DPO
    takes two. It is content with a chosen answer that becomes less likely as long as the rejected
    one falls faster; the second part (Xu et al. 2024, "Contrastive Preference Optimization", arXiv
    2401.08417, equation 6) is what keeps the chosen one up.

    Args:
        log_probs: Of the tokens of all answers of the row, `[targets]`.
        row: Says which tokens form an answer and which answers a pair.
        settings: Give beta, gamma and `sft_weight`.
    """
    means = answer_means(log_probs, row)
    chosen, rejected = means[torch.tensor(row.pairs, device=means.device)].unbind(1)
    margins = settings.beta * (chosen - rejected) - settings.gamma
    return -(logsigmoid(margins) + settings.sft_weight * chosen).sum()
