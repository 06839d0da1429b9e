"""What each tool wants said in its own words, beside the conventions that all of them read."""

from datetime import UTC, datetime

import msgspec

from pytest_llmops.completions import Usage
from pytest_llmops.runs.record import Record, Run
from pytest_llmops.runs.traces import digest
from pytest_llmops.sinks.attributes import Value, is_called, messages
from pytest_llmops.sinks.spans import GROUP, Trace

BEGINNING = 200
"""Characters of a text that are shown at the case, too."""

MESSAGES = ("gen_ai.input.messages", "gen_ai.output.messages")
"""The conversation in the words of the conventions, at the call."""

UNPRICED = "not known; the 0 only says so"
"""Beside a cost that is sent so that a tool makes up none."""

Words = dict[str, dict[str, Value | None]]
"""Attributes by kind of span; None takes out one that the span has."""


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _texts(record: Record) -> tuple[str, str]:
    """Input and output as one text each; "" where they were not kept."""
    asked = _json(record.prompt) if record.prompt else ""
    return asked, record.text or record.refusal


def _shown(record: Record) -> tuple[str, str]:
    """What the case shows of them: lists of traces have nothing else, and the call has it all.

    Without a call, they are whole at the case.
    """
    if not is_called(record):
        return _texts(record)
    asked = record.prompt[-1].content if record.prompt else ""
    return _beginning(asked), _beginning(record.text or record.refusal)


def _beginning(text: str) -> str:
    return text if len(text) <= BEGINNING else f"{text[:BEGINNING]} ... (whole at the call)"


LANGFUSE_NAMES = {
    "gen_ai.tool.call.arguments": "langfuse.observation.input",
    "gen_ai.tool.call.result": "langfuse.observation.output",
    "llmops.turn.text": "langfuse.observation.output",
}
"""Texts of turns and tools are shown where Langfuse shows texts."""


def langfuse(run: Run, record: Record, trace: Trace, dataset: str, environment: str) -> Words:
    """Attributes by kind of span: observations, usage, cost, and the place in the experiment.

    Usage keys are disjoint, as Langfuse prices them: `input` is without the cached tokens.

    Args:
        run: The experiment.
        record: The item's attempt.
        trace: As sent.
        dataset: Id of the suite's dataset at the server.
        environment: Of Langfuse.
    """
    names = ("langfuse.observation.input", "langfuse.observation.output")
    texts, shown = (dict(zip(names, of(record), strict=True)) for of in (_texts, _shown))
    everywhere: dict[str, Value] = {
        "session.id": run.id,
        "langfuse.environment": environment,
        "langfuse.release": run.versions.get("pytest-llmops", ""),
        "langfuse.trace.name": record.case,
        "langfuse.trace.metadata.case_group": trace.root.attributes[GROUP],
        "langfuse.trace.tags": (
            run.identity.model,
            record.suite,
            record.difficulty,
            record.outcome,
        ),
        "langfuse.experiment.id": run.id,
        "langfuse.experiment.name": run.id,
        "langfuse.experiment.metadata": _json({"model": run.identity.model}),
        "langfuse.experiment.dataset.id": dataset,
        "langfuse.experiment.item.id": item_id(record),
        "langfuse.experiment.item.root_observation_id": trace.root.id,
    }
    fault: dict[str, Value] = {}
    if record.error:  # one fault is one error there: it counts the observations of that level
        everywhere["langfuse.observation.level"] = "DEFAULT"
        fault["langfuse.observation.level"] = "ERROR"
        fault["langfuse.observation.status_message"] = record.error
    generation = {"langfuse.observation.type": "generation", **_generation(run, record), **texts}
    found: Words = {
        "case": {"langfuse.observation.type": "span", **shown, **fault},
        "attempt": {"langfuse.observation.type": "span"},
        "chat": {**generation, **dict.fromkeys(MESSAGES)},  # or they were in its metadata again
        "turn": {"langfuse.observation.type": "span"},
        "tool": {"langfuse.observation.type": "tool"},
        "grade": {"langfuse.observation.type": "evaluator"},
    }
    return {
        kind: {name: value for name, value in {**everywhere, **own}.items() if value != ""}
        for kind, own in found.items()
    }


def item_id(record: Record) -> str:
    """The id of a case in the dataset of its suite; further samples are items of their own.

    The page of an experiment has one row an item, and would show one of them.
    """
    name = record.case if record.sample == 0 else f"{record.case}@{record.sample}"
    return digest(name, size=16)


