"""The model of a session, as far as models.toml tells of it; nothing of it is loaded."""

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_llmops.errors import ModelError
from pytest_llmops.local_models import AdapterModel, LocalModel
from pytest_llmops.models import Model, load_models, resolve
from pytest_llmops.session.options import Options

if TYPE_CHECKING:  # a hosted or recorded model needs no engine
    from pytest_llmops.engine.spec import EngineSpec


def check_model(name: str, models_file: Path) -> None:
    """Find what stands in the way of a model, as far as that is told without loading it.

    Raises:
        ModelError: The model is unknown, or its engine, weights or adapter are missing or refused.
    """
    model, base = resolve(name, models_file)
    if base:
        from pytest_llmops.engine.foreign import check_spec

        check_spec(engine_spec(model, base))


def engine_spec(
    model: Model, base: LocalModel, *, host: str = "127.0.0.1", port: int = 0
) -> "EngineSpec":
    """What the engine must serve for a model; port 0 is any free one."""
    from pytest_llmops.engine.spec import EngineSpec

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


def require_model(options: Options) -> None:
    """See that a model is named.

    Raises:
        ModelError: None is; says which there are.
    """
    if not options.model:
        known = ", ".join(load_models(options.models_file)) or "none"
        raise ModelError(f"--model is needed; {options.models_file} names: {known}")
