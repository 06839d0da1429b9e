"""Which cases the user asked for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from pytest_llmops.cases import Case, Difficulty, Suite
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

    def nothing(
        self,
        opened: Sequence[tuple[Suite, Sequence[Case]]],
        unreachable: Mapping[str, str],
        apart: Sequence[str],
        hidden: int,
    ) -> str:
        """Why there is nothing to attempt.

        Args:
            opened: Suites that could be opened, with all their cases.
            unreachable: Those that could not, with the reason.
            apart: Those that are attempted only where they are named.
            hidden: Cases left out because their questions hide a name.
        """
        if hidden:
            return (
                f"{self.suites_file}: no cases to attempt: {hidden} are underspecified with "
                f"{self.context_tokens} context tokens; --underspecified takes them"
            )
        reasons = [f"{name} cannot be reached ({why})" for name, why in unreachable.items()]
        reasons += [self._lacks(suite, cases) for suite, cases in opened]
        if apart and not opened:
            reasons.append(f"name them by --suite: {', '.join(apart)}")
        none = "it names no suite; `llmops init` adds one"
        return f"{self.suites_file}: no cases to attempt: {'; '.join(reasons) or none}"

    def _lacks(self, suite: Suite, cases: Sequence[Case]) -> str:
        """What a suite has in place of cases to attempt."""
        if not cases:
            kind = "commits" if suite.walk else "edits" if suite.edits else "functions"
            return (
                f"{suite.name} has no cases in {', '.join(suite.manifests)}; "
                f"`llmops mine {kind} --suite {suite.name}` looks for some"
            )
        kinds = " or ".join(self.difficulties)
        had = Counter(f"{case.split} {case.difficulty}" for case in cases)
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(had.items()))
        wanted = f"no {self.split} cases {kinds}" if self.split != "all" else f"no cases {kinds}"
        return f"{suite.name} has {wanted.rstrip()} (it has {told}); see --split and --difficulty"
