"""Whether the gate's verdicts are right: their shares in worlds in which the truth is known.

    python benchmarks/perf/gate_designs.py [--quick] [--part margin power ...] [--sessions 400]

Every row is a world of `design_rows.py`, drawn without the gate and judged by its own functions. In
`margin` the candidate is worse by exactly what is allowed, so what holds is wrong, and so is what
regresses: 5 % at most. `check` is the check that is harmed, alone. `+-` is a standard error of the
share held; of a share of 5 % it is 0.5 points at 2,000 sessions, 1.1 at 400.
"""

import argparse
import math
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from design_rows import Row, rows
from designs import Codes, Metric, Run, Session, draw
from numpy.typing import NDArray

from pytest_llmops.compare.checks import decide
from pytest_llmops.compare.gate import overall
from pytest_llmops.compare.paired import Attempts, Paired, paired_from
from pytest_llmops.compare.questions import questions_of
from pytest_llmops.compare.sequence.plan import Plan, make_plan
from pytest_llmops.compare.sequence.stopping import Moment, judge
from pytest_llmops.compare.values import Check
from pytest_llmops.runs.record import Verdict

CHECKS: dict[Metric, str] = {
    "tokens": "output tokens",
    "solve": "solve rate",
    "truncated": "truncation",
}


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the sessions of a row, 0 to 1."""

    part: str
    name: str
    cases: int
    files: str
    samples: str
    sessions: int
    held: float
    regressed: float
    undecided: float
    check_held: float
    check_regressed: float
    asked: float
    """Attempts made, of those planned."""


def try_row(row: Row, sessions: int, seed: int) -> Shares:
    """Draw the sessions of a row and judge them."""
    generator = np.random.default_rng([seed, *row.name.encode()])
    verdicts: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    name, asked = CHECKS[row.harm.metric or "tokens"], 0.0
    for _ in range(sessions):
        session = draw(row.world, row.harm, generator)
        if row.sequential:
            checks, verdict, part = _step_by_step(row, session)
        else:
            checks, verdict, part = _at_once(row, session)
        verdicts[verdict] += 1
        alone.update(check.verdict for check in checks if check.name == name)
        asked += part / sessions
    world = row.world
    return Shares(
        part=row.part,
        name=row.name,
        cases=world.cases,
        files=world.files,
        samples=f"{world.samples} vs {world.baseline}",
        sessions=sessions,
        held=verdicts["held"] / sessions,
        regressed=verdicts["regressed"] / sessions,
        undecided=verdicts["undecided"] / sessions,
        check_held=alone["held"] / sessions,
        check_regressed=alone["regressed"] / sessions,
        asked=asked,
    )


def _at_once(row: Row, session: Session) -> tuple[Sequence[Check], Verdict, float]:
    checks = decide(questions_of(_paired(row, session), row.margins))
    return checks, overall(checks), 1.0


def _paired(row: Row, session: Session, made: Codes | None = None) -> Paired:
    """The comparison, of the first `made` (n,) attempts at each case."""
    every = np.ones(len(session.files), dtype=np.bool_)
    seen = every if made is None else np.asarray(made > 0)
    candidate = session.candidate
    if made is not None:
        late = np.arange(candidate.tokens.shape[1]) >= made[:, None]
        fields = {name: np.where(late, math.nan, getattr(candidate, name)) for name in FIELDS}
        candidate = msgspec.structs.replace(candidate, **fields)
    sides = (_attempts(session.baseline, seen), _attempts(candidate, seen))
    clusters = np.unique(session.files[seen], return_inverse=True)[1]
    return paired_from(sides, clusters, limit=math.log(row.world.limit))


FIELDS = ("tokens", "truncated", "solved")


def _attempts(run: Run, seen: NDArray[np.bool_]) -> Attempts:
    output, truncated, solved = (getattr(run, name)[seen] for name in FIELDS)
    return Attempts(output=np.log(output), truncated=truncated, solved=solved)


def _step_by_step(row: Row, session: Session) -> tuple[Sequence[Check], Verdict, float]:
    """The sequential gate: its last checks, the verdict, and the part that was asked."""
    world = row.world
    plan = _plan(tuple(session.files.tolist()), world.baseline, world.samples)
    made = np.zeros(world.cases, dtype=np.intp)
    for batch, clock in zip(plan.batches, plan.times, strict=True):
        for name, _ in batch:
            made[int(name)] += 1
        moment = Moment(
            time=clock, times=plan.times, cases=world.cases, partial=bool((made == 0).any())
        )
        ruling = judge(questions_of(_paired(row, session, made), row.margins, world.rate), moment)
        if ruling.stop:
            break
    return ruling.checks, ruling.verdict, float(made.sum()) / plan.attempts


def _plan(files: tuple[int, ...], baseline: int, samples: int) -> Plan:
    names = [f"{number:05}" for number in range(len(files))]
    clusters = {name: str(file) for name, file in zip(names, files, strict=True)}
    keys = [(name, sample) for name in names for sample in range(samples)]
    return make_plan(keys, clusters, baseline_samples=baseline, seed=len(files))


def shown(found: Shares) -> str:
    """A line of the table."""
    shares = (found.held, found.regressed, found.undecided, found.check_held, found.check_regressed)
    cells = "".join(f"{share:>8.1%}" for share in shares)
    error = math.sqrt(max(0.25 / found.sessions**2, found.held * (1 - found.held) / found.sessions))
    size = f"{found.cases:>6} {found.files:>8} {found.samples:>8}"
    return f"{found.part:10} {found.name:42}{size}{cells} {error:>6.1%} {found.asked:>6.0%}"


def main() -> None:
    """Try the rows and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Help)
    parser.add_argument("--part", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--design", default="", metavar="TEXT", help="rows whose name has it")
    parser.add_argument("--sessions", type=int, default=400)
    parser.add_argument("--cases", type=int, nargs="+", default=[30, 120, 263, 1000])
    parser.add_argument("--samples", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--quick", action="store_true", help="60 sessions, 263 cases: two minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, help="JSON lines, one a row, as they come")
    options = parser.parse_args()
    if options.quick:
        options.sessions, options.cases, options.samples = 60, [263], [3]
    heads = ("held", "regr.", "undec.", "check h", "check r")
    print(f"{'part':10} {'design':42}{'cases':>6} {'files':>8} {'samples':>8}", end="")
    print("".join(f"{head:>8}" for head in heads) + f" {'+-':>6} {'asked':>6}")
    started = time.process_time()
    for row in rows(options.cases, options.samples):
        if row.part in options.part and options.design in row.name:
            found = try_row(row, options.sessions, options.seed)
            print(shown(found), flush=True)
            if options.output:
                with options.output.open("ab") as file:
                    file.write(msgspec.json.encode(found) + b"\n")
    print(f"[{time.process_time() - started:.0f} s of CPU]")


class _Help(argparse.RawDescriptionHelpFormatter):
    """The docstring as it is written."""


PARTS = ("margin", "unchanged", "power", "sequential", "tried")


if __name__ == "__main__":
    main()
