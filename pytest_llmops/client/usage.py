"""What a server's `usage` means: one set of counts, by rules that hold for every endpoint.

In order (docs/models.md has a table of endpoints):

1. A count is a whole number from 0 to a billion; `100.0` and `"100"` are read as 100. Anything else
   in its place (negative, fractional, larger, a boolean) is refused by name.
2. null is no count, and neither is 0 where there cannot be none: for the prompt (but one that was
   read from the cache as a whole), and for the output once text has come. Where several chunks have
   counts, the last that has both; one with the output alone takes the rest from those before it.
3. Cached and cache-written tokens are part of the prompt. Where they are more than it, where the
   total holds them beside it, or where the names are Anthropic's own, they are added to it.
4. Output is the total less the prompt where the total says more, so that hidden reasoning counts
   wherever it is reported; what the total adds to a stated output is reasoning if nothing else says
   how much that is.
5. Reasoning is part of the output. Where it would be more than that, the counts contradict each
   other, and the answer is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pytest_llmops.completions import CountedBy, Usage
from pytest_llmops.errors import EndpointError

MOST = 10**9
"""More tokens than any one answer has."""
INPUT = ("prompt_tokens", "input_tokens")
OUTPUT = ("completion_tokens", "output_tokens")
TOTAL = ("total_tokens",)
_READ = ("prompt_tokens_details", "input_tokens_details")
_WRITTEN = ("completion_tokens_details", "output_tokens_details")
CACHED = (
    *(f"{name}.cached_tokens" for name in _READ),
    "prompt_cache_hit_tokens", "cache_read_input_tokens", "cached_tokens", "num_cached_tokens",
)  # fmt: skip
CACHE_WRITE = (
    *(f"{name}.{kind}" for name in _READ for kind in ("cache_write_tokens", "cache_creation_tokens",
                                                      "cache_creation_input_tokens")),
    "cache_creation_input_tokens", "cache_write_input_tokens",
)  # fmt: skip
REASONING = (
    *(f"{name}.{kind}" for name in _WRITTEN for kind in ("reasoning_tokens", "thinking_tokens")),
    "reasoning_tokens",
)
BESIDE = ("cache_read_input_tokens", "cache_creation_input_tokens")
"""Anthropic's own names, which beside its `input_tokens` are no part of them."""


class Counted(NamedTuple):
    """Counts, and who made them."""

    usage: Usage
    by: CountedBy


def counted_together(counts: Iterable[CountedBy]) -> CountedBy:
    """Who counted a sum: the least that is known of any part."""
    found = set(counts)
    return "local" if "local" in found else "total" if "total" in found else "server"


def last_usage(reports: Sequence[Mapping[str, Any]], *, wrote: bool) -> Counted | None:
    """Token counts of an answer by all reports that came, in their order; see `usage_of`."""
    for number in reversed(range(len(reports))):
        said = reports[number]
        if found := usage_of(said, wrote=wrote):
            return found
        if not _count(said, INPUT) and _count(
            said, OUTPUT
        ):  # Anthropic's way: the prompt came first
            earlier = (one for one in reversed(reports[:number]) if _count(one, INPUT))
            first: Mapping[str, Any] = next(earlier, {})
            told = {name: value for name, value in said.items() if value}
            stale = (*OUTPUT, *TOTAL)
            before = {name: value for name, value in first.items() if name not in stale}
            if found := usage_of({**before, **told}, wrote=wrote):
                return found
    return None


def usage_of(said: Mapping[str, Any], *, wrote: bool) -> Counted | None:
    """Token counts, or None where the server gave none that can be used.

    Args:
        said: The `usage` object as it came.
        wrote: Whether any text came, so that an output of 0 is no count.

    Raises:
        EndpointError: A count is none, or the counts contradict each other; names it.
    """
    read, wrote_ = _count(said, INPUT), _count(said, OUTPUT)
    total = _count(said, TOTAL) or 0
    if read is None or not (read or (_is_native(said) and _count(said, BESIDE))):
        return None
    if (wrote_ is None and total <= read) or (wrote and not (wrote_ or total > read)):
        return None
    output = wrote_ or 0
    cached, written = _count(said, CACHED) or 0, _count(said, CACHE_WRITE) or 0
    reasoning = _count(said, REASONING) or 0
    over = max(total - read - output, 0)
    extra = cached + written
    if extra and _lies_beside(said, read, over, extra, reasoning):
        read += extra
        over = max(total - read - output, 0)
    output += over
    if over and not reasoning and wrote_ is not None:
        reasoning = over
    if reasoning > output:
        raise EndpointError(
            f"the server's counts contradict each other: {reasoning:,} reasoning tokens in an "
            f"output of {output:,}, and a total of {total:,} ('usage'; see `llmops docs models`)"
        )
    usage = Usage(
        input=read, output=output, cached=cached, cache_write=written, reasoning=reasoning
    )
    return Counted(usage, "total" if over else "server")


def _lies_beside(said: Mapping[str, Any], read: int, over: int, extra: int, reasoning: int) -> bool:
    """Whether cached and cache-written tokens are not in the count of the prompt."""
    held = over in {extra, extra + reasoning} and over != reasoning
    return _is_native(said) or extra > read or held


def _is_native(said: Mapping[str, Any]) -> bool:
    return "prompt_tokens" not in said and any(name in said for name in BESIDE)


def _count(said: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    """The first of these that is more than 0, else 0 if one is; None where all are missing."""
    found: int | None = None
    for name in names:
        holder, _, inner = name.rpartition(".")
        place = said.get(holder) if holder else said
        value = _whole(name, place.get(inner)) if isinstance(place, Mapping) else None
        if value:
            return value
        found = value if found is None else found
    return found


def _whole(name: str, value: object) -> int | None:
    if value is None:
        return None
    number = value
    if isinstance(number, str) and number.isdecimal() and len(number) < 20:
        number = int(number)
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MOST:
        shown = repr(value)
        raise EndpointError(
            f"the server's 'usage' has {name} = {shown[:40]}{'...' * (len(shown) > 40)}, which is "
            "no number of tokens"
        )
    return number
