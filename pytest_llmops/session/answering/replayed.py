"""A recorded run, whose answers are handed out again."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_llmops.errors import ModelError
from pytest_llmops.generation.keys import Key
from pytest_llmops.generation.replay import Replay
from pytest_llmops.models import ReplayedModel
from pytest_llmops.runs.answers import RecordedAnswers
from pytest_llmops.runs.reading import find_run, placed_run_lines
from pytest_llmops.runs.record import End, Record
from pytest_llmops.session.answering.answers import Answers
from pytest_llmops.tasks.prompts import PROMPT_VERSION

if TYPE_CHECKING:
    from pytest_llmops.agents.attach import Bench
    from pytest_llmops.agents.settings import Agent


def open_replay(
    model: ReplayedModel, runs: Path, agent: "Agent | None", bench: "Bench | None"
) -> Answers:
    """Read the answers of a run; see `source.open_answers`.

    Args:
        model: Names the run.
        runs: Folder of the recorded runs.
        agent: What runs its loops again; None for its answers as they are.
        bench: What the agent works at.
    """
    path = find_run(model.replay, runs)
    run, lines = placed_run_lines(path)
    identity = run.identity
    if identity.prompt_version != PROMPT_VERSION:
        raise ModelError(
            f"{path}: its prompts have version {identity.prompt_version}, this is "
            f"{PROMPT_VERSION}; its answers belong to other questions"
        )
    answers = RecordedAnswers(path)
    prompts: dict[Key, str] = {}
    unanswered: list[Record] = []
    for place, record in lines:  # one by one, as their texts stay in the file
        if isinstance(record, End):
            continue
        key = record.case, record.sample
        prompts[key] = record.prompt_sha256
        if record.completion():
            answers.note(key, place)
        else:
            unanswered.append(record)
    if not answers:
        answers.close()
        raise ModelError(f"{path}: {_why_none(unanswered)}")
    first = run.replays or run.id
    if agent is None or bench is None:
        source = Replay(answers, prompts)
        made = Answers(source=source, identity=identity, agent=run.agent, replays=first)
        made.resources.callback(answers.close)
        return made
    answers.close()
    from pytest_llmops.session.answering.attaching import as_agent, repeated

    return Answers(
        source=repeated(path, agent, bench),
        identity=as_agent(identity, agent),
        agent=agent.label,
        replays=first,
    )


def _why_none(records: Sequence[Record]) -> str:
    """Why a recorded run has no answer to replay."""
    failed = [record for record in records if record.usage is None and record.error]
    if not records:
        return "holds no attempts; the session ended before the first"
    if len(failed) == len(records):
        usual, _ = Counter(record.error.rpartition(": ")[2] for record in failed).most_common(1)[0]
        return f"all {len(failed)} attempts of this run failed before an answer came ({usual})"
    return "holds no texts to grade again (recorded with --no-content?)"
