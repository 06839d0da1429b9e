"""Best practices and error rate: what lint and compiler say of an answer alone.

    best_practices = lines / (lines + 3 weight)
    error_rate     = 1 where it has a syntax error, else lines with a type error / lines

over the answer's own lines of code. Only what the file did not have with an empty body counts; a
lint error weighs 1, a warning 1/2, anything less 1/5.
"""

from collections import Counter
from collections.abc import Sequence

from pytest_llmops.quality.checker import Fault, Findings, Remark

WEIGHTS = {"fatal": 1.0, "error": 1.0, "warning": 0.5}
LEAST = 0.2
"""Weight of any other severity."""
STEEPNESS = 3.0
UNRESOLVED = frozenset({2307, 2792, 7016})
"""Codes of TypeScript: a module, or its types, is not there."""


def new_remarks(found: Findings, before: Findings) -> list[Remark]:
    """Lint diagnostics that the answer brings, in the order of the file."""
    left = Counter((one.rule, one.message) for one in before.lint)
    new = []
    for one in found.lint:
        if left[one.rule, one.message] > 0:
            left[one.rule, one.message] -= 1
        else:
            new.append(one)
    return new


def best_practices(remarks: Sequence[Remark], lines: int) -> float:
    """See the module."""
    weight = sum(WEIGHTS.get(one.severity, LEAST) for one in remarks)
    return lines / (lines + STEEPNESS * weight) if lines else 1.0


def new_faults(found: Findings, before: Findings) -> list[Fault]:
    """Syntax errors that the answer brings, or type errors where it has none of those.

    Where the file's own imports cannot be resolved, what has no type because of that is not the
    answer's fault: implicit `any` is not counted then.
    """
    if syntax := _new(found.syntax, before.syntax):
        return syntax
    blind = any(one.code in UNRESOLVED for one in before.types)
    return [one for one in _new(found.types, before.types) if not (blind and one.code // 1000 == 7)]


def _new(found: Sequence[Fault], before: Sequence[Fault]) -> list[Fault]:
    left = Counter((one.code, one.message) for one in before)
    new = []
    for one in found:
        if left[one.code, one.message] > 0:
            left[one.code, one.message] -= 1
        else:
            new.append(one)
    return new


def error_rate(faults: Sequence[Fault], lines: int) -> float:
    """See the module.

    Args:
        faults: Type errors that the answer brings.
        lines: Its lines of code.
    """
    return min(1.0, len({one.line for one in faults}) / max(1, lines))
