"""Which cases the user asked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from pytest_llmops.cases import Case, Difficulty
from pytest_llmops.completions import Sampling
from pytest_llmops.tasks.shards import Shard


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for."""

    suites_file: Path
    suites: tuple[str, ...] = ()
    """Names; empty for every suite whose source can be reached."""
    split: str = "eval"
    """`eval`, `train` or `all`."""
    difficulties: tuple[Difficulty, ...] = ()
    """Difficulties; empty for all."""
    samples: int = 1
    """Attempts per case."""
    sampling: Sampling = Sampling()
    shard: Shard | None = None
    """The part of the cases to attempt; None for all."""
    seconds: Mapping[str, float] = {}
    """What an attempt at a case takes, by case id, where it is known; it balances shards."""
    source: str = ""
    """Where the one suite of `suites` comes from instead: a path or URL."""
    context_tokens: int | None = None
    """Budget of questions: cases that hide a name within it are left out; None for none."""

    def takes(self, case: Case) -> bool:
        """Whether a case of a chosen suite is of the split and difficulty."""
        return self.split in (case.split, "all") and (
            not self.difficulties or case.difficulty in self.difficulties
        )

    def nothing(self, opened: Sequence[str], unreachable: Mapping[str, str], hidden: int) -> str:
        """Why there is nothing to attempt.

        Args:
            opened: Suites that could be opened.
            unreachable: Those that could not, with the reason.
            hidden: Cases left out because their questions hide a name.
        """
        if hidden:
            return (
                f"{self.suites_file}: no cases to attempt: {hidden} are underspecified with "
                f"{self.context_tokens} context tokens; --underspecified takes them"
            )
        reasons = [f"{name} cannot be reached ({why})" for name, why in unreachable.items()]
        kinds = " or ".join(self.difficulties)
        reasons += [f"{name} has no {self.split} cases {kinds}".rstrip() for name in opened]
        return f"{self.suites_file}: no cases to attempt: {'; '.join(reasons) or 'no suites'}"
