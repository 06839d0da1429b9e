"""What each span says: GenAI semantic conventions where they have a name, `llmops.*` elsewhere.

Source: OpenTelemetry semantic conventions for generative AI, as of opentelemetry-semantic-
conventions 0.66b1.
"""

import msgspec

from pytest_llmops.completions import Message, Timing
from pytest_llmops.grading.graded import UNMEASURED, Grade
from pytest_llmops.runs.loop_figures import loop_figures, name_and_version
from pytest_llmops.runs.record import Identity, Record, Run
from pytest_llmops.sinks.scores import scores

Value = str | bool | int | float | tuple[str, ...]


def run_attributes(run: Run) -> dict[str, Value]:
    """What all spans of a run have in common; see `Identity`."""
    identity = run.identity
    found: dict[str, Value] = {
        "llmops.run.id": run.id,
        "llmops.model": identity.model,
        "llmops.served": identity.served,
        "llmops.weights_sha256": identity.weights_sha256,
        "llmops.adapter_sha256": identity.adapter_sha256,
        "llmops.tokenizer_sha256": identity.tokenizer_sha256,
        "llmops.dtype": identity.dtype,
        "llmops.device": identity.device,
        "llmops.prompt.version": identity.prompt_version,
        "llmops.suite_hash": run.suite_hash,
    }
    return {name: value for name, value in found.items() if value != ""}


def provider(identity: Identity) -> str:
    """`gen_ai.provider.name`: the engine of this package, or the kind of endpoint."""
    return "pytest-llmops" if identity.weights_sha256 else "openai"


def is_called(record: Record) -> bool:
    """Whether a model answered; logs of other harnesses tell no times, but mostly counts."""
    return record.timing is not None or record.spent is not None


def of_case(run: Run, record: Record) -> dict[str, Value]:
    """Say what was attempted, by which run, and what it was worth."""
    found: dict[str, Value] = {
        **run_attributes(run),
        "session.id": run.id,
        "llmops.case.id": record.case,
        "llmops.case.suite": record.suite,
        "llmops.case.split": record.split,
        "llmops.case.difficulty": record.difficulty,
        "llmops.case.cluster": record.cluster,
        "llmops.sample": record.sample,
        "llmops.outcome": record.outcome,
    }
    found |= {f"llmops.score.{score.name}": score.value for score in scores(record)}
    if record.cost is not None:
        found["llmops.cost.usd"] = record.cost
    return found


def of_attempt(record: Record) -> dict[str, Value]:
    """Say how the attempt went."""
    return {
        "llmops.sample": record.sample,
        "llmops.outcome": record.outcome,
        "llmops.retries": record.retries,
        "llmops.from_cache": record.from_cache,
        "llmops.prompt_sha256": record.prompt_sha256,
        "llmops.text_sha256": record.text_sha256,
    }


def of_call(run: Run, record: Record) -> dict[str, Value]:
    """Say of the model call what the GenAI conventions name; texts only where a run keeps them."""
    found: dict[str, Value] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider(run.identity),
        "gen_ai.request.model": run.identity.model,
        "gen_ai.response.model": record.served_model or run.identity.model,
        "gen_ai.conversation.id": run.id,
        "llmops.from_cache": record.from_cache,
    }
    if not run.harness:  # logs do not tell all of it, and a default is not what was asked for
        found |= _asked(run, record)
    if timing := record.timing:
        found |= _timed(timing)
    if loop := record.loop:
        name, version = name_and_version(run.agent)
        found |= {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
        if version:
            found["gen_ai.agent.version"] = version
        told = loop_figures(loop, record.priced)
        found |= {f"llmops.loop.{name}": value for name, value in told.items()}
    if record.finish_reason:
        found["gen_ai.response.finish_reasons"] = (record.finish_reason,)
    if usage := record.spent:
        found["gen_ai.usage.input_tokens"] = usage.input
        found["gen_ai.usage.output_tokens"] = usage.output
        found["gen_ai.usage.cache_read.input_tokens"] = usage.cached
        found["gen_ai.usage.cache_creation.input_tokens"] = usage.cache_write
        found["gen_ai.usage.reasoning.output_tokens"] = usage.reasoning
    if record.cost is not None:
        found["llmops.cost.usd"] = record.cost
    if run.content and record.prompt:
        found["gen_ai.input.messages"] = messages(record.prompt)
    if run.content and (record.text or record.refusal):
        answer = (Message("assistant", record.text or record.refusal),)
        found["gen_ai.output.messages"] = messages(answer, record.finish_reason or "")
    return found


def _asked(run: Run, record: Record) -> dict[str, Value]:
    """How tokens were drawn; where an answer ends, each turn of a loop is told in its own way."""
    sampling = run.identity.sampling
    found: dict[str, Value] = {
        "gen_ai.request.temperature": sampling.temperature,
        "gen_ai.request.top_p": sampling.top_p,
        "gen_ai.request.seed": run.identity.seed(record.case, record.sample),
    }
    if record.loop:
        return found
    found["gen_ai.request.max_tokens"] = sampling.max_tokens
    if sampling.stop:
        found["gen_ai.request.stop_sequences"] = sampling.stop
    return found


def _timed(timing: Timing) -> dict[str, Value]:
    found: dict[str, Value] = {
        "llmops.call.started": timing.started,
        "llmops.call.queue_seconds": timing.queue,
    }
    if timing.first_token is not None:
        found["gen_ai.response.time_to_first_chunk"] = timing.first_token
    return found


def of_grade(grade: Grade) -> dict[str, Value]:
    """Say what the tests and the static checks said."""
    found: dict[str, Value] = {
        "llmops.outcome": grade.outcome,
        "llmops.tests.passed": grade.tests_passed,
        "llmops.tests.expected": grade.tests_expected,
        "llmops.grade.seconds": grade.seconds,
    }
    if grade.memory is not None:
        found["llmops.grade.memory_bytes"] = grade.memory
    if grade.detail:
        found["llmops.grade.detail"] = grade.detail
    if grade.quality != UNMEASURED:
        for name, value in msgspec.structs.asdict(grade.quality).items():
            found[f"llmops.quality.{name}"] = value
    return found


def messages(told: tuple[Message, ...], finish: str = "") -> str:
    """Messages as GenAI conventions write them: a JSON list of roles and parts."""
    ended = {"finish_reason": finish} if finish else {}
    return msgspec.json.encode(
        [
            {"role": one.role, "parts": [{"type": "text", "content": one.content}], **ended}
            for one in told
        ]
    ).decode()
