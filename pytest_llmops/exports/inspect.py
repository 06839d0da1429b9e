"""Cases as a task of Inspect: a Python file and its data set.

The model is asked as a session asks it, and the scorer is the judge of a session, in its sandbox:
this package must be installed beside Inspect. Sample ids are those of the cases, without the suite,
which is the name of the task; so an imported log has the case ids of a session of ours.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from pytest_llmops.errors import CaseError
from pytest_llmops.exports.folders import new_folder, write
from pytest_llmops.tasks.asked import question
from pytest_llmops.tasks.selection import Choice, Selection

DATA = "cases.jsonl"
TASK = '''\
"""Cases of pytest-llmops for Inspect, as `llmops export inspect` wrote them.

    inspect eval task.py --model openai/gpt-5-mini --epochs 3
    llmops import inspect logs/*.eval --cluster-by file

pytest-llmops must be installed beside Inspect: the scorer is its judge, which runs the hidden tests
in a sandbox.
"""

from pathlib import Path

import anyio.to_thread
from inspect_ai import Task, task
from inspect_ai.dataset import json_dataset
from inspect_ai.scorer import CORRECT, INCORRECT, Score, accuracy, scorer, stderr
from inspect_ai.solver import generate

from pytest_llmops.exports.judging import Judges

JUDGES = Judges({choice})


@scorer(name="vitest", metrics=[accuracy(), stderr()])
def tests_pass():
    async def score(state, target):
        case, output = f"{suite}:{{state.sample_id}}", state.output
        given = case, output.completion, output.stop_reason
        found = await anyio.to_thread.run_sync(JUDGES.grade, *given)
        value = CORRECT if found.solved else INCORRECT
        return Score(value=value, answer=found.outcome, explanation=found.detail)

    return score


@task(name={name!r})
def cases():
    data = json_dataset(str(Path(__file__).with_name({data!r})))
    return Task(dataset=data, solver=generate(), scorer=tests_pass())
'''


def export_inspect(selection: Selection, folder: Path, *, context_tokens: int) -> int:
    """Write a task of Inspect, and return the number of its samples.

    Args:
        selection: The cases, of one suite.
        folder: To be made.
        context_tokens: Budget for the rest of the file in a prompt.

    Raises:
        CaseError: There are several suites, the folder has something in it, or cannot be written.
    """
    if len(selection.trees) != 1:
        known = ", ".join(selection.trees)
        raise CaseError(f"a task of Inspect has one suite, so name one with --suite: {known}")
    (suite,) = selection.trees
    new_folder(folder)
    lines = [_sample(selection, name, context_tokens) for name in selection.cases]
    write(folder / DATA, b"".join(line + b"\n" for line in lines))
    file = selection.choice.suites_file.resolve()
    choice = f"{str(file)!r}, {suite!r}"
    if selection.choice.source:
        choice += f", source={selection.choice.source!r}"
    write(folder / "task.py", TASK.format(choice=choice, suite=suite, name=suite, data=DATA))
    return len(lines)


def _sample(selection: Selection, name: str, context_tokens: int) -> bytes:
    task = selection.asked(name)
    messages = question(task, context_tokens=context_tokens)
    return msgspec.json.encode(
        {
            "id": name.partition(":")[2],
            "input": [msgspec.structs.asdict(message) for message in messages],
            "target": task.case.body_sha256,
            "metadata": {"file": task.case.cluster, "difficulty": task.case.difficulty},
        }
    )


def chosen_tasks(choice: Choice, ids: Sequence[str], selection: Selection) -> Selection:
    """The selection, or of it the cases that were named.

    Raises:
        CaseError: A name is that of no case.
    """
    if missing := set(ids) - set(selection.cases):
        raise CaseError(f"no case {', '.join(sorted(missing))}; ids are SUITE:PATH#SYMBOL")
    cases = [case for name, case in selection.cases.items() if not ids or name in ids]
    return Selection(choice, selection.trees, cases, selection.unreachable)
