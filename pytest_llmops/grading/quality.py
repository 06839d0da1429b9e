"""Static quality of an answer: what can be said of it without running it.

Sizes are counted in characters that are not white space, comments taken apart, so that layout does
not count and the shares of one answer sum to 1: tokens spent can be apportioned by them. They are
an apportionment by characters, not a count of tokens, which only the server can give.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from pytest_llmops.grading.candidate import Candidate
from pytest_llmops.grading.complexity import complexity
from pytest_llmops.grading.fences import READ_LIMIT, Block, blocks
from pytest_llmops.grading.graded import Quality
from pytest_llmops.grading.thinking import without_thinking
from pytest_llmops.tasks.code.syntax import comments


def measure(text: str, candidate: Candidate | None, path: str, reference: str) -> Quality:
    """Measure a completion's text.

    Args:
        text: The whole text of the completion.
        candidate: What `extract` made of it.
        path: The file that it is about.
        reference: The code that was wanted.
    """
    found = Quality(repetition=_repetition(text), **_shares(text, candidate, path))
    if candidate is None:
        return found
    return msgspec.structs.replace(
        found,
        syntax_errors=candidate.syntax_errors,
        complexity=complexity(candidate.body, path),
        length_ratio=_size(candidate.body, path) / max(1, _size(reference, path)),
    )


def _solid(text: str) -> int:
    return sum(map(len, text.split()))


def _remarks(code: str, path: str) -> int:
    """Characters of the comments in code, as far as it is read."""
    source = code[:READ_LIMIT].encode("utf-8", "replace")
    spans = comments(source, path)
    return sum(_solid(source[start:end].decode("utf-8", "replace")) for start, end in spans)


@lru_cache(maxsize=256)
def _size(code: str, path: str) -> int:
    return _solid(code) - _remarks(code, path)


def _shares(text: str, candidate: Candidate | None, path: str) -> dict[str, Any]:
    seen = without_thinking(text)
    found = blocks(seen)
    fenced = [seen[block.start : block.end] for block in found]
    code = "\n".join(fenced) if found else candidate.code if candidate else ""
    remarks = _remarks(code, path)
    used = min(_size(candidate.code, path) if candidate else 0, _solid(code) - remarks)
    inside = sum(map(_solid, fenced)) if found else _solid(code)
    outside = _solid(seen) - inside
    markup = sum(_solid(seen[start:end]) for start, end in _fences(seen, found))
    sizes = {
        "code_share": used,
        "unused_share": _solid(code) - remarks - used,
        "comment_share": remarks,
        "prose_share": outside - markup,
        "thinking_share": _solid(text) - _solid(seen),
        "markup_share": markup,
    }
    total = sum(sizes.values())
    shares = {name: size / total if total else 0.0 for name, size in sizes.items()}
    return {"characters": total, **shares}


def _fences(text: str, found: list[Block]) -> Iterator[tuple[int, int]]:
    for block in found:
        yield text.rfind("\n", 0, max(0, block.start - 1)) + 1, block.start
        if block.closed:
            end = text.find("\n", block.end)
            yield block.end, len(text) if end < 0 else end


def _repetition(text: str) -> float:
    lines = [line for line in map(str.strip, text.splitlines()) if len(line) >= 4]
    return 1 - len(set(lines)) / len(lines) if lines else 0.0
