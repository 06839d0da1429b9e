"""A sequential gate on a terminal: what its last look found, and what it spent."""

import math

from rich.console import RenderableType
from rich.text import Text

from pytest_llmops.compare.sequential import Look
from pytest_llmops.report.verdict import STYLES


def look_parts(look: Look, candidate: str) -> list[RenderableType]:
    """A look for a terminal; the verdict is the last line.

    Args:
        look: The last of the session.
        candidate: Name of the model that was judged.
    """
    parts: list[RenderableType] = []
    if math.isfinite(look.interval.estimate):
        low, ratio, high = look.interval.low, look.interval.estimate, look.interval.high
        parts.append(
            Text(f"output tokens: ratio {ratio:.3f} ({low:.3f}..{high:.3f} at every look)")
        )
    parts.append(Text(_spent(look)))
    if look.reason:
        parts.append(Text(look.reason))
    parts.append(Text(f"{look.verdict}: {candidate}, sequential", STYLES[look.verdict]))
    return parts


def _spent(look: Look) -> str:
    text = f"asked {look.attempts:,} of {look.planned:,} attempts; "
    text += f"{look.tokens_spent:,} output tokens"
    if math.isfinite(look.tokens_planned) and look.tokens_planned:
        share = look.tokens_spent / look.tokens_planned
        text += f", {share:.0%} of about {look.tokens_planned:,.0f} for all"
    return text
