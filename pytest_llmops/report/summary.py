"""Records counted: the numbers of a run, as pure functions.

Every attempt counts: errors, time-outs and truncated answers stay in the denominator.
"""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import get_args

import msgspec

from pytest_llmops.compare.estimates.passk import mean_over_cases
from pytest_llmops.grading.graded import Outcome
from pytest_llmops.report.loop_totals import Loops, total_loops
from pytest_llmops.runs.record import Record

OUTCOMES: tuple[str, ...] = (*get_args(Outcome), "ungraded", "error")
"""Everything an attempt can end as."""

Z95 = 1.959963984540054
"""Two-sided 95 % point of the standard normal distribution."""


class Rate(msgspec.Struct, frozen=True):
    """A share with its 95 % interval, all in 0..1."""

    low: float
    estimate: float
    high: float


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A group of attempts in numbers."""

    attempts: int
    cases: int
    solved: int
    rate: Rate
    """Solve rate; the interval takes cases, not attempts, as the evidence."""
    tokens_median: float
    """Output tokens per attempt, over attempts with an answer; nan where there is none."""
    tokens_p95: float
    output_tokens: int
    input_tokens: int
    cached_tokens: int
    tokens_per_solved: float
    """Cost of pass: all output tokens by solved attempts; inf where none is solved, nan where no
    answer tells tokens."""
    counted: bool
    """Whether answers tell tokens; else the counts above are missing, not 0."""
    ends_told: bool
    """Whether answers tell why they ended; else `truncated` is missing, not 0."""
    seconds_median: float
    """From sending a request to the end of its answer; nan where there is none."""
    truncated: int
    errors: int
    from_cache: int
    cost: float | None
    """US dollars at the model's prices, of cached answers too; None where no attempt has any."""
    cost_cached: float
    """The part of it that was paid before, for answers from the completion cache."""
    grade_seconds: float
    engine_memory: int | None
    """Peak resident memory of the engine, bytes."""
    grade_memory: int | None
    """Peak resident memory of the largest process that ran the tests of an answer, bytes."""
    outcomes: dict[str, int]
    """Attempts by outcome, in the order of `OUTCOMES`."""
    loops: Loops | None
    """What agents took; None where every answer was a direct one."""
    by_case: tuple[tuple[int, int], ...]
    """Attempts of each case, and how many of them are solved; sorted."""

    @property
    def spent(self) -> float:
        """`cost` as a number; nan where no attempt has a price."""
        return math.nan if self.cost is None else self.cost

    @property
    def cost_per_solved(self) -> float:
        """US dollars of all attempts by solved one; inf where none is solved, nan unpriced."""
        if self.cost is None:
            return math.nan
        return self.cost / self.solved if self.solved else math.inf

    @property
    def graded(self) -> bool:
        """Whether any attempt was judged, so that solve rates mean something."""
        return self.outcomes.get("ungraded") != self.attempts

    @property
    def tries(self) -> int:
        """Attempts that every case has at least."""
        return min((attempts for attempts, _ in self.by_case), default=0)

    def passes(self, k: int) -> tuple[float, float] | None:
        """pass@k and pass^k: at least one of k attempts solved, and all of them; means over cases.

        None below two attempts, where both are the solve rate, where some case has fewer than k,
        and where nothing was graded.
        """
        if not (self.graded and 2 <= k <= self.tries):
            return None
        return mean_over_cases(k, self.by_case)


def common_tries(totals: Iterable[Summary]) -> int:
    """The k at which runs are compared: the fewest attempts per case, above 1; or 0."""
    return min((total.tries for total in totals if total.tries > 1), default=0)


def summarize(records: Sequence[Record]) -> Summary:
    """Count a group of attempts, in any order."""
    usages = [record.usage for record in records if record.usage]
    outputs = sorted(usage.output for usage in usages)
    seconds = [record.timing.total for record in records if record.timing]
    solved = sum(record.solved for record in records)
    by_case = _by_case(records)
    counts = Counter(record.outcome for record in records)
    answered = [record for record in records if not record.error]
    counted = bool(usages) or not answered
    costs = [(record.cost, record.from_cache) for record in records if record.cost is not None]
    return Summary(
        attempts=len(records),
        cases=len(by_case),
        solved=solved,
        rate=wilson(solved / len(records) if records else math.nan, len(by_case)),
        tokens_median=statistics.median(outputs) if outputs else math.nan,
        tokens_p95=percentile(outputs, 0.95),
        output_tokens=sum(outputs),
        input_tokens=sum(usage.input for usage in usages),
        cached_tokens=sum(usage.cached for usage in usages),
        tokens_per_solved=_per_solved(sum(outputs), solved) if counted else math.nan,
        counted=counted,
        ends_told=not answered or any(record.finish_reason for record in answered),
        seconds_median=statistics.median(seconds) if seconds else math.nan,
        truncated=sum(record.truncated for record in records),
        errors=sum(bool(record.error) for record in records),
        from_cache=sum(record.from_cache for record in records),
        cost=sum(cost for cost, _ in costs) if costs else None,
        cost_cached=sum(cost for cost, cached in costs if cached),
        grade_seconds=sum(record.grade.seconds for record in records if record.grade),
        engine_memory=max((record.engine_memory or 0 for record in records), default=0) or None,
        grade_memory=max((r.grade.memory or 0 for r in records if r.grade), default=0) or None,
        outcomes={name: counts[name] for name in OUTCOMES if counts[name]},
        loops=total_loops(records, solved),
        by_case=by_case,
    )


def _per_solved(tokens: int, solved: int) -> float:
    return tokens / solved if solved else math.inf


def _by_case(records: Sequence[Record]) -> tuple[tuple[int, int], ...]:
    attempts = Counter(record.case for record in records)
    solved = Counter(record.case for record in records if record.solved)
    return tuple(sorted((count, solved[case]) for case, count in attempts.items()))


def wilson(rate: float, n: int) -> Rate:
    """Score interval of a binomial rate at 95 %.

    With several samples per case, `n` is the number of cases: samples of one case are not
    independent evidence, so the interval is right when they all agree and too wide otherwise.

    Args:
        rate: Observed share, 0..1.
        n: Independent observations; 0 gives nan throughout.

    Source: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference".
    """
    if n == 0:
        return Rate(math.nan, math.nan, math.nan)
    z2 = Z95**2
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    # At rates of 0 and 1 the bound is the rate itself, which rounding may miss by a little.
    return Rate(max(0.0, min(rate, centre - half)), rate, min(1.0, max(rate, centre + half)))


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the sorted values do not exceed; nan if none."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
