"""What a model's `generation_config.json` does to its logits, by transformers' own processors.

A request says temperature, top-p and how long; the end tokens are read in `load`. Of the rest, what
works on the logits of one sequence is applied, and what is not is named, so that it can be told.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import torch
import transformers as hf

from pytest_llmops.engine.job import Job

_Maker = Callable[[Any, int, "_Facts"], Any]


class _Facts(NamedTuple):
    eos_ids: list[int]
    device: torch.device


_APPLIED: dict[str, _Maker] = {
    "repetition_penalty": lambda value, _start, _: hf.RepetitionPenaltyLogitsProcessor(value),
    "no_repeat_ngram_size": lambda value, _start, _: hf.NoRepeatNGramLogitsProcessor(value),
    "bad_words_ids": lambda value, _start, facts: hf.NoBadWordsLogitsProcessor(
        value, eos_token_id=facts.eos_ids
    ),
    "sequence_bias": lambda value, _start, _: hf.SequenceBiasLogitsProcessor(value),
    "min_length": lambda value, _start, facts: hf.MinLengthLogitsProcessor(
        value, facts.eos_ids, device=facts.device
    ),
    "min_new_tokens": lambda value, start, facts: hf.MinNewTokensLengthLogitsProcessor(
        start, value, facts.eos_ids, device=facts.device
    ),
    "suppress_tokens": lambda value, _start, facts: hf.SuppressTokensLogitsProcessor(
        value, device=facts.device
    ),
    "begin_suppress_tokens": lambda value, start, facts: hf.SuppressTokensAtBeginLogitsProcessor(
        value, start, device=facts.device
    ),
}
"""How each setting becomes a processor: of its value, the length of the prompt, and the model."""

_OFF: dict[str, object] = {"repetition_penalty": 1.0, "no_repeat_ngram_size": 0, "min_length": 0}
"""Values with which a setting does nothing."""

_ELSEWHERE = {
    *("temperature", "top_p", "do_sample", "max_length", "max_new_tokens"),  # a request says so
    *("eos_token_id", "bos_token_id", "pad_token_id", "decoder_start_token_id"),
    *("transformers_version", "use_cache", "cache_implementation", "cache_config"),
    *("output_attentions", "output_hidden_states", "output_scores", "output_logits"),
    *("return_dict_in_generate", "num_return_sequences", "compile_config", "max_time"),
}
"""Settings that say nothing of the logits, or that a request answers."""


class Rules:
    """The settings of one model that its answers follow."""

    def __init__(self, config: Any, eos_ids: Collection[int], device: torch.device) -> None:
        """Read a `GenerationConfig`."""
        said = {
            name: value
            for name, value in config.to_diff_dict().items()
            if not name.startswith("_") and value not in (None, [], {}, _OFF.get(name))
        }
        self._applied = {name: value for name, value in said.items() if name in _APPLIED}
        self._facts = _Facts(sorted(eos_ids), device)
        self.ignored = sorted(said.keys() - _APPLIED.keys() - _ELSEWHERE)
        """Settings that are not applied."""
        self.notes = [
            f"generation_config.json: {name} {said[name]} is not applied" for name in self.ignored
        ]

    @property
    def applied(self) -> list[str]:
        """Settings that are."""
        return sorted(self._applied)

    def processors(self, prompt_tokens: int) -> Any:
        """Return what is to be done to the logits of an answer; None for nothing."""
        if not self._applied:
            return None
        return hf.LogitsProcessorList(
            [
                _APPLIED[name](value, prompt_tokens, self._facts)
                for name, value in self._applied.items()
            ]
        )


def ruled(logits: torch.Tensor, jobs: Sequence[Job]) -> torch.Tensor:
    """Return the logits after what the model's generation config does to them."""
    if all(job.processors is None for job in jobs):
        return logits
    rows = [
        job.processors(torch.tensor([job.tokens], device=logits.device), row[None].float())
        for job, row in zip(jobs, logits, strict=True)
    ]
    return torch.cat(rows)
