"""All files that `llmops init` would write, and what comes next."""

from pathlib import Path

from pytest_llmops.scaffold.changes import Change, read, unless_there, with_tables
from pytest_llmops.scaffold.optin import opt_in
from pytest_llmops.scaffold.pipelines import pipeline
from pytest_llmops.scaffold.wishes import EMBEDDED_MODEL, Wishes
from pytest_llmops.shipped import BASELINES

TEST = "benchmarks/test_code_models.py"
TEST_TEXT = """from pytest_llmops import Attempt


def test_function(attempt: Attempt) -> None:
    attempt.complete()
    attempt.grade()
"""
SUITES_HEAD = "# The suites that `pytest benchmarks` runs; `starter` comes with pytest-llmops.\n"
SUITES = {"starter": 'folder = "embedded:starter"\n'}
MODELS_HEAD = (
    "# The models that `--model=NAME` knows; keys are named by environment variable, never written "
    "here.\n"
)
EMBEDDED = (
    'weights = "embedded:smollm2-135m-instruct"\n'
    "context_tokens = 150  # more of the file only distracts a model of this size\n"
)
IGNORED = ("/runs/",)


def plan(folder: Path, wishes: Wishes) -> list[Change]:
    """Every file that belongs to the benchmark, as it is and as it would be.

    Raises:
        ModelError: The wishes cannot be meant.
        ScaffoldError: A file cannot be read, or a line not be added to it.
    """
    wishes.check()
    models = {EMBEDDED_MODEL: EMBEDDED}
    if wishes.url:
        models[wishes.name] = _endpoint(wishes)
    baseline = f"benchmarks/baselines/{EMBEDDED_MODEL}.jsonl"
    blessed = (BASELINES / f"{EMBEDDED_MODEL}.jsonl").read_text("utf-8")
    return [
        unless_there(folder, TEST, TEST_TEXT),
        with_tables(folder, "cases/suites.toml", SUITES_HEAD, SUITES),
        with_tables(folder, "models.toml", MODELS_HEAD, models),
        unless_there(folder, baseline, blessed),
        opt_in(folder),
        _ignoring(folder),
        *pipeline(folder, wishes),
    ]


def _endpoint(wishes: Wishes) -> str:
    key = f'api_key_env = "{wishes.key_env}"\n' if wishes.key_env else ""
    return (
        f'url = "{wishes.url}"\nmodel = "{wishes.model}"\n{key}'
        "# prices = { input = 0.25, output = 2.0 }  # dollars per million tokens\n"
    )


def _ignoring(folder: Path) -> Change:
    """.gitignore, with what runs leave behind."""
    before = read(folder, ".gitignore")
    lines = (before or "").splitlines()
    spelled = {line.strip().strip("/") for line in lines}
    missing = [line for line in IGNORED if line.strip("/") not in spelled]
    end = "\n" if before and not before.endswith("\n") else ""
    after = (before or "") + (end if missing else "") + "".join(f"{line}\n" for line in missing)
    return Change(path=Path(".gitignore"), before=before, after=after)


def next_steps(wishes: Wishes) -> str:
    """What to do now, for a person."""
    name = wishes.name
    first = f"pytest benchmarks --model={name}"
    key = f"  (with {wishes.key_env} set)" if wishes.key_env else ""
    if name == EMBEDDED_MODEL:
        steps = [first, f"{first} --gate={name}"]
    else:
        steps = [first, "llmops bless latest", f"{first} --gate={name}"]
    return "next:\n" + "".join(f"  {step}{key if step == first else ''}\n" for step in steps)
