"""Untrusted text made fit to show: prompts and answers are whatever a model wrote.

Escaping belongs to the place where a text ends up (the template engine, `in_script`, a chart); what
no escaping mends is done here: characters that cannot be seen or that change the order of others
("Trojan Source", Boucher and Anderson 2021), and texts of any length.
"""

import base64
import gzip
import html
import re
from typing import Any

import msgspec

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
"""Controls but tab and line feed, marks of direction, invisible characters, lone surrogates."""

_UNSAFE_IN_SCRIPT = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"}


def visible(text: str, limit: int | None = None) -> str:
    """Show hidden characters by name, and cut what is longer than `limit` characters.

    >>> visible("a\\x00\\u202eb")
    'a␀⟨U+202E⟩b'
    """
    if limit is None or len(text) <= limit:
        return HIDDEN.sub(_named, text.replace("\r\n", "\n"))
    notice = f"\n[cut here: {len(text) - limit:,} more characters are in the records file]"
    return visible(text[:limit]) + notice


def _named(found: re.Match[str]) -> str:
    number = ord(found.group())
    if number < 0x20:
        return chr(0x2400 + number)
    return "␡" if number == 0x7F else f"⟨U+{number:04X}⟩"


def in_script(value: Any) -> str:
    """JSON that stays inside a `<script>` element whatever it holds."""
    return msgspec.json.encode(value).decode().translate(_UNSAFE_IN_SCRIPT)


def packed(value: Any) -> str:
    """JSON, compressed, in base64, which needs no escaping; same value, same text."""
    return base64.b64encode(gzip.compress(msgspec.json.encode(value), 6, mtime=0)).decode()


def in_chart(text: str) -> str:
    """Plotly reads tags and entities in its labels; here they are only characters."""
    return html.escape(visible(text), quote=False)