def _generation(run: Run, record: Record) -> dict[str, Value]:
    sampling, timing = run.identity.sampling, record.timing
    found: dict[str, Value] = {
        "langfuse.observation.model.name": record.served_model or run.identity.model,
    }
    if not run.harness:
        found["langfuse.observation.model.parameters"] = _json(
            {
                "max_tokens": sampling.max_tokens,
                "temperature": sampling.temperature,
                "top_p": sampling.top_p,
                "seed": run.identity.seed(record.case, record.sample),
            }
        )
    if record.spent:
        found["langfuse.observation.usage_details"] = _json(_usage(record.spent))
    # Without a cost the server would take one from its own prices for any model of a known name.
    found["langfuse.observation.cost_details"] = _json({"total": record.cost or 0.0})
    if record.cost is None:
        found["langfuse.observation.metadata.cost"] = UNPRICED
    if timing and timing.first_token is not None:
        first = max(timing.started, run.started) + timing.queue + timing.first_token
        moment = datetime.fromtimestamp(first, UTC).isoformat(timespec="milliseconds")
        found["langfuse.observation.completion_start_time"] = _json(moment)
    return found


def _usage(usage: Usage) -> dict[str, int]:
    return {
        "input": usage.fresh,
        "input_cached_tokens": usage.cached,
        "input_cache_creation": usage.cache_write,
        "output": usage.shown,
        "output_reasoning_tokens": usage.reasoning,
        "total": usage.input + usage.output,
    }


MLFLOW_TYPES = {
    "case": "CHAIN",
    "attempt": "AGENT",
    "chat": "LLM",
    "grade": "EVALUATOR",
    "turn": "CHAIN",
    "tool": "TOOL",
}


MLFLOW_NAMES = {
    "gen_ai.input.messages": "mlflow.spanInputs",
    "gen_ai.output.messages": "mlflow.spanOutputs",
    "gen_ai.tool.call.arguments": "mlflow.spanInputs",
    "gen_ai.tool.call.result": "mlflow.spanOutputs",
    "llmops.turn.text": "mlflow.spanOutputs",
}
"""MLflow would keep texts under both names."""


def mlflow(record: Record, trace: Trace) -> Words:
    """Attributes by kind of span: types, previews of texts, cost, and tags to search traces by.

    MLflow adds up tokens from the GenAI conventions itself. Only the total of a cost is known here.
    Where none is, an empty one says so, shown as 0: the server would make one up from its own list
    of prices.
    """
    found: Words = {kind: {"openinference.span.kind": name} for kind, name in MLFLOW_TYPES.items()}
    asked, answered = _shown(record)
    if asked:
        found["case"]["mlflow.spanInputs"] = asked
    if answered:
        found["case"]["mlflow.spanOutputs"] = answered
    found["case"]["mlflow.traceTag.llmops.case"] = record.case
    found["case"]["mlflow.traceTag.llmops.case_group"] = trace.root.attributes[GROUP]
    found["case"]["mlflow.traceTag.llmops.outcome"] = record.outcome
    found["chat"]["mlflow.llm.cost"] = _json(
        {} if record.cost is None else {"total_cost": record.cost}
    )
    if record.cost is None:
        found["chat"]["llmops.cost"] = UNPRICED
    return found


def openllmetry(run: Run, record: Record) -> Words:
    """Attributes by kind of span: what its decorators write of a workflow, an agent and a task.

    The total of tokens is added because its views read it; the conventions have none. An attempt
    that failed before its call has its prompt at the case.
    """
    # Part of the sink's optional package.
    from opentelemetry.semconv_ai import SpanAttributes, TraceloopSpanKindValues  # noqa: PLC0415

    properties = SpanAttributes.TRACELOOP_ASSOCIATION_PROPERTIES
    everywhere: dict[str, Value | None] = {
        SpanAttributes.TRACELOOP_WORKFLOW_NAME: f"{run.identity.model} on {record.suite}",
        f"{properties}.run_id": run.id,
        f"{properties}.case_id": record.case,
    }
    found = {kind: dict(everywhere) for kind in MLFLOW_TYPES}
    kinds = {
        "case": TraceloopSpanKindValues.WORKFLOW,
        "attempt": TraceloopSpanKindValues.AGENT,
        "grade": TraceloopSpanKindValues.TASK,
        "turn": TraceloopSpanKindValues.TASK,
        "tool": TraceloopSpanKindValues.TOOL,
    }
    for kind, named in kinds.items():
        found[kind][SpanAttributes.TRACELOOP_SPAN_KIND] = named.value
        found[kind][SpanAttributes.TRACELOOP_ENTITY_NAME] = kind
    for kind in found.keys() - ({"case", "chat"} if record.loop else {"case"}):
        found[kind]["gen_ai.agent.name"] = "attempt"
    found["tool"][SpanAttributes.TRACELOOP_ENTITY_PATH] = "turn"
    if usage := record.spent:
        found["chat"][SpanAttributes.GEN_AI_USAGE_TOTAL_TOKENS] = usage.input + usage.output
    if run.content and record.prompt and not is_called(record):
        found["case"]["gen_ai.input.messages"] = messages(record.prompt)
    return found
