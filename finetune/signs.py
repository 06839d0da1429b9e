"""The sign check of a study: does choosing short answers shorten, or would any choice?"""

import msgspec

from pytest_llmops.compare.values import Interval
from pytest_llmops.runs.reading import RecordedRun

from .findings import Finding, find, interval_text


class SignCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Whether choosing long answers makes longer ones than choosing short answers does."""

    shorter: str
    longer: str
    """Names of the two arms."""
    ratio: Interval
    """Output tokens, longer over shorter."""
    of_base: Interval
    """Output tokens, longer over base: what falls here falls without the selection."""

    def __str__(self) -> str:
        """What was found, in a sentence."""
        if self.ratio.low > 1:
            said = "choosing short answers is what shortens"
        elif self.ratio.high < 1:
            said = "the WRONG sign: choosing long answers shortens"
        else:
            said = "no effect of the selection is shown"
        fell = "fell" if self.of_base.high < 1 else "did not fall"
        return (
            f"`{self.longer}` over `{self.shorter}`: {interval_text(self.ratio)} times the tokens; "
            f"{said}. Tokens of `{self.longer}` {fell} against the base, "
            f"{interval_text(self.of_base)}, by what all examples share: form, and stopping."
        )


def check_sign(shorter: RecordedRun, longer: RecordedRun, *, of_base: Finding) -> SignCheck:
    """Compare the arm of long answers with that of short ones.

    Args:
        shorter: Run of the arm that chose the shortest answers.
        longer: Run of the arm that chose the longest.
        of_base: What was found of the latter.
    """
    against = find(of_base.arm, shorter, longer)
    return SignCheck(
        shorter=shorter.run.identity.model,
        longer=of_base.model,
        ratio=against.ratio,
        of_base=of_base.ratio,
    )
