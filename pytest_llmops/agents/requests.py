"""A request of a loop by what it asks, so that it is known again on another day.

Left out or put at one value: dates, times, durations and the names of files in /tmp, which programs
and their tools write into what they ask; ids of tool calls, which differ from answer to answer; the
kernel; and everything but messages and tools, which the proxy sets or a program counts up. Paths
are the same in every sandbox.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? "
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?: ?[AP]M\b)?"
_ZONE = r"(?: ?(?:Z\b|UTC\b|GMT\b|[+-]\d{2}:?\d{2}\b))?"
VARIES = re.compile(
    rf"\b\d{{4}}-\d{{2}}-\d{{2}}(?:[T ]{_CLOCK}{_ZONE})?"
    rf"|(?:{_DAY})?\b{_MONTH} +\d{{1,2}},?(?: +{_CLOCK}{_ZONE})?(?:,? +\d{{4}}\b)?"
    rf"|(?:{_DAY})?\b\d{{1,2}}[ /]{_MONTH}[ /,]+\d{{4}}(?:,? +{_CLOCK}{_ZONE})?"
    rf"|\b\d{{1,2}}/\d{{1,2}}/\d{{4}}(?:,? +{_CLOCK}{_ZONE})?"
    rf"|\b\d{{1,2}}:\d{{2}}:\d{{2}}(?:[.,]\d+)?(?: ?[AP]M\b)?{_ZONE}"
    r"|\b\d+(?:\.\d+)? ?(?:ms|seconds?|s)\b"
    r'|(?<="durationMs": )\d+(?:\.\d+)?|(?<="durationMs":)\d+(?:\.\d+)?'
    r"|(?<=/tmp/)[\w.-]+"
    r"|\b\d+\.\d+\.\d+[\w.-]* #\d+[^\n\"]*"
)
"""What differs between two runs of the same loop."""
IDS = {"id", "tool_call_id"}


def key_of(body: Mapping[str, Any]) -> str:
    """Digest of what a request asks."""
    asked = {"messages": _normal(body.get("messages")), "tools": _normal(body.get("tools"))}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]


@lru_cache(maxsize=512)
def _steady(text: str) -> str:
    """A text without what varies; a loop says each of its texts again in every turn."""
    return VARIES.sub("…", text)


def _normal(value: Any) -> Any:
    if isinstance(value, str):
        return _steady(value)
    if isinstance(value, list | tuple):
        return [_normal(one) for one in value]
    if isinstance(value, dict):
        kept = {name: _normal(one) for name, one in value.items() if name not in IDS}
        return {name: one for name, one in kept.items() if one is not None}
    return value
