"""What a manifest says of a test that passes at times with the reference."""

import msgspec


class FlakyTest(
    msgspec.Struct,
    frozen=True,
    gc=False,
    kw_only=True,
    order=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """A test that judges nothing, because it passes at times only."""

    path: str
    """Its file, as in `Case.tests`."""
    id: str
    """As the ids of the tests that judge (`cases.id_of_test`)."""
    failed: int = 0
    """Runs of the reference in which it failed; 0 where nobody counted."""
    runs: int = 0
    """Runs that were counted."""

    @property
    def counted(self) -> str:
        """What was counted, for people; "" where nobody did."""
        return f" (failed in {self.failed} of {self.runs} runs)" if self.runs else ""

    def __str__(self) -> str:
        """For people."""
        return f"{self.id} of {self.path}{self.counted}"
