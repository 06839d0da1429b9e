"""The figures of one attempt."""

import msgspec


class Measured(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="quality"):
    """How well written the answer of one attempt is; figures are None where there is none.

    What does not parse has an error rate of 1 and no other figure: a linter and a formatter can say
    nothing of it that would be true.
    """

    case: str
    sample: int
    consistency: float | None = None
    """1 at best; see `consistency`."""
    best_practices: float | None = None
    """1 at best; see `practices`."""
    error_rate: float | None = None
    """0 at best; see `practices`."""
    duplication: float | None = None
    """0 at best; see `rewritten`."""
    surplus: float | None = None
    """0 at best, of a change alone; see `patches`."""
    strays: float | None = None
    """0 at best, of a change alone; see `patches`."""
    layout: float | None = None
    naming: float | None = None
    quotes: float | None = None
    """The parts of `consistency`."""
    lines: int = 0
    """Lines of code of the answer, 0 where it does not parse; of a change, those it changes."""
    reference_lines: int = 0
    """Lines that the reference patch changes."""
    stray_files: tuple[str, ...] = ()
    """Files that it changes and the reference patch does not."""
    remarks: tuple[str, ...] = ()
    """Lint diagnostics that it brings: severity and rule."""
    faults: tuple[str, ...] = ()
    """Syntax or type errors that it brings."""
    rewritten: tuple[str, ...] = ()
    """Functions that exist already."""
    why_not: str = ""
    """Why there are no figures."""
