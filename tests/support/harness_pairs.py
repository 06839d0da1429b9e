"""Logs that the real packages wrote, in `harness_logs`, and how tests read and edit them."""

import json
from pathlib import Path

from pytest_llmops.imports.assembly import Asked, run_of
from pytest_llmops.imports.logs import read_log

LOGS = Path(__file__).parents[1] / "imports" / "harness_logs"
PROMPTFOO, LM_EVAL = LOGS / "promptfoo", LOGS / "lm-eval"
DEEPEVAL, MINI = LOGS / "deepeval", LOGS / "mini-swe-agent"
PAIRS = {
    "promptfoo": (PROMPTFOO / "base.json", PROMPTFOO / "wordy.json"),
    "lm-eval": (LM_EVAL / "base", LM_EVAL / "wordy"),
    "deepeval": (DEEPEVAL / "base.json", DEEPEVAL / "worse.json"),
    "mini-swe-agent": (MINI / "base", MINI / "wordy"),
}
CASES = 24


def imported(path, **options):
    return run_of(read_log(path, asked=Asked(**options)))


def read(path):
    return json.loads(path.read_text())


def edited(path, folder, change):
    """A copy of a document with a change, as a file of its own."""
    document = read(path)
    change(document)
    target = folder / f"edited-{path.name}"
    target.write_text(json.dumps(document))
    return target
