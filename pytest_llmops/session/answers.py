"""What a session has its completions from: a model, or a recorded run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pytest_llmops.agents.settings import Agent
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.completions import Completion, Loop
from pytest_llmops.errors import ModelError
from pytest_llmops.generation.keys import Key
from pytest_llmops.generation.replay import Replay
from pytest_llmops.models import Prices, ReplayedModel, resolve
from pytest_llmops.runs.reading import find_run, run_lines
from pytest_llmops.runs.record import End, Identity, Record
from pytest_llmops.session.options import Options
from pytest_llmops.tasks.prompts.prompt import PROMPT_VERSION

if TYPE_CHECKING:  # what asks a model is imported by the session that asks one
    from pytest_llmops.agents.attach import Bench
    from pytest_llmops.engine import EngineProcess
    from pytest_llmops.generation.cache import CompletionCache
    from pytest_llmops.generation.generate import Generation


@dataclass(kw_only=True)
class Answers:
    """What a session has its completions from; close it when the session ends."""

    source: "Generation | Replay"
    identity: Identity
    prices: Prices | None = None
    """Of a hosted model, where models.toml names them."""
    engine: "EngineProcess | None" = None
    cache: "CompletionCache | None" = None
    agent: str = ""
    """What attempts the cases, for people; "" for one direct answer."""
    replays: str = ""
    """Id of the run whose answers these are; "" where the model is asked."""
    broken: Mapping[Key, Loop] = field(default_factory=dict)
    """What an agent had done in attempts that failed; grows while it is asked."""
    endpoint: Endpoint | None = None
    """Where a hosted model is asked."""
    resources: ExitStack = field(default_factory=ExitStack)

    def meet(self, *, judged: bool, trusted: bool) -> None:
        """Ask an endpoint what it serves, before it is asked anything else; part of the identity.

        Cached answers are those of an endpoint that says it serves the same as then. No gate judges
        them, and nobody believes them of an endpoint that says nothing, unless the user does.

        Args:
            judged: A gate judges the session.
            trusted: The user says that the endpoint serves what it served.
        """
        if self.endpoint is None or isinstance(self.source, Replay):
            return
        from pytest_llmops.client.serving import ask_serving

        serving = ask_serving(self.endpoint)
        self.identity = msgspec.structs.replace(
            self.identity, server=serving.says if serving else ""
        )
        known = serving is not None and not judged
        self.source.identity, self.source.reads = self.identity.key, trusted or known
        if serving and (unknown := serving.unknown(self.endpoint.model)):
            # No test runs yet, so nothing is captured.
            print(f"llmops: {self.endpoint.where}: the endpoint {unknown}")  # noqa: T201

    def problems(self) -> list[str]:
        """What the user should know of the engine and of the completion cache."""
        notes = list(self.engine.ready.notes) if self.engine else []
        if self.cache is None:
            return notes
        lost = [f"{self.cache.lost} answers could not be cached"] if self.cache.lost else []
        if unused := 0 if isinstance(self.source, Replay) else self.source.unused:
            lost.append(
                f"{unused} answers of the completion cache were asked for again: a gate judges, or "
                "nothing says that the endpoint serves what it served; --trust-cache uses them"
            )
        return [*notes, *self.cache.problems, *lost]

    def close(self) -> None:
        """Drop what is outstanding, then let go of cache and engine; safe to repeat."""
        self.source.close()
        self.resources.close()


def open_answers(options: Options, agent: Agent | None, bench: "Bench") -> Answers:
    """Start what must run for a model, or an agent that asks it, to answer.

    Args:
        options: The command line; its sampling is part of the identity, and a replay never uses the
            completion cache.
        agent: What attempts the cases; None for one direct answer.
        bench: What an agent works at, and has its answers judged by.

    Raises:
        ModelError: The model cannot be used.
        AgentError: The agent cannot.
        EndpointError: The engine does not start.
        RecordError: There is no such run to replay.
    """
    model, base = resolve(options.model, options.models_file)
    if isinstance(model, ReplayedModel):
        return _replay(model, options.runs, agent, bench)
    from pytest_llmops.session.asked_models import open_model

    return open_model(model, base, options, agent, bench)


def _replay(model: ReplayedModel, runs: Path, agent: Agent | None, bench: "Bench") -> Answers:
    path = find_run(model.replay, runs)
    run, lines = run_lines(path)
    identity = run.identity
    if identity.prompt_version != PROMPT_VERSION:
        raise ModelError(
            f"{path}: its prompts have version {identity.prompt_version}, this is "
            f"{PROMPT_VERSION}; its answers belong to other questions"
        )
    answers: dict[Key, Completion] = {}
    prompts: dict[Key, str] = {}
    unanswered: list[Record] = []
    for record in lines:  # one by one: their prompts, which nobody needs here, take most of it
        if isinstance(record, End):
            continue
        key = record.case, record.sample
        prompts[key] = record.prompt_sha256
        if answer := record.completion():
            answers[key] = answer
        else:
            unanswered.append(record)
    if not answers:
        raise ModelError(f"{path}: {_why_none(unanswered)}")
    first = run.replays or run.id
    if agent is None:
        source = Replay(answers, prompts)
        return Answers(source=source, identity=identity, agent=run.agent, replays=first)
    from pytest_llmops.session.attaching import as_agent, repeated

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
