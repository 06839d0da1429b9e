"""Ids of traces: digests of run, case and sample, so that they are known while an attempt runs.

A trace has the same id in every tool, and one that is sent twice is written twice to the same
place. Code that runs within an attempt joins its trace by `traceparent`, the W3C's way of saying
which span is around it.
"""

import hashlib

import msgspec


def digest(*parts: object, size: int) -> str:
    """Hex digits made from parts; `size` bytes of them."""
    data = msgspec.json.encode([str(part) for part in parts])
    return hashlib.sha256(data).digest()[:size].hex()


def trace_id(run: str, case: str, sample: int) -> str:
    """The id of an attempt's trace, in every tool."""
    return digest(run, case, sample, size=16)


def span_id(trace: str, kind: str) -> str:
    """The id of a trace's span `case`, `attempt`, `chat` or `grade`."""
    return digest(trace, kind, size=8)


def group_id(run: str, case: str) -> str:
    """What the traces of all attempts at a case in a run have in common."""
    return digest(run, case, size=16)


def traceparent(run: str, case: str, sample: int) -> str:
    """The attempt's span as the parent of what happens in it: W3C Trace Context, level 1."""
    trace = trace_id(run, case, sample)
    return f"00-{trace}-{span_id(trace, 'attempt')}-01"
