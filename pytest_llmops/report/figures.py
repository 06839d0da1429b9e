"""Numbers as a person reads them, for HTML and Markdown alike."""

import math

from pytest_llmops.compare.values import Check, Interval

NONE = "\N{EN DASH}"
"""What stands where there is no number."""

MINUS = "\N{MINUS SIGN}"
"""As wide as a plus and as a digit, so that columns of changes line up."""


def amount(value: float | None, digits: int = 0) -> str:
    """`12,345`; a dash where the value is none, nan or infinite."""
    if value is None or not math.isfinite(value):
        return NONE
    return f"{value:,.{digits}f}"


def share(value: float, digits: int = 1) -> str:
    """`33.5 %` of a share in 0..1."""
    return f"{value * 100:.{digits}f} %" if math.isfinite(value) else NONE


def bounds(low: float, high: float) -> str:
    """`28 to 39 %` of two shares in 0..1."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return NONE
    return f"{low * 100:.0f} to {high * 100:.0f} %"


def signed(value: float, digits: int = 0) -> str:
    """`+3` or `-3`, and `0` without a sign."""
    if not math.isfinite(value):
        return NONE
    text = f"{abs(value):,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        return text
    return ("+" if value > 0 else MINUS) + text


def change(value: float, unit: str) -> str:
    """A change in the unit of a check: `+3`, `-2.1 points` or `+10.4 %`."""
    if unit == "count":
        return signed(value)
    if unit == "points":
        found = signed(value * 100, 1)
        return found if found == NONE else f"{found} points"
    return percent_of_ratio(value)


def percent_of_ratio(ratio: float) -> str:
    """`-12.3 %` of a ratio of 0.877."""
    found = signed((ratio - 1) * 100, 1)
    return found if found == NONE else f"{found} %"


def interval(found: Interval, unit: str) -> str:
    """`-15.0 % to -9.1 %`; one-sided and empty bounds say so."""
    if math.isnan(found.low) and math.isnan(found.high):
        return NONE
    low, high = (change(bound, unit) for bound in (found.low, found.high))
    if not math.isfinite(found.low) or (unit == "ratio" and found.low <= 0):
        return f"at most {high}"
    return f"at least {low}" if not math.isfinite(found.high) else f"{low} to {high}"


def metric(value: float, check: Check) -> str:
    """What a run has in the metric of a check."""
    if check.unit == "points":
        return share(value)
    if check.name.startswith(("dollars", "cost")):
        return dollars(value)
    return amount(value, 0 if check.unit == "count" else 1)


def dollars(value: float) -> str:
    """`$0.00123`: three digits that count, however small."""
    if not math.isfinite(value):
        return NONE
    value = float(f"{value:.3g}") if abs(value) < 1 else value  # 0.00999996 is $0.0100
    digits = max(2, 2 - math.floor(math.log10(value))) if value > 0 else 2
    return f"${value:,.{digits}f}"


def probability(value: float) -> str:
    """`0.031`, `< 0.001`, or a dash."""
    if not math.isfinite(value):
        return NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def duration(seconds: float) -> str:
    """`48.1 s`, `3 min 05 s` or `2 h 07 min`."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
