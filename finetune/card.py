"""The card of an adapter: a README that says what it is, from what it was made, and what it does.

Everything in it is measured or read from files that lie beside it; what was not measured says so.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec
import tomlkit

from .settings import Settings
from .stored import Notes

_T = TypeVar("_T")
_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 48
"""Most characters of a sparkline."""
_LINES = 12
"""Most lines of the table of the curve."""


class Point(msgspec.Struct, frozen=True):
    """Losses after one optimizer step; None where nothing was measured there."""

    step: int
    train_loss: float | None = None
    validation_loss: float | None = None


class History(msgspec.Struct, frozen=True):
    """The part of `training.json` that a card shows."""

    steps: int
    best_step: int
    seconds: float
    tokens: int
    peak_memory: int
    """Bytes."""
    train_loss: float | None = None
    validation_loss: float | None = None
    curve: tuple[Point, ...] = ()
    versions: dict[str, str] = {}


class Saving(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter does to the tokens of its base, as a comparison found it."""

    suites: str
    cases: int
    ratio: tuple[float, float, float]
    """Of output tokens, adapter over base, paired by case: low, estimate, high."""
    solved: tuple[float, float, float]
    """Change of the solve rate, in points of 0..1: low, estimate, high."""
    runs: tuple[str, str]
    """Ids of the runs of base and adapter."""

    @property
    def known(self) -> bool:
        """Whether there were cases and files enough to estimate every number."""
        return all(map(math.isfinite, (*self.ratio, *self.solved)))

    def __str__(self) -> str:
        """One sentence."""
        low, estimate, high = (1 - one for one in reversed(self.ratio))
        down, change, up = (100 * one for one in self.solved)
        return (
            f"{estimate:.1%} fewer output tokens per case (95 % interval {low:.1%} to {high:.1%}), "
            f"solve rate {change:+.1f} points ({down:+.1f} to {up:+.1f}), on {self.cases} cases of "
            f"{self.suites}; runs {self.runs[0]} and {self.runs[1]}."
        )


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a card tells."""

    settings: Settings
    base_spec: str
    """As models.toml has it."""
    base_sha256: str
    tokenizer_sha256: str
    adapter_sha256: str
    data: Notes
    history: History
    saving: Saving | None = None


def card(facts: Facts) -> str:
    """Write the README of an adapter folder."""
    settings, name = facts.settings, facts.settings.name
    parts = [
        f"---\nbase_model: {facts.base_spec}\nlibrary_name: peft\ntags: [lora, code]\n---",
        f"# {name}",
        f"A LoRA adapter that makes `{settings.base}` answer with fewer tokens, trained with "
        f"`{settings.train.method}`. Use it as `pytest benchmarks --model={name}`, or load it "
        "with PEFT; it holds weights (safetensors) and configuration, no code.",
        "## Token saving",
        str(facts.saving) if facts.saving else _unmeasured(settings),
        "## Made from",
        _table([("what", "which"), *_origin(facts)]),
        "## Training",
        _training(facts.history),
        "## Settings",
        f"```toml\n{tomlkit.dumps(msgspec.to_builtins(settings))}```",
        "## Versions",
        _table([("package", "version"), *sorted(facts.history.versions.items())]),
    ]
    return "\n\n".join(parts) + "\n"


def _unmeasured(settings: Settings) -> str:
    return (
        "Not measured when this card was written. Measure it: `pytest benchmarks "
        f"--model={settings.base}`, then `pytest benchmarks --model={settings.name}`, and name the "
        f"two runs: `python -m finetune --name={settings.name} --method={settings.train.method} "
        "register --saving BASE_RUN ADAPTER_RUN`, with the other options it was made with, if any."
    )


def _origin(facts: Facts) -> Iterable[tuple[str, str]]:
    data = facts.data
    yield "base", f"`{facts.base_spec}`"
    yield "base weights, SHA-256", f"`{facts.base_sha256}`"
    yield "tokenizer, SHA-256", f"`{facts.tokenizer_sha256}`"
    yield "adapter, SHA-256", f"`{facts.adapter_sha256}`"
    yield "training data, SHA-256", f"`{data.sha256}`"
    yield "rows", _counted(data.rows)
    yield "cases with rows", _counted(data.cases)
    yield "answers used", _counted(data.used)
    if data.tabbed:
        yield "cases shown with tabs", str(data.tabbed)
    yield "answers considered", _counted(data.considered)
    yield "runs", ", ".join(run.id for run in data.runs) or "none"
    guarded = f"{data.guarded['cases']} cases of {data.guarded['suites']}"
    yield "proved free of", f"{guarded} (hash {data.guarded['hash']})"
    if data.unguarded:
        yield "not checked against", ", ".join(sorted(data.unguarded))
    train = facts.settings.train
    yield "seeds", f"data {facts.settings.seed}, training {train.seed}"


def _counted(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{count} {name}" for name, count in counts.items()) or "none"


def _training(history: History) -> str:
    facts = [
        f"{history.steps} steps, best at {history.best_step}; {history.tokens:,} tokens in "
        f"{history.seconds:.0f} s; peak memory {history.peak_memory / 2**20:,.0f} MiB.",
    ]
    for kind in ("train_loss", "validation_loss"):
        losses = [loss for one in history.curve if (loss := getattr(one, kind)) is not None]
        if losses:
            label = kind.replace("_", " ")
            facts.append(f"{label} `{sparkline(losses)}` {losses[0]:.3f} to {losses[-1]:.3f}")
    if history.curve:
        rows = [
            (str(one.step), _loss(one.train_loss), _loss(one.validation_loss))
            for one in thinned(history.curve, _LINES)
        ]
        facts.append(_table([("step", "train loss", "validation loss"), *rows]))
    return "\n\n".join(facts)


def _loss(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def sparkline(values: Sequence[float]) -> str:
    """Draw values as bars of one character each, from the smallest to the largest finite one."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    step = (high - low) / (len(_BARS) - 1) or 1.0
    shown = thinned(values, _WIDTH)
    return "".join(_BARS[round((one - low) / step)] if math.isfinite(one) else "?" for one in shown)


def thinned(items: Sequence[_T], most: int) -> list[_T]:
    """Keep `most` items at even distances, the first and the last always among them."""
    if len(items) <= most:
        return [*items]
    return [items[round(at * (len(items) - 1) / (most - 1))] for at in range(most)]


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    head, *body = rows
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in lines)
