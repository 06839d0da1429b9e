"""Texts of tools and models, cut and cleaned."""

from collections.abc import Iterator


def truncate_middle(text: str, limit: int, mark: str = "...") -> str:
    """Shorten a text to `limit` characters by putting `mark` in the place of its middle.

    A text that fits stays as it is. What is left is shared between beginning and end; an odd
    character goes to the beginning. Where the mark alone does not fit, the text is cut at the end.

    >>> truncate_middle("abcdefghij", 7)
    'ab...ij'
    """
    if len(text) <= limit:
        return text
    left = limit - len(mark)
    if left < 0:
        return text[:limit]
    tail = left // 2
    return text[: left - tail] + mark + (text[-tail:] if tail else "")


def strip_fence(text: str) -> str:
    """Return what stands in a text that is one Markdown fence of three backticks.

    The label of the fence is dropped, and so are the line breaks at its marks. A text that is no
    such fence is returned without white space around it.
    """
    lines = text.strip().split("\n")
    if len(lines) >= 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return "\n".join(lines[1:-1])
    return text.strip()


def numbered(text: str, start: int = 1) -> str:
    """Put its number before each line of a text: right-aligned to the widest, then `| `.

    >>> print(numbered("a\\nb", 9))
     9| a
    10| b
    """
    lines = text.split("\n")
    width = len(str(start + len(lines) - 1))
    return "\n".join(f"{number:>{width}}| {line}" for number, line in enumerate(lines, start))


def chunks(words: list[str], budget: int) -> Iterator[list[str]]:
    """Yield the words in groups whose lengths sum up to at most `budget`, in order.

    A word that is longer than the budget is a group of its own. No group is empty.
    """
    group: list[str] = []
    size = 0
    for word in words:
        if group and size + len(word) > budget:
            yield group
            group, size = [], 0
        group.append(word)
        size += len(word)
    if group:
        yield group


def is_question(text: str) -> bool:
    """Say whether a text ends in a question mark, white space and closing quotes left out."""
    return text.rstrip().rstrip("\"'").rstrip().endswith("?")
