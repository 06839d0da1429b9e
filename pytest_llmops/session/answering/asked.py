"""A model made ready to be asked: an engine here, or an endpoint."""

from contextlib import ExitStack
from functools import partial

from pytest_llmops.agents.attach import Bench, attach
from pytest_llmops.agents.settings import Agent, ProgramAgent
from pytest_llmops.caches import completions_file
from pytest_llmops.client.chat import ChatClient
from pytest_llmops.engine import EngineProcess, start_engine
from pytest_llmops.generation.cache import CompletionCache
from pytest_llmops.generation.generate import Generation
from pytest_llmops.local_models import AdapterModel, LocalModel
from pytest_llmops.models import EndpointModel
from pytest_llmops.session.answering.answers import Answers
from pytest_llmops.session.answering.attaching import as_agent, require_model_for
from pytest_llmops.session.answering.identities import hosted, local
from pytest_llmops.session.models import engine_spec
from pytest_llmops.session.options import Options


def open_model(
    model: LocalModel | AdapterModel | EndpointModel,
    base: LocalModel | None,
    options: Options,
    agent: Agent | None,
    bench: Bench | None,
) -> Answers:
    """Start what must run for a model to answer; see `source.open_answers`.

    Args:
        model: That of models.toml.
        base: The model that an engine must load for it; None for an endpoint.
        options: The command line.
        agent: What attempts the cases; None for one direct answer.
        bench: What an agent works at, and has its answers judged by.
    """
    sampling = options.choice.sampling
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
        store = stack.enter_context(CompletionCache(completions_file())) if options.cache else None
        attached = attach(agent, endpoint, bench, prices) if agent and bench else None
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


def _failure(engine: EngineProcess) -> str | None:
    return None if engine.alive else f"the engine has died; its last words: {engine.last_words()}"
