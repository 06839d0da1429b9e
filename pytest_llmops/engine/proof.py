"""What a runner must do, and the proof that its numbers are those of transformers' own code.

Two probes, each run by the runner on trial and by transformers' own attention and cache: short
rows of every kind, and, where the configuration names positions below the context at which a model
may compute otherwise (a sliding window, a chunk of attention, the length from which longrope takes
other factors), a sequence that decodes across each of them and a prompt beyond all, with a short
neighbour in every step.
"""

import re
from collections.abc import Iterator
from typing import Any, Protocol

import torch

from pytest_llmops.engine.attention import UnsupportedError
from pytest_llmops.engine.kvcache import BlockPool, blocks_for
from pytest_llmops.engine.step import Row, Step

_POSITIONS = re.compile("window|chunk|position|floor|seq|context|length")
_SHORT = 82
"""Length of the longest sequence of the short probe."""
_ACROSS = 2
"""Tokens on each side of a position that are decoded one by one."""
_BEYOND = 20
"""Tokens by which the long prompt goes on after the last position."""


class Runner(Protocol):
    """Runs steps."""

    shares_prefixes: bool
    """Whether all it keeps of a sequence lies in the blocks of the pool."""
    whole_prompts: bool
    """Whether it wants a prompt in one step: its numbers may depend on where one is cut."""

    def forward(self, step: Step) -> torch.Tensor:
        """Return the logits after the last token of every row, `[rows, vocabulary]`."""
        ...

    def forget(self, sequence: int) -> None:
        """Drop what is kept of a finished sequence."""
        ...


class Proof:
    """What a model computes by transformers' own code, to hold another runner against."""

    def __init__(self, runner: Runner, model: Any, context: int) -> None:
        """Run the probes by `runner`, transformers' own code; `context` is the longest request."""
        self._device, self._dtype = model.device, model.dtype
        self._places = positions(model.config.to_dict(), context)
        self._expected = self._probe(runner)

    def check(self, runner: Runner) -> None:
        """Raise UnsupportedError when a runner's logits are off by more than rounding."""
        allowed = 2e-3 if self._dtype == torch.float32 else 0.5
        for found, (where, expected) in zip(
            self._probe(runner).values(), self._expected.items(), strict=True
        ):
            spread = expected.std().clamp_min(1e-6)
            worst = ((found - expected).abs().max() / spread).item()
            if not worst < allowed:
                raise UnsupportedError(
                    f"{type(runner).__name__} is off by {worst:.2g} standard deviations {where}"
                )

    def _probe(self, runner: Runner) -> dict[str, torch.Tensor]:
        """Return logits, by where they were found."""
        pool = BlockPool(self._device, self._dtype)
        found = {"on short prompts": _short(runner, pool)}
        if self._places:
            listed = ", ".join(map(str, self._places))
            rows = torch.cat([*_long(runner, pool, self._places)])
            found[f"beyond position {listed}"] = rows.float()
        return found


def positions(config: dict[str, Any], context: int) -> list[int]:
    """Return the positions below `context` at which a configuration may change the computation."""
    return sorted({number for number in _numbers(config) if _SHORT < number < context})


def _numbers(config: dict[str, Any]) -> Iterator[int]:
    for name, value in config.items():
        if isinstance(value, dict):
            yield from _numbers(value)
        elif isinstance(value, int) and _POSITIONS.search(str(name)):
            yield value


def _short(runner: Runner, pool: BlockPool) -> torch.Tensor:
    """Return the logits of two ragged prompts and of one more token for each, `[2, 2, vocabulary]`.

    The prompts are longer than a block, and the second goes in two pieces, so every kind of row is
    proved.
    """
    first = [1 + (7 * i) % 90 for i in range(70)]
    second = [1 + (11 * i) % 90 for i in range(80)]
    blocks = [pool.allocate(2), pool.allocate(2)]
    runner.forward(Step([Row(second[:9], 0, 1, blocks[1])], pool))
    rows = [Row(first, 0, 0, blocks[0]), Row(second[9:], 9, 1, blocks[1])]
    prompts = runner.forward(Step(rows, pool))
    rows = [Row([5], 70, 0, blocks[0]), Row([6], 80, 1, blocks[1])]
    tokens = runner.forward(Step(rows, pool))
    for sequence in (0, 1):
        runner.forget(sequence)
    return torch.stack([prompts, tokens]).float()


def _long(runner: Runner, pool: BlockPool, places: list[int]) -> Iterator[torch.Tensor]:
    """Yield the logits of every step of the long probe, `[rows, vocabulary]`."""
    end = places[-1] + _BEYOND
    tokens = [1 + (13 * i + i // 50) % 90 for i in range(end)]
    blocks = [pool.allocate(blocks_for(end)), pool.allocate(blocks_for(end))]
    near, done = pool.allocate(blocks_for(12 + len(places) * 3 * _ACROSS)), 0
    neighbour = 0

    def step(new: int) -> torch.Tensor:
        nonlocal done, neighbour
        row = Row(tokens[done : done + new], done, 2, blocks[0])
        more = 12 if neighbour == 0 else 1
        beside = Row(tokens[neighbour : neighbour + more], neighbour, 3, near)
        done, neighbour = done + new, neighbour + more
        return runner.forward(Step([beside, row], pool))

    for place in places:
        if place - _ACROSS > done:
            yield step(place - _ACROSS - done)
        while done < place + _ACROSS:
            yield step(1)
    beside = Row(tokens[:12], 0, 4, pool.allocate(1))
    yield runner.forward(Step([beside, Row(tokens, 0, 5, blocks[1])], pool))
    for sequence in (2, 3, 4, 5):
        runner.forget(sequence)
