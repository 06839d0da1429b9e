"""Why attempts got no answer: what their errors have in common."""

import re

_ATTEMPT = re.compile(r"(?:[\w.]+\.)?EndpointError: \S+ \(sample \d+\): ")
"""What an error of the client begins with, which differs from attempt to attempt."""
_VARYING = re.compile(r"\b(?=\w*\d)[\w-]{8,}|\d+(?:\.\d+)?")
"""Ids and counts, which differ between errors of one kind."""


def endpoint_fault(error: str) -> str:
    """Why an attempt got no answer, without its case; "" if something else went wrong."""
    return _ATTEMPT.sub("", error) if _ATTEMPT.match(error) else ""


def kind_of_fault(reason: str) -> str:
    """What reasons of one kind have in common: all but their ids and counts."""
    return _VARYING.sub("#", reason)
