"""What the loops of a group of attempts took together."""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from pytest_llmops.completions import Usage
from pytest_llmops.report.figures import amount, duration
from pytest_llmops.runs.loop_figures import by_kind
from pytest_llmops.runs.record import Record, Run


class Loops(NamedTuple):
    """What the agents of a group of attempts took."""

    attempts: int
    turns: int
    calls: int
    """Tools called."""
    failed_calls: int
    priced: float
    """Priced tokens."""
    priced_per_solved: float
    """Priced tokens of all attempts by solved ones; inf where none is."""
    resent: float
    """Share of the input that the turn before had already; nan where there was none."""
    model_seconds: float
    tool_seconds: float
    cached: float
    """Share of the input that was read from a prompt cache; nan where there was none."""
    to_pass: float
    """Median of input and output tokens to the first state that passed; nan where none did."""
    usage: Usage
    """Tokens of all turns, by kind."""
    tools: Counter[str]
    """Calls by the name of the tool."""
    endings: Counter[str]
    """Attempts by how their loops ended."""
    memory: int | None
    """Most that the program of an attempt held, bytes; None where none ran."""

    @property
    def per_attempt(self) -> float:
        """Priced tokens per attempt."""
        return self.priced / self.attempts

    @property
    def named_tools(self) -> str:
        """Calls by kind, for people."""
        return by_kind(self.tools)

    @property
    def named_endings(self) -> str:
        """Endings, for people."""
        return by_kind(self.endings).replace("_", " ")


def total_loops(records: Sequence[Record], solved: int) -> Loops | None:
    """Add up the loops of a group of attempts; None where every answer was a direct one.

    Args:
        records: The attempts; those that failed are left out.
        solved: How many of them are solved.
    """
    records = [record for record in records if record.usage]
    found = [record.loop for record in records if record.loop]
    if not found:
        return None
    priced = sum(record.priced or 0.0 for record in records)
    usages = [record.usage for record in records if record.loop and record.usage]
    read = sum(usage.input for usage in usages)
    first = [tokens for loop in found if (tokens := loop.tokens_to_pass()) is not None]
    return Loops(
        attempts=len(found),
        turns=sum(len(loop.turns) for loop in found),
        calls=sum(len(turn.tools) for loop in found for turn in loop.turns),
        failed_calls=sum(one.failed for loop in found for turn in loop.turns for one in turn.tools),
        priced=priced,
        priced_per_solved=priced / solved if solved else math.inf,
        resent=sum(loop.resent for loop in found) / read if read else math.nan,
        model_seconds=sum(loop.model_seconds for loop in found),
        tool_seconds=sum(loop.tool_seconds for loop in found),
        cached=sum(usage.cached for usage in usages) / read if read else math.nan,
        to_pass=statistics.median(first) if first else math.nan,
        usage=sum(usages, Usage(input=0, output=0)),
        tools=Counter(one.name for loop in found for turn in loop.turns for one in turn.tools),
        endings=Counter(loop.ending for loop in found),
        memory=max((loop.memory or 0 for loop in found), default=0) or None,
    )


def loops_line(run: Run, loops: Loops) -> str:
    """One line for a terminal."""
    tools = f"; {loops.named_tools}" if loops.calls else ""
    calls = f", {loops.calls:,} tool calls ({loops.failed_calls:,} failed{tools})"
    again = "" if math.isnan(loops.resent) else f"; {loops.resent:.0%} of the input sent again"
    again += "" if math.isnan(loops.cached) else f", {loops.cached:.0%} cached"
    again += "" if math.isnan(loops.to_pass) else f"; {loops.to_pass:,.0f} tokens to pass"
    split = f"model {duration(loops.model_seconds)}, tools {duration(loops.tool_seconds)}"
    turns = f"{loops.turns:,} turns, {loops.turns / loops.attempts:.1f} per attempt"
    solved = amount(loops.priced_per_solved) if math.isfinite(loops.priced_per_solved) else "-"
    priced = f"{loops.priced:,.0f} priced tokens, {solved} per solved"
    ended = f"; ended: {loops.named_endings}" if set(loops.endings) != {"done"} else ""
    counted = calls if loops.calls else ""
    return f"loops ({run.agent}): {turns}{counted}; {priced}{again}; {split}{ended}"
