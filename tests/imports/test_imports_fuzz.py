"""Logs with one value turned into another: they are read, or refused in one line."""

import json
import random
import shutil

import pytest
from harness_pairs import DEEPEVAL, LM_EVAL, LOGS, MINI, PROMPTFOO

from pytest_llmops.errors import RecordError
from pytest_llmops.imports.assembly import run_of
from pytest_llmops.imports.logs import read_log

SEEDS = 150
SOURCES = {
    "inspect": (LOGS / "inspect" / "small.json", ""),
    "harbor": (LOGS / "harbor" / "base", "task-07__*/result.json"),
    "promptfoo": (PROMPTFOO / "traps.json", ""),
    "lm-eval": (LM_EVAL / "base", "results_*.json"),
    "deepeval": (DEEPEVAL / "traps.json", ""),
    "mini-swe-agent": (MINI / "traps", "acme__sums-9/*.json"),
}
"""A log of each, and which file of it is changed."""
VALUES = (None, 3, -1, 1.5, "x", "", [], {}, [3], {"a": 1}, True, 10**30)


def places(value, path=()):
    """The way to every value of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inner:
        yield (*path, key)
        if isinstance(one, dict | list):
            yield from places(one, (*path, key))


def changed(document, draw):
    """The document with one value, of those at any depth, replaced or left out."""
    *way, last = draw.choice(list(places(document)))
    holder = document
    for key in way:
        holder = holder[key]
    if draw.random() < 0.2:
        del holder[last]
    else:
        holder[last] = draw.choice(VALUES)
    return document


@pytest.mark.parametrize("harness", SOURCES)
def test_a_changed_log_is_read_or_refused_in_one_line(harness, tmp_path):
    source, pattern = SOURCES[harness]
    target = tmp_path / source.name
    (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    (file,) = target.glob(pattern) if pattern else (target,)
    whole = file.read_text()
    outcomes = set()
    for seed in range(SEEDS):
        file.write_text(json.dumps(changed(json.loads(whole), random.Random(seed))))
        outcomes.add(told(target, harness) is None)
    assert outcomes == {True, False}


def told(target, harness):
    """Why a log is refused; None for one that is read."""
    try:
        run = run_of(read_log(target, harness))
    except RecordError as error:
        refusal = str(error)
    else:
        assert len(run.records) == run.run.attempts
        return None
    assert str(target) in refusal
    assert "\n" not in refusal
    return refusal
