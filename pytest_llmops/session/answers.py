"""The model of a session, made ready to be asked: an engine, an endpoint, or a recorded run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from pytest_llmops.agents.attach import Bench, attach, attach_to_tapes
from pytest_llmops.agents.settings import Agent, ProgramAgent
from pytest_llmops.caches import user_cache
from pytest_llmops.client.chat import ChatClient
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.serving import ask_serving
from pytest_llmops.completions import Completion, Loop
from pytest_llmops.engine import EngineProcess, EngineSpec, start_engine
from pytest_llmops.engine.foreign import check_spec
from pytest_llmops.errors import ModelError
from pytest_llmops.generation.cache import CompletionCache
from pytest_llmops.generation.generate import Generation
from pytest_llmops.generation.keys import Key
from pytest_llmops.generation.replay import Replay
from pytest_llmops.local_models import AdapterModel, LocalModel
from pytest_llmops.models import EndpointModel, Model, Prices, ReplayedModel, resolve
from pytest_llmops.runs.reading import find_run, read_run, run_lines
from pytest_llmops.runs.record import End, Identity, Record
from pytest_llmops.session.agents import as_agent, require_model_for, tapes_of
from pytest_llmops.session.identities import hosted, local
from pytest_llmops.session.options import Options
from pytest_llmops.tasks.prompts.prompt import PROMPT_VERSION


@dataclass(kw_only=True)
class Answers:
    """What a session has its completions from; close it when the session ends."""

    source: Generation | Replay
    identity: Identity
    prices: Prices | None = None
    """Of a hosted model, where models.toml names them."""
    engine: EngineProcess | None = None
    cache: CompletionCache | None = None
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


def cache_file() -> Path:
    """Where completions of all sessions of this user are kept."""
    return user_cache() / "completions.sqlite"


def open_answers(options: Options, agent: Agent | None, bench: Bench) -> Answers:
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
    sampling = options.choice.sampling
    if isinstance(model, ReplayedModel):
        return _replay(model, options.runs, agent, bench)
    with ExitStack() as stack:
        engine = stack.enter_context(start_engine(engine_spec(model, base))) if base else None
        if isinstance(model, EndpointModel):
            endpoint, identity = hosted(model, sampling)
        else:
            assert base
            assert engine
            endpoint, identity = local(model, base, engine, sampling)
        prices = model.prices if isinstance(model, EndpointModel) else None
        if isinstance(agent, ProgramAgent):
            require_model_for(agent, endpoint, prices)
        if agent:
            identity = as_agent(identity, agent)
        store = stack.enter_context(CompletionCache(cache_file())) if options.cache else None
        attached = attach(agent, endpoint, bench, prices) if agent else None
        generation = Generation(
            attached or ChatClient(endpoint),
            cache=store,
            identity=identity.key,
            served=identity.model if identity.adapter_sha256 else "",
            health=partial(_failure, engine) if engine else None,
        )
        return Answers(
            source=generation,
            identity=identity,
            agent=agent.label if agent else "",
            prices=prices,
            engine=engine,
            cache=store,
            broken=attached.broken if attached else {},
            endpoint=None if engine else endpoint,
            resources=stack.pop_all(),
        )


def _replay(model: ReplayedModel, runs: Path, agent: Agent | None, bench: Bench) -> Answers:
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
    return Answers(
        source=Generation(attach_to_tapes(agent, tapes_of(read_run(path)), bench)),
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


def _failure(engine: EngineProcess) -> str | None:
    return None if engine.alive else f"the engine has died; its last words: {engine.last_words()}"


def check_model(name: str, models_file: Path) -> None:
    """Find what stands in the way of a model, as far as that is told without loading it.

    Raises:
        ModelError: The model is unknown, or its engine, weights or adapter are missing or refused.
    """
    model, base = resolve(name, models_file)
    if base:
        check_spec(engine_spec(model, base))


def engine_spec(
    model: Model, base: LocalModel, *, host: str = "127.0.0.1", port: int = 0
) -> EngineSpec:
    """What the engine must serve for a model; port 0 is any free one."""
    return EngineSpec(
        base=base.weights,
        base_name=base.name,
        adapters={model.name: model.adapter} if isinstance(model, AdapterModel) else {},
        dtype=base.dtype,
        max_batch=base.max_batch,
        max_context=base.context,
        engine=base.engine,
        program=base.program,
        engine_args=base.engine_args,
        host=host,
        port=port,
    )
