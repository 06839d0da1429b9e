"""What a study found of each arm, against the base, with intervals."""

import math

import msgspec
import numpy as np

from pytest_llmops.compare.estimates.effects import clustered_mean
from pytest_llmops.compare.gate import compare_runs
from pytest_llmops.compare.values import Comparison, Interval
from pytest_llmops.report.summary import summarize
from pytest_llmops.runs.reading import RecordedRun

from .card import Saving

TWO_SIDED = 0.025
"""Each end of a 95 % interval."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One arm. Intervals are two-sided, 95 %; nan where nothing can be estimated."""

    arm: str
    model: str
    run: str
    suites: tuple[str, ...]
    cases: int
    attempts: int
    output_tokens: int
    solved: int
    solve_rate: float
    truncated: int
    cost_of_pass: float
    """Output tokens by solved attempts; inf where none is solved."""
    ratio: Interval
    """Output tokens, arm over base: geometric mean over cases, clustered by file."""
    solve_change: Interval
    """Arm less base, in 0..1, paired by case, clustered by file."""
    truncation_change: Interval
    """The same of answers that hit the token limit."""
    cost_ratio: Interval
    """Cost of pass, arm over base; bootstrap over clusters."""
    notes: tuple[str, ...] = ()
    """What else differs between the two runs, and what to know before believing the numbers."""
    examples: int = 0
    """Rows that the adapter was trained on."""

    def saving(self, base: str) -> Saving:
        """As the card of the adapter tells it.

        Args:
            base: Id of the base's run.
        """
        change = self.solve_change
        return Saving(
            suites=", ".join(self.suites),
            cases=self.cases,
            ratio=(self.ratio.low, self.ratio.estimate, self.ratio.high),
            solved=(change.low, change.estimate, change.high),
            runs=(base, self.run),
        )


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An arm without a result."""

    arm: str
    reason: str


def find(arm: str, base: RecordedRun, run: RecordedRun, *, examples: int = 0) -> Finding:
    """Compare the run of an arm with the base's, case by case.

    Raises:
        CompareError: The runs cannot be compared.
    """
    compared = compare_runs(base, _as_asked(run, base), itself=run is base)
    counted = summarize(run.records)
    output = next(one for one in compared.effects if one.metric == "output")
    return Finding(
        arm=arm,
        model=run.run.identity.model,
        run=run.run.id,
        suites=run.run.suites,
        cases=counted.cases,
        attempts=counted.attempts,
        output_tokens=counted.output_tokens,
        solved=counted.solved,
        solve_rate=counted.rate.estimate,
        truncated=counted.truncated,
        cost_of_pass=counted.tokens_per_solved,
        ratio=output.ratio,
        solve_change=_change(compared, "solved"),
        truncation_change=_change(compared, "truncated"),
        cost_ratio=compared.cost_of_pass_ratio,
        notes=(*compared.notes, *_instruction(run)),
        examples=examples,
    )


def _as_asked(run: RecordedRun, base: RecordedRun) -> RecordedRun:
    """The run as if it had had the base's instruction, and with it the base's prompts.

    A gate judges what another prompt costs as well. Here an instruction is what an arm tries, and
    output tokens are what a study compares.
    """
    instruction = base.run.identity.instruction
    if run.run.identity.instruction == instruction:
        return run
    identity = msgspec.structs.replace(run.run.identity, instruction=instruction)
    asked = {one.case: one.prompt_sha256 for one in base.records}
    records = tuple(
        msgspec.structs.replace(one, prompt_sha256=asked.get(one.case, one.prompt_sha256))
        for one in run.records
    )
    return msgspec.structs.replace(
        run, run=msgspec.structs.replace(run.run, identity=identity), records=records
    )


def _instruction(run: RecordedRun) -> tuple[str, ...]:
    told = run.run.identity.instruction
    return (f"{run.run.identity.model} was told: {told}",) if told else ()


def _change(compared: Comparison, share: str) -> Interval:
    """Mean over cases of the difference of shares, with clustered standard errors."""
    shares = [getattr(pair, share) for pair in compared.pairs]
    names = sorted({(pair.suite, pair.cluster) for pair in compared.pairs})
    codes = {name: at for at, name in enumerate(names)}
    mean = clustered_mean(
        np.array([after - before for before, after in shares], dtype=np.float64),
        np.array([codes[pair.suite, pair.cluster] for pair in compared.pairs], dtype=np.intp),
    )
    return Interval(mean.lower(TWO_SIDED), mean.estimate, mean.upper(TWO_SIDED))


def interval_text(one: Interval) -> str:
    """Return `1.2 (1.1 to 1.3)`, or `-` where nothing was estimated."""
    if math.isnan(one.estimate):
        return "-"
    return f"{one.estimate:.3f} ({one.low:.3f} to {one.high:.3f})"
