"""Runs of a sequential gate: attempts, their plan, and the looks at them."""

import math

import msgspec
import numpy as np
from records import IDENTITY, RUN, record

from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.sequence.plan import make_plan
from pytest_llmops.compare.sequence.sequential import look
from pytest_llmops.completions import Usage
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import End

CASES = 60
NAMES = [f"starter:m{number // 4:02}#f{number % 4}" for number in range(CASES)]
CLUSTERS = {name: name.partition("#")[0] for name in NAMES}
ALONE = [f"starter:n{number:02}#f" for number in range(CASES)]
"""Cases of a file each, which is what can tell early that no file is worse."""
LOOSE = Margins(tokens=1.05, solve_rate=0.55, truncation=0.55)


def attempts(samples, *, ratio=1.0, sd=0.2, solve=0.6, seed=0, names=NAMES):
    """Records of a made-up run; the tokens of a case are alike, those of the cases are not."""
    generator = np.random.default_rng(seed)
    found = []
    for number, name in enumerate(names):
        for sample in range(samples):
            tokens = 100 * math.exp(number % 7 / 4 + generator.normal(0, sd)) * ratio
            found.append(
                record(
                    name,
                    sample,
                    cluster=CLUSTERS.get(name, name),
                    usage=Usage(input=100, output=max(1, round(tokens))),
                    text_sha256=f"{seed}-{name}-{sample}",
                    outcome="solved" if generator.random() < solve else "wrong",
                )
            )
    return found


def run_of(records, *, samples, path="baseline", name=RUN.id):
    cases = len({one.case for one in records})
    run = msgspec.structs.replace(
        RUN, id=name, samples=samples, cases=cases, attempts=len(records), identity=IDENTITY
    )
    run = msgspec.structs.replace(
        run, identity=msgspec.structs.replace(IDENTITY, tokenizer_sha256="t")
    )
    end = End(finished=run.started + 1, exit_status=0)
    return RecordedRun(path=path, run=run, records=tuple(records), end=end)


def planned(samples=3, baseline_samples=3, names=NAMES, **options):
    keys = [(name, sample) for name in names for sample in range(samples)]
    return make_plan(keys, CLUSTERS, baseline_samples=baseline_samples, **options)


def until_stop(baseline, candidate, plan, margins):
    """Looks after each batch, to the first that stops."""
    made, found = set(), []
    for batch in plan.batches:
        made |= set(batch)
        seen = [one for one in candidate if (one.case, one.sample) in made]
        found.append(look(baseline, seen, plan, margins))
        if found[-1].stop:
            return found
    raise AssertionError("the last look did not stop")
