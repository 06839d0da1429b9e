"""Changes of files."""


def apply_edits(text: str, edits: list[tuple[int, int, str]]) -> str:
    """Replace ranges of a text; each edit is start, end and the text to put there.

    Positions are those of the text before any change, whatever the order of the edits.

    Raises:
        ValueError: Two ranges overlap, or one is not inside the text.
    """
    pieces: list[str] = []
    position = 0
    for start, end, new in sorted(edits):
        if start < position or end < start or end > len(text):
            raise ValueError(f"no place for {start}..{end}")
        pieces += [text[position:start], new]
        position = end
    return "".join([*pieces, text[position:]])


def common_indent(lines: list[str]) -> str:
    """Return the longest white space that begins every line which is not blank; "" for no lines."""
    filled = [line for line in lines if line.strip()]
    if not filled:
        return ""
    first = min(filled)
    last = max(filled)
    indent = first[: len(first) - len(first.lstrip())]
    while not (last.startswith(indent) and all(line.startswith(indent) for line in filled)):
        indent = indent[:-1]
    return indent


def summarize(added: int, removed: int) -> str:
    """Tell the size of a change: `+3 -1`, without a part that is 0; `unchanged` where both are."""
    parts = [f"+{added}"] if added else []
    if removed:
        parts.append(f"-{removed}")
    return " ".join(parts) or "unchanged"
