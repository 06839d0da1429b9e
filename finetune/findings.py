"""What a study found: one line an arm, against the base, with intervals."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from rich.table import Table

from finetune.card import Saving
from pytest_llmops.compare.effects import clustered_mean
from pytest_llmops.compare.gate import compare_runs
from pytest_llmops.compare.values import Comparison, Interval
from pytest_llmops.report.summary import summarize
from pytest_llmops.runs.reading import RecordedRun

TWO_SIDED = 0.025
"""Each end of a 95 % interval."""

HEADER = (
    "arm",
    "output tokens",
    "tokens a case, of base",
    "solved",
    "change, points",
    "tokens per solved",
    "of base",
    "cut off",
    "cut off, points",
    "examples",
)


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
    """What else differs between the two runs."""
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
            f"`{self.longer}` over `{self.shorter}`: {_interval(self.ratio)} times the tokens; "
            f"{said}. Tokens of `{self.longer}` {fell} against the base, "
            f"{_interval(self.of_base)}, by what all examples share: form, and stopping."
        )


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An arm without a result."""

    arm: str
    reason: str


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


def find(arm: str, base: RecordedRun, run: RecordedRun, *, examples: int = 0) -> Finding:
    """Compare the run of an arm with the base's, case by case.

    Raises:
        CompareError: The runs cannot be compared.
    """
    compared = compare_runs(base, _as_asked(run, base))
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

    A gate refuses runs that were asked otherwise. Here an instruction is what an arm tries;
    everything else that makes a prompt (cases, version, context) still has to be the same.
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


def cells(finding: Finding) -> tuple[str, ...]:
    """One row of the table, in the order of `HEADER`."""
    is_base = finding.arm == "base"
    return (
        finding.arm,
        f"{finding.output_tokens:,}",
        "1" if is_base else _interval(finding.ratio),
        f"{finding.solved} of {finding.attempts} ({finding.solve_rate:.1%})",
        "" if is_base else _points(finding.solve_change),
        f"{finding.cost_of_pass:,.0f}" if math.isfinite(finding.cost_of_pass) else "no solves",
        "1" if is_base else _interval(finding.cost_ratio),
        f"{finding.truncated / finding.attempts:.1%}" if finding.attempts else "-",
        "" if is_base else _points(finding.truncation_change),
        str(finding.examples or ""),
    )


def _points(one: Interval) -> str:
    low, change, high = (100 * value for value in (one.low, one.estimate, one.high))
    return f"{change:+.1f} ({low:+.1f} to {high:+.1f})"


def _interval(one: Interval) -> str:
    if math.isnan(one.estimate):
        return "-"
    return f"{one.estimate:.3f} ({one.low:.3f} to {one.high:.3f})"


def table(findings: Sequence[Finding]) -> Table:
    """The findings for a terminal."""
    shown = Table(*HEADER, title=_title(findings), title_justify="left")
    for finding in findings:
        shown.add_row(*cells(finding))
    return shown


def markdown(
    findings: Sequence[Finding], failures: Sequence[Failure], signs: Sequence[SignCheck] = ()
) -> str:
    """The findings for a page, with the runs they are from."""
    rows = [HEADER, tuple("---" for _ in HEADER), *map(cells, findings)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    parts = [_title(findings), "\n".join(lines), _legend()]
    parts += map(str, signs)
    parts += [f"`{one.arm}` has no result: {one.reason}" for one in failures]
    parts.append("\n".join(f"- `{one.arm}`: {one.model}, run {one.run}" for one in findings))
    notes = sorted({note for one in findings for note in one.notes})
    if notes:
        listed = "\n".join(f"- {one}" for one in notes)
        parts.append(f"Beyond the model, runs differ in:\n\n{listed}")
    return "\n\n".join(parts) + "\n"


def _title(findings: Sequence[Finding]) -> str:
    first = findings[0]
    return f"{first.cases} cases of {', '.join(first.suites)}, {first.attempts} attempts an arm"


def _legend() -> str:
    return (
        "Tokens a case: geometric mean of the paired ratios. Intervals are two-sided, 95 %, with "
        "source files as clusters; cost of pass by bootstrap over them."
    )
