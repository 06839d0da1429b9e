"""What the gate's verdicts are worth: false alarms, power, and what the sequential mode saves.

    python benchmarks/perf/gate.py [--run RUN] [--sessions 2000] [--only alarms power sequential]

Sessions are made up from measured noise and judged by the gate's own functions (`questions_of` and
`decide`; `judge` in sequential mode), never by a copy of its rule.

With --run, the noise is that of a recorded run with several attempts per case; without it, that of
`gate_sessions.MEASURED`.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from gate_sessions import MEASURED, Design, Session, Source

from pytest_llmops.compare.checks import Question, decide
from pytest_llmops.compare.gate import overall
from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.paired import Codes, Paired
from pytest_llmops.compare.planning.samples import samples_of
from pytest_llmops.compare.questions import questions_of
from pytest_llmops.compare.sequence.boundary import Times
from pytest_llmops.compare.sequence.plan import make_plan
from pytest_llmops.compare.sequence.stopping import Moment, judge
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.runs.record import Verdict

MIX = (1.0, 1.1, 0.8)
"""Ratios of output tokens, candidate over baseline, over which spent tokens are averaged."""
MARGINS = Margins(tokens=1.05, proof="change")
"""Of a sensitive gate: any proved growth regresses."""
TRUTHS = (*MIX, MARGINS.tokens)
"""At the margin, what held is an error."""
FIXED = 3
"""Samples a case of the gate that the sequential one is measured against."""
Asked = Callable[[Paired], list[Question]]


def tokens_alone(paired: Paired) -> list[Question]:
    """The question about output tokens, as the gate asks it, without the two others."""
    return whole_gate(paired)[2:]


def whole_gate(paired: Paired) -> list[Question]:
    """All three questions."""
    return questions_of(paired, MARGINS)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a session."""

    verdict: Verdict
    tokens: float
    """Output tokens of the candidate, relative to those of its first `FIXED` samples per case."""


def at_once(session: Session, asked: Asked) -> Result:
    """The gate on all attempts."""
    output = session.candidate[0]
    checks = decide(asked(session.paired(np.full(len(output), output.shape[1]))))
    return Result(verdict=overall(checks), tokens=1.0)


def step_by_step(session: Session, asked: Asked, plan: tuple[list[Codes], Times]) -> Result:
    """The sequential gate, batch by batch."""
    output = session.candidate[0]
    for counts, clock in zip(*plan, strict=True):
        unseen = bool((counts == 0).any())
        moment = Moment(time=clock, times=plan[1], cases=len(output), partial=unseen)
        ruling = judge(asked(session.paired(counts)), moment)
        if ruling.stop:
            break
    tokens = np.exp(output)
    spent = tokens[np.arange(output.shape[1]) < counts[:, None]].sum()
    return Result(verdict=ruling.verdict, tokens=float(spent / tokens[:, :FIXED].sum()))


def plan_of(session: Session, design: Design, seed: int) -> tuple[list[Codes], Times]:
    """Attempts made of each case at each look, and the clock."""
    names = [f"{number:04}" for number in range(design.cases)]
    clusters = {name: str(code) for name, code in zip(names, session.clusters, strict=True)}
    keys = [(name, sample) for name in names for sample in range(design.samples)]
    plan = make_plan(keys, clusters, baseline_samples=design.baseline, seed=seed)
    counts, found = np.zeros(design.cases, dtype=np.intp), []
    for batch in plan.batches:
        for name, _ in batch:
            counts[int(name)] += 1
        found.append(counts.copy())
    return found, plan.times


