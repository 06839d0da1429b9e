"""From rows of text to packed rows of tokens: each prompt once, no padding, every example apart.

Examples with the same prompt form a bundle: prompt, then its answers (`attention` keeps the answers
apart). Bundles are laid one after another into rows of at most `batch_tokens`; a row that is not
full is shorter, never padded. Which bundles meet in which row and step follows from the seed alone,
so that a number of steps is all one needs to know to go on with an interrupted training.
"""

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from .attention import Span
from .errors import FinetuneError

Example = Mapping[str, Any]
"""A row of the dataset: `messages` with `completion`, or with `chosen`, `rejected` and
`rejected_stopped`."""
Tokens = tuple[int, ...]


class Bundle(NamedTuple):
    """A prompt and all the answers to it that are computed together."""

    prompt: Tokens
    answers: tuple[Tokens, ...]
    """Each with the token that ends it, unless it was truncated."""
    pairs: tuple[tuple[int, int], ...] = ()
    """Chosen and rejected answer, by place in `answers`; preference only."""

    @property
    def tokens(self) -> int:
        """Tokens computed; the last one of an answer is only ever predicted."""
        return len(self.prompt) + sum(len(answer) - 1 for answer in self.answers)

    @property
    def plain_tokens(self) -> int:
        """Tokens of its examples as they would be without sharing the prompt."""
        shown = [i for pair in self.pairs for i in pair] or range(len(self.answers))
        return sum(len(self.prompt) + len(self.answers[i]) for i in shown)


class Prepared(NamedTuple):
    """A split of the dataset as tokens."""

    bundles: tuple[Bundle, ...]
    examples: int
    """In the bundles: answers, or pairs."""
    too_long: int
    """Examples left out, because they have more than `max_tokens`."""

    @property
    def sha256(self) -> str:
        """Digest of all tokens, which is all that training sees of the data."""
        return hashlib.sha256(msgspec.json.encode(self.bundles)).hexdigest()


class Row(NamedTuple):
    """Bundles packed into one row, as plain numbers."""

    tokens: list[int]
    positions: list[int]
    """Of each token in its example; starts again with every bundle, goes on after the prompt."""
    spans: list[Span]
    picked: list[int]
    """Places whose next token is predicted: those of all answers, one answer after another."""
    targets: list[int]
    """What is to be predicted there."""
    lengths: list[int]
    """Tokens of each answer; they split `targets`."""
    pairs: list[tuple[int, int]]
    """Chosen and rejected answer, by place in `lengths`."""


def prepare(
    examples: Iterable[Example], tokenizer: Any, *, max_tokens: int, batch_tokens: int
) -> Prepared:
    """Turn the examples of a split into bundles, in the order of their first appearance.

    The prompt is what the evaluation sends through the same chat template; the completion is
    followed by the token with which the template ends an answer.

    A rejected answer that was truncated gets no such token: to make its end less likely would teach
    the model to go on.

    Args:
        examples: Rows with `completion`, or with `chosen`, `rejected` and `rejected_stopped`.
        tokenizer: Of the base, with its chat template.
        max_tokens: Longer examples (both answers of a pair together) are left out and counted.
        batch_tokens: No bundle is larger; one with more answers becomes several.
    """
    if max_tokens > batch_tokens:
        raise FinetuneError(
            f"train.max_tokens is {max_tokens}, more than train.batch_tokens, {batch_tokens}: an"
            " example must fit into a row; lower the one or raise the other"
        )
    end = end_token(tokenizer)
    grouped: dict[Tokens, dict[tuple[Tokens, ...], None]] = {}
    too_long = 0
    for example in examples:
        prompt = _prompt_tokens(tokenizer, example["messages"])
        answers = tuple(
            (*_text_tokens(tokenizer, text), *([end] if stopped else ()))
            for text, stopped in _answers(example)
        )
        if len(prompt) + sum(map(len, answers)) > max_tokens:
            too_long += 1
            continue
        # An example that is there twice counts once: the dataset is free of duplicates.
        grouped.setdefault(prompt, {})[answers] = None
    bundles = [
        bundle
        for prompt, found in grouped.items()
        for bundle in _bundles(prompt, list(found), batch_tokens)
    ]
    return Prepared(tuple(bundles), sum(map(len, grouped.values())), too_long)


