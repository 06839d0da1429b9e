"""Whether answers drawn with the same random numbers are about as long: measured on a real model.

    python benchmarks/perf/coupling.py [--cases 32] [--samples 4] [--max-tokens 192] [--order ids]

Common random numbers help a comparison as far as the lengths of the two answers go together beyond
what their case explains; antithetic ones (u and 1 - u) as far as they go apart. The embedded model
answers cases of the starter suite at temperature 0.8, one number a token, by inverting the
distribution over tokens in the order of their ids (as the engine does) and of their probability.
A correlation of 0 gains nothing; +- is its standard error.
"""

import argparse
import math
import time
from typing import Any

import numpy as np
import torch
from generation import starter_chats
from transformers import AutoModelForCausalLM, AutoTokenizer

from pytest_llmops.engine.weights import DEFAULT, embedded_folder

TEMPERATURE = 0.8
Floats = Any


def lengths(model: Any, inputs: Any, numbers: Floats, *, ends: int, likeliest: bool) -> Floats:
    """Return ln tokens of an answer to each prompt, drawn with its row of (rows, steps) numbers."""
    rows, steps = numbers.shape
    mask, state, token = inputs["attention_mask"], None, inputs["input_ids"]
    counts, done = np.full(rows, float(steps)), np.zeros(rows, dtype=bool)
    for step in range(steps):
        told = model(token, attention_mask=mask, past_key_values=state, use_cache=True)
        state = told.past_key_values
        weights = torch.softmax(told.logits[:, -1].float() / TEMPERATURE, -1)
        order = weights.argsort(-1, descending=True) if likeliest else None
        total = (weights.gather(1, order) if order is not None else weights).cumsum(-1)
        place = torch.searchsorted(total, torch.tensor(numbers[:, [step]]).float() * total[:, -1:])
        place = place.clamp(max=total.shape[1] - 1)
        token = place if order is None else order.gather(1, place)
        ended = (token[:, 0] == ends).numpy() & ~done
        counts[ended], done = step + 1, done | ended
        if done.all():
            break
        mask = torch.cat([mask, torch.ones(rows, 1, dtype=mask.dtype)], 1)
    return np.log(counts)


def correlation(one: Floats, other: Floats, samples: int, *, same: bool) -> tuple[float, float]:
    """Of (cases * samples) ln tokens beyond their cases, and its standard error.

    Args:
        one: Of the first draw.
        other: Of the second.
        samples: A case.
        same: Whether both have the same mean of a case, because one model was asked the same.
    """
    sides = [side.reshape(-1, samples) for side in (one, other)]
    means = [side.mean(axis=1, keepdims=True) for side in sides]
    if same:
        means = [(means[0] + means[1]) / 2] * 2
    moved = [(side - mean).ravel() for side, mean in zip(sides, means, strict=True)]
    found = float(
        (moved[0] * moved[1]).sum() / math.sqrt((moved[0] ** 2).sum() * (moved[1] ** 2).sum())
    )
    return found, 1 / math.sqrt(len(sides[0]) * (samples - 1))


def rounded(model: Any, bits: int = 8) -> None:
    """Weights as a quantization leaves them: whole steps, as many as `bits` tell apart."""
    for name, weight in model.named_parameters():
        if weight.ndim == 2 and "embed" not in name:
            step = weight.data.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)
            weight.data = (weight.data / step).round() * step


def main() -> None:
    """Draw every arm and print the correlations."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Help)
    parser.add_argument("--cases", type=int, default=32)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--max-tokens", type=int, default=192)
    parser.add_argument("--order", choices=("ids", "probability"), default="ids")
    options = parser.parse_args()
    folder = embedded_folder(DEFAULT)
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
    chats = [chat for chat in starter_chats(options.cases, "eval") for _ in range(options.samples)]
    shorter = [
        [*chat[:-1], chat[-1] | {"content": chat[-1]["content"] + "\nOnly code, no words."}]
        for chat in chats
    ]
    u = np.random.default_rng(0).random((len(chats), options.max_tokens))

    def drawn(asked: Any, numbers: Floats, *, likeliest: bool = False) -> Floats:
        began = time.process_time()
        texts = [
            tokenizer.apply_chat_template(one, tokenize=False, add_generation_prompt=True)
            for one in asked
        ]
        inputs = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        with torch.inference_mode():
            found = lengths(
                model, inputs, numbers, ends=tokenizer.eos_token_id, likeliest=likeliest
            )
        print(
            f"  [{time.process_time() - began:.0f} s of CPU, {np.exp(found).mean():.0f} tokens]",
            flush=True,
        )
        return found

    likeliest = options.order == "probability"
    base = drawn(chats, u, likeliest=likeliest)
    for name, asked, numbers in (
        ("antithetic", chats, 1 - u),
        ("common, other prompt", shorter, u),
    ):
        other = drawn(asked, numbers, likeliest=likeliest)
        found, error = correlation(base, other, options.samples, same=asked is chats)
        print(f"{name}: {found:+.2f} +- {error:.2f}", flush=True)
    rounded(model)
    other = drawn(chats, u, likeliest=likeliest)
    found, error = correlation(base, other, options.samples, same=False)
    print(f"common, weights of 8 bits: {found:+.2f} +- {error:.2f}")


class _Help(argparse.RawDescriptionHelpFormatter):
    """The docstring as it is written."""


if __name__ == "__main__":
    main()