def main() -> None:
    """Draw the sessions and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Help)
    parser.add_argument("--run", metavar="RUN", help="recorded run with several attempts per case")
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="FOLDER")
    parser.add_argument("--sessions", type=int, default=2000, metavar="N")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    recorded = samples_of(read_run(find_run(options.run, options.runs))) if options.run else None
    source = Source(MEASURED, recorded)
    print(f"noise: {f'run {options.run}' if recorded else MEASURED}; {options.sessions} sessions")
    for name in options.only:
        started = time.process_time()
        PARTS[name](source, options.sessions)
        print(f"[{time.process_time() - started:.0f} s of CPU]")


class _Help(argparse.RawDescriptionHelpFormatter):
    """The docstring as it is written."""


def show_alarms(source: Source, sessions: int) -> None:
    """False alarms of the gate as it stands, all attempts at hand."""
    print("\nfalse alarms, goal at most 5 % (+-1): share of sessions that regressed")
    print(f"{'cases':>6} {'same model':>12} {'tokens only':>12} {'other model, same mean':>24}")
    for cases in (30, 120, 500):
        same = Design(cases=cases)
        other = Design(cases=cases, other_sd=OTHER)
        shares = [
            _share(source, same, sessions, whole_gate),
            _share(source, same, sessions, tokens_alone),
            _share(source, other, sessions, tokens_alone),
        ]
        print(f"{cases:>6} {shares[0]:>12.1%} {shares[1]:>12.1%} {shares[2]:>24.1%}")


def show_power(source: Source, sessions: int) -> None:
    """How often 10 % more tokens are found."""
    print("\npower for +10 % output tokens: share of sessions that regressed")
    print(f"{'cases':>6} {'baseline':>9} {'samples':>8} {'gate':>8} {'tokens only':>12}")
    for cases, baseline, samples in ((120, 3, 3), (120, 10, 3), (263, 3, 3), (263, 10, 3)):
        design = Design(cases=cases, baseline=baseline, samples=samples, ratio=1.1)
        shares = [_share(source, design, sessions, asked) for asked in (whole_gate, tokens_alone)]
        print(f"{cases:>6} {baseline:>9} {samples:>8} {shares[0]:>8.1%} {shares[1]:>12.1%}")


def show_sequential(source: Source, sessions: int) -> None:
    """Error rates and tokens of the sequential gate against all attempts at once."""
    quiet = Source(QUIET, None, seed=1)
    for title, drawn, asked, count in (
        (f"tokens only, SD {QUIET.repeat_sd}", quiet, tokens_alone, sessions // 2),
        ("tokens only, noise as above", source, tokens_alone, sessions // 2),
        ("whole gate, noise as above", source, whole_gate, sessions // 10),
    ):
        print(f"\nsequential: {title}; {count} sessions; at once: 120 cases, 3 samples")
        print(f"{'':>22}" + "".join(f"{f'{truth:g}x tokens':>24}" for truth in TRUTHS) + "   mix")
        print(f"{'':>22}" + f"{'regr.   held  tokens':>24}" * len(TRUTHS))
        for samples in (0, 3, 5, 6) if asked is tokens_alone else (0, 3, 5):
            _print_row(drawn, count, asked, samples)


def _print_row(source: Source, sessions: int, asked: Asked, samples: int) -> None:
    """All truths at one design; 0 samples is the gate at once, with `FIXED`."""
    cells, spent = [], []
    plans: dict[int, tuple[list[Codes], Times]] = {}
    for truth in TRUTHS:
        design = Design(ratio=truth, samples=samples or FIXED)
        results = []
        for number, session in enumerate(source.sessions(design, sessions)):
            if not samples:
                results.append(at_once(session, asked))
                continue
            if source.recorded or number % 8 not in plans:
                plans[number % 8] = plan_of(session, design, number % 8)
            results.append(step_by_step(session, asked, plans[number % 8]))
        spent.append(float(np.mean([one.tokens for one in results])))
        verdicts = [one.verdict for one in results]
        shares = [verdicts.count(each) / sessions for each in ("regressed", "held")]
        cells.append(f"{shares[0]:>10.1%} {shares[1]:>6.1%} {spent[-1]:>6.0%}")
    name = f"up to {samples} samples" if samples else "at once"
    print(f"{name:>22}" + "".join(cells) + f"{np.mean(spent[: len(MIX)]):>6.0%}")


def _share(source: Source, design: Design, sessions: int, asked: Asked) -> float:
    results = [at_once(session, asked) for session in source.sessions(design, sessions)]
    return [one.verdict for one in results].count("regressed") / sessions


PARTS = {"alarms": show_alarms, "power": show_power, "sequential": show_sequential}
QUIET = msgspec.structs.replace(MEASURED, repeat_sd=0.49)
"""Noise at which 120 cases with 3 samples find +10 % tokens with 80 % power."""
OTHER = 0.2
"""How another model treats cases and source files, ln tokens; assumed."""


if __name__ == "__main__":
    main()