def _answers(example: Example) -> list[tuple[str, bool]]:
    """The answers of a row, the chosen one first, and whether each ended by itself."""
    if "chosen" in example:
        return [(example["chosen"], True), (example["rejected"], example["rejected_stopped"])]
    return [(example["completion"], True)]


def _prompt_tokens(tokenizer: Any, messages: Sequence[Mapping[str, str]]) -> Tokens:
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return _text_tokens(tokenizer, text)


def _text_tokens(tokenizer: Any, text: str) -> Tokens:
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])


def end_token(tokenizer: Any) -> int:
    """Return the token with which the chat template ends an answer, else the tokenizer's end."""
    answer = "an answer"
    chat = [{"role": "user", "content": "q"}, {"role": "assistant", "content": answer}]
    text = tokenizer.apply_chat_template(chat, tokenize=False)
    after = _text_tokens(tokenizer, text[text.rindex(answer) + len(answer) :])
    special = set(tokenizer.all_special_ids)
    found = next((token for token in after if token in special), tokenizer.eos_token_id)
    if found is None:
        raise FinetuneError(
            "the tokenizer names no token that ends an answer, so an adapter could not learn to"
            " stop; set eos_token in its tokenizer_config.json"
        )
    return int(found)


def _bundles(
    prompt: Tokens, found: Sequence[tuple[Tokens, ...]], batch_tokens: int
) -> Iterable[Bundle]:
    """Lay the examples of one prompt into as few bundles as their size allows."""
    answers: dict[Tokens, int] = {}
    pairs: list[tuple[int, int]] = []
    for example in found:
        more = dict.fromkeys([*answers, *example])
        if answers and Bundle(prompt, tuple(more)).tokens > batch_tokens:
            yield Bundle(prompt, tuple(answers), tuple(pairs))
            answers, pairs = {}, []
        for answer in example:
            answers.setdefault(answer, len(answers))
        if len(example) == 2:
            pairs.append((answers[example[0]], answers[example[1]]))
    yield Bundle(prompt, tuple(answers), tuple(pairs))


def pack(bundles: Iterable[Bundle], batch_tokens: int) -> list[list[Bundle]]:
    """Fill one row after another, in the order given, with at most `batch_tokens` each."""
    rows: list[list[Bundle]] = []
    room = 0
    for bundle in bundles:
        if bundle.tokens > room:
            rows.append([])
            room = batch_tokens
        rows[-1].append(bundle)
        room -= bundle.tokens
    return rows


def plan(
    bundles: Sequence[Bundle], *, batch_tokens: int, rows: int, epochs: float, seed: int
) -> list[list[list[Bundle]]]:
    """Return the rows of every optimizer step of the whole training, in order.

    Args:
        bundles: Of the split `train`.
        batch_tokens: Tokens of a row, at most.
        rows: Rows of a step, over all processes; the last step of an epoch may have fewer.
        epochs: Passes; with a fraction, the last pass ends early.
        seed: Of the order, which is another one in each pass.
    """
    steps: list[list[list[Bundle]]] = []
    passes, part = int(epochs), epochs % 1
    for epoch in range(passes + (part > 0)):
        shuffled = list(bundles)
        random.Random(f"{seed}:{epoch}").shuffle(shuffled)  # noqa: S311 - an order, no secret
        packed = pack(shuffled, batch_tokens)
        found = [packed[first : first + rows] for first in range(0, len(packed), rows)]
        steps += found if epoch < passes else found[: max(1, round(part * len(found)))]
    return steps


def lay_out(bundles: Sequence[Bundle]) -> Row:
    """Lay bundles one after another into a row."""
    row = Row([], [], [], [], [], [], [])
    tokens, positions, spans, picked, targets, lengths, all_pairs = row
    for prompt, answers, pairs in bundles:
        start, first = len(tokens), len(lengths)
        tokens.extend(prompt)
        positions.extend(range(len(prompt)))
        for answer in answers:
            place = len(tokens)
            tokens.extend(answer[:-1])
            positions.extend(range(len(prompt), len(prompt) + len(answer) - 1))
            picked.extend([start + len(prompt) - 1, *range(place, place + len(answer) - 1)])
            targets.extend(answer)
            lengths.append(len(answer))
        spans.append(Span(start, len(prompt), tuple(len(answer) - 1 for answer in answers)))
        all_pairs.extend((first + chosen, first + rejected) for chosen, rejected in pairs)
    return row
