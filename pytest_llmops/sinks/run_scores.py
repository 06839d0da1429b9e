"""What a run as a whole is worth: the same figures that the terminal shows, by name."""

import math
from collections.abc import Mapping, Sequence

from pytest_llmops.report.summary import summarize
from pytest_llmops.runs.record import Record
from pytest_llmops.sinks.scores import Score

TOKENS = ("input_tokens", "cached_tokens", "output_tokens")
ENDS = ("truncated",)
"""Counts that are missing, not 0, where no answer tells them."""


NOTHING: Mapping[str, float] = {}


def figures(records: Sequence[Record], quality: Mapping[str, float] = NOTHING) -> dict[str, float]:
    """The numbers of a run; those that cannot be told (no answer, nothing solved) are left out.

    Tokens are counts, shares are 0..1, times are seconds, cost is in US dollars. `cost_of_pass` is
    output tokens by solved attempts.

    Args:
        records: Of the run.
        quality: How well written its answers are (`written`), which records do not tell.
    """
    total = summarize(records)
    found: dict[str, float] = {
        "attempts": total.attempts,
        "cases": total.cases,
        "solved": total.solved,
        "solve_rate": total.rate.estimate,
        "solve_rate_low": total.rate.low,
        "solve_rate_high": total.rate.high,
        "input_tokens": total.input_tokens,
        "cached_tokens": total.cached_tokens,
        "output_tokens": total.output_tokens,
        "output_tokens_median": total.tokens_median,
        "output_tokens_p95": total.tokens_p95,
        "cost_of_pass": total.tokens_per_solved,
        "seconds_median": total.seconds_median,
        "grade_seconds": total.grade_seconds,
        "truncated": total.truncated,
        "errors": total.errors,
        "from_cache": total.from_cache,
    }
    for name in (*TOKENS * (not total.counted), *ENDS * (not total.ends_told)):
        del found[name]
    optional: dict[str, float | None] = {
        "cost_usd": total.cost,
        "engine_memory_bytes": total.engine_memory,
        "grade_memory_bytes": total.grade_memory,
    }
    if loops := total.loops:
        optional |= {
            "turns": loops.turns,
            "tool_calls": loops.calls,
            "failed_tool_calls": loops.failed_calls,
            "priced_tokens": loops.priced,
            "priced_per_attempt": loops.per_attempt,
            "priced_per_solved": loops.priced_per_solved,
            "resent_share": loops.resent,
            "cached_share": loops.cached,
            "tokens_to_pass": loops.to_pass,
            "model_seconds": loops.model_seconds,
            "tool_seconds": loops.tool_seconds,
            "agent_memory_bytes": loops.memory,
        }
    found |= {name: value for name, value in optional.items() if value is not None}
    found |= quality
    return {name: float(value) for name, value in found.items() if math.isfinite(value)}


def run_scores(
    records: Sequence[Record], quality: Mapping[str, float] = NOTHING
) -> tuple[Score, ...]:
    """The figures that judge a run rather than describe it; for the arguments see `figures`."""
    found = figures(records, quality)
    chosen = (
        *("solve_rate", "cost_of_pass", "output_tokens_median", "truncated", "errors"),
        *("priced_per_attempt", "priced_per_solved"),
        *quality,
    )
    return tuple(Score(name=name, value=found[name]) for name in chosen if name in found)
