"""What a loop took, as figures by name: for JUnit files, tables and traces alike."""

import re
from collections import Counter

from pytest_llmops.completions import Loop


def loop_figures(loop: Loop, priced: float | None) -> dict[str, str | int | float]:
    """The figures of one attempt; what is not known is left out.

    Args:
        loop: How its agent came to an answer.
        priced: Its priced tokens.
    """
    tools = [tool for turn in loop.turns for tool in turn.tools]
    found: dict[str, str | int | float] = {
        "turns": len(loop.turns),
        "ending": loop.ending,
        "tool_calls": len(tools),
        "failed_tool_calls": sum(tool.failed for tool in tools),
        "resent_tokens": loop.resent,
        "model_seconds": round(loop.model_seconds, 3),
        "tool_seconds": round(loop.tool_seconds, 3),
    }
    if priced is not None:
        found["priced_tokens"] = round(priced, 1)
    if tools:
        found["tools"] = by_kind(Counter(tool.name for tool in tools))
    if (tokens := loop.tokens_to_pass()) is not None:
        found["tokens_to_pass"] = tokens
    if loop.memory is not None:
        found["agent_memory"] = loop.memory
    return found


def name_and_version(agent: str) -> tuple[str, str]:
    """What a run's agent is called, and of what it is; "" where its name says both.

    `cline 3.0.65` is `cline` of `3.0.65`, and `lean (cline 3.0.65)` is `lean` of `cline 3.0.65`.
    """
    if named := re.fullmatch(r"(.+) \((.+)\)", agent):
        return named[1], named[2]
    name, _, version = agent.partition(" ")
    return name, version


def by_kind(calls: Counter[str]) -> str:
    """Calls of tools by name, the most frequent first."""
    named = sorted(calls.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{name[:60]} {count:,}" for name, count in named[:20])
