"""The gate of a session: its baseline is found before anything is asked, its verdict at the end.

What it needs is imported when a gate is asked for; a session without one pays nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.metrics import Metric
from pytest_llmops.errors import CompareError, naming_extras
from pytest_llmops.generation.keys import Key
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Gated, Record, Run, Verdict

if TYPE_CHECKING:
    from rich.console import RenderableType

    from pytest_llmops.compare.sequence.plan import Plan
    from pytest_llmops.compare.sequence.sequential import Look
    from pytest_llmops.compare.values import Comparison

REFUSED = 1
"""Exit status where there is no verdict: a gate that could not judge has not held."""


class GateChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked of the gate."""

    reference: str
    """A baseline file or its name, a run, or a model's name."""
    baselines: Path
    """Folder of the baseline files."""
    margins: Margins
    """The worst changes that are still accepted."""
    undecided: Literal["fail", "pass"] = "fail"
    sequential: bool = False
    metrics: tuple[Metric, ...] = ()
    """What is judged; empty: all that the runs can be compared by."""
    trust_cache: bool = False
    """Judge answers of an endpoint that an earlier session got."""

    def require_known(self, runs: Path) -> None:
        """Refuse a reference that stands for nothing, before a model is started.

        Raises:
            CompareError: There is no such baseline or run.
        """
        from pytest_llmops.compare.finding import require_known

        require_known(self.reference, baselines=self.baselines, runs=runs)


@naming_extras()
def in_order(keys: Sequence[Key], clusters: Mapping[str, str]) -> list[Key]:
    """The attempts in the order in which a sequential gate asks for them."""
    from pytest_llmops.compare.sequence.plan import make_plan

    plan = make_plan(keys, clusters, baseline_samples=1)  # which bears on looks, not on the order
    return [key for batch in plan.batches for key in batch]


class Gate:
    """One comparison, from the choice of a baseline to the exit status."""

    @naming_extras()
    def __init__(
        self, choice: GateChoice, runs: Path, cases: Collection[str], suite_hash: str
    ) -> None:
        """Find the baseline and refuse it where it is of other cases, before a model is started.

        Args:
            choice: What the user asked for.
            runs: Where runs are recorded.
            cases: Ids of those that were selected.
            suite_hash: Their hash.

        Raises:
            CompareError: The baseline is not complete, or of other cases.
            MissingExtraError: The packages that judge are not installed.
            RecordError: It is broken.
        """
        from pytest_llmops.compare.comparable import refuse_other_cases
        from pytest_llmops.compare.complete import require_complete
        from pytest_llmops.compare.finding import find_baseline
        from pytest_llmops.compare.gate import compare_runs  # noqa: F401 - found missing here

        self._choice = choice
        self._baseline = find_baseline(
            choice.reference, baselines=choice.baselines, runs=runs, suite_hash=suite_hash
        )
        require_complete(self._baseline, "baseline")
        self._refuse_cached(self._baseline, "baseline")
        refuse_other_cases({record.case for record in self._baseline.records}, cases)
        self._model = ""
        self._plan: Plan | None = None
        self._judged: RecordedRun | None = None
        self.comparison: Comparison | None = None
        self.last_look: Look | None = None
        self.refusal = ""
        """Why there is no verdict; "" where there is one, or none yet."""

    def begin(self, run: Run) -> None:
        """Refuse the run that begins where it cannot be compared, before anything is asked.

        Raises:
            CompareError: It asks other tests than the baseline, or holds the baseline's answers.
        """
        from pytest_llmops.compare.comparable import refuse_incomparable, refuse_same
        from pytest_llmops.compare.metrics import refuse_unjudgeable

        self._model = run.identity.model
        refuse_same(self._baseline.run, run)
        refuse_incomparable(self._baseline.run, run)
        refuse_unjudgeable(
            self._baseline.run,
            run,
            self._choice.metrics,
            sequential=self._choice.sequential,
            cost=bool(self._choice.margins.cost),
        )

    def plan(self, keys: Sequence[Key], clusters: Mapping[str, str]) -> Sequence[Sequence[Key]]:
        """The attempts in the batches of a sequential gate; `look` is due after each."""
        from pytest_llmops.compare.sequence.plan import make_plan

        samples = len(self._baseline.records) // self._baseline.run.cases
        self._plan = make_plan(keys, clusters, baseline_samples=max(1, samples))
        return self._plan.batches

    def look(self, records: Sequence[Record]) -> bool:
        """Judge a sequential session so far; returns whether to ask no more."""
        from pytest_llmops.compare.sequence.sequential import look

        assert self._plan
        try:
            self.last_look = look(self._baseline, records, self._plan, self._choice.margins)
        except CompareError as error:
            self.refusal = str(error)
            return True
        return self.last_look.stop

    def decide(self, recorded: RecordedRun) -> None:
        """Judge the finished session."""
        from pytest_llmops.compare.gate import compare_runs

        if self._plan:
            if self.last_look is None or not self.last_look.stop:
                self.look(recorded.records)
            return
        self._judged = recorded
        try:
            self._refuse_cached(recorded, "candidate")
            self.comparison = compare_runs(
                self._baseline, recorded, self._choice.margins, self._choice.metrics
            )
        except CompareError as error:
            self.refusal = str(error)

    def _refuse_cached(self, found: RecordedRun, role: str) -> None:
        from pytest_llmops.compare.answered import refuse_cached

        if not self._choice.trust_cache:
            refuse_cached(found, role)

    @property
    def verdict(self) -> Verdict | None:
        """None where there is none."""
        judged = self.comparison or self.last_look
        return judged.verdict if judged and not self.refusal else None

    @property
    def gated(self) -> Gated:
        """The verdict as it is kept with the run."""
        return Gated(
            baseline=self._baseline.run.id,
            verdict=self.verdict,
            reason=self._reason(),
            sequential=self._plan is not None,
            margins=msgspec.structs.asdict(self._choice.margins),
            metrics=self._choice.metrics,
        )

    def _reason(self) -> str:
        from pytest_llmops.compare.checks import reasons

        if self.verdict and self.comparison:
            return reasons(self.comparison.checks, self.comparison.verdict)
        if self.verdict and self.last_look:
            return self.last_look.reason
        return self.refusal or "the session ended before its verdict"

    @property
    def exit_status(self) -> int:
        """0 held, 1 regressed or no verdict, 6 undecided unless the user lets that pass."""
        from pytest_llmops.compare.values import EXIT

        if self.verdict is None:
            return REFUSED
        if self.verdict == "undecided" and self._choice.undecided == "pass":
            return 0
        return EXIT[self.verdict]

    @property
    def failure(self) -> str:
        """The verdict and its reason, where it fails the session; "" where it does not."""
        return f"{self.verdict or 'no verdict'}: {self._reason()}" if self.exit_status else ""

    def parts(self) -> "list[RenderableType]":
        """The verdict and what led to it, for the terminal."""
        from rich.text import Text

        from pytest_llmops.quality.changes import noted
        from pytest_llmops.report.look import look_parts
        from pytest_llmops.report.verdict import verdict_parts

        if self.comparison and self._judged:
            return verdict_parts(noted(self.comparison, self._baseline, self._judged))
        if self.last_look and not self.refusal:
            return look_parts(self.last_look, self._model)
        return [Text(f"gate: no verdict, which fails: {self._reason()}", "bold red")]
