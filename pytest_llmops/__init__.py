"""Benchmark code models with pytest: tokens, quality and traces of every case.

The stages of the flow, in order; a stage imports only from those before it, and only `plugin`
knows pytest (`tests/repository/test_layers.py` holds them to it):

    errors, shipped              how things go wrong; what a wheel carries
    tables                       files that the user writes
    caches                       where this machine keeps what can be made again
    seeds                        what each answer is drawn with
    flaky, commits, cases, completions  the values that travel
    manifests                    files of cases
    hiding                       what no output may show
    memory                       what a process held
    scratch                      folders that end with their process
    tasks                        what is asked
    addresses                    where an endpoint is
    local_models, models         who is asked
    client, engine, generation   how answers are got
    sandbox, places, grading     what they are worth, judged where
    likeness                     how alike two texts are
    agents                       how a case is attempted, where one answer is not all
    runs, imports, compare       what is kept, and one run against another
    quality                      how well written the answers are
    report, sinks                where it is shown
    viewer                       all of it, in a browser on this machine
    session                      a benchmark session, from options to records
    observability                the sinks compared with each other
    mining                       how cases are made and proved
    exports                      cases as tasks of other harnesses
    scaffold                     what a project needs to begin
    guest                        whether a project wants any of this
    plugin, cli                  pytest, and the `llmops` command
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "Attempt": "session.attempt",
    "Case": "cases",
    "Completion": "completions",
    "Grade": "grading.graded",
    "LlmopsError": "errors",
    "Record": "runs.record",
    "RecordedRun": "runs.reading",
    "Run": "runs.run",
    "find_run": "runs.reading",
    "read_run": "runs.reading",
}
"""What users import from here, and where it is; imported when asked for, typed in the .pyi."""

__all__ = ["__version__", *_PUBLIC]  # noqa: PLE0604 - they are strings


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
