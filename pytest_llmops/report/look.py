"""A sequential gate on a terminal: what its last look found, and what it spent.

Bounds and p-values of its checks hold at every look. What a check would need, and what it could
have found, is reckoned for one look at these attempts: a plan with looks before its end needs more.
"""

import math

from rich.console import RenderableType
from rich.text import Text

from pytest_llmops.compare.sequence.sequential import Look
from pytest_llmops.report.verdict import STYLES, checks_parts


def look_parts(look: Look, candidate: str) -> list[RenderableType]:
    """A look for a terminal of 80 columns; the verdict is the last line.

    Args:
        look: The last of the session.
        candidate: Name of the model that was judged.
    """
    style = STYLES[look.verdict]
    if look.checks:
        parts = [*checks_parts(look.checks), Text("bounds and p hold at every look", "dim")]
    else:
        parts = [Text(look.reason, style)]
    if look.verdict == "undecided":
        parts.append(Text("what would decide is reckoned for one look at these attempts", "dim"))
    parts.append(Text(_spent(look)))
    if look.ended:
        parts.append(Text(look.ended))
    parts.append(Text(f"{look.verdict}: {candidate}, sequential", style))
    return parts


def _spent(look: Look) -> str:
    text = f"asked {look.attempts:,} of {look.planned:,} attempts; "
    text += f"{look.tokens_spent:,} output tokens"
    if math.isfinite(look.tokens_planned) and look.tokens_planned:
        share = look.tokens_spent / look.tokens_planned
        text += f", {share:.0%} of about {look.tokens_planned:,.0f} for all"
    return text
