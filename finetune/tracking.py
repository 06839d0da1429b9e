"""The adapter as a model version in MLflow, where a tracking server is configured.

A run in the experiment `finetune` holds settings, losses and the adapter's files; the model of the
adapter's name gets a version that points there, and the alias `candidate` moves to it.
"""

import os
from pathlib import Path
from typing import Any

import msgspec

from .errors import FinetuneError
from .register import CARD, Registered, read_history
from .settings import Settings

VARIABLE = "MLFLOW_TRACKING_URI"
EXPERIMENT = "finetune"
ALIAS = "candidate"
"""Of the newest version; which one is good enough is for people to say."""

DIGEST = "llmops.adapter_sha256"
"""Tag of a version; a second one of the same adapter is not made."""


def track(registered: Registered, settings: Settings) -> str:
    """Make a model version of a registered adapter.

    Returns:
        What was done, as one line; "" where no tracking server is configured.

    Raises:
        FinetuneError: The server is configured and cannot be used; the adapter stays registered
            here.
    """
    uri = os.environ.get(VARIABLE, "")
    if not uri:
        return ""
    try:
        # Here, because it takes seconds to import and most projects have no server.
        from mlflow import MlflowClient  # noqa: PLC0415
        from mlflow.exceptions import MlflowException  # noqa: PLC0415
    except ImportError:
        raise FinetuneError(
            f"{VARIABLE} is set and mlflow is not installed: pip install 'pytest-llmops[mlflow]', "
            "or unset it"
        ) from None
    try:
        return _track(MlflowClient(tracking_uri=uri), registered, settings)
    except (MlflowException, OSError) as error:
        raise FinetuneError(
            f"{registered.folder} is registered, but MLflow at {_shown(uri)} failed: "
            f"{str(error).replace(uri, _shown(uri))}"
        ) from None


def _track(client: Any, registered: Registered, settings: Settings) -> str:
    name = settings.name
    if known := _known(client, name, registered.adapter_sha256):
        # What the card says may be new: what the adapter saves is measured after it was registered.
        client.log_artifact(known.run_id, str(registered.folder / CARD), "adapter")
        client.set_registered_model_alias(name, ALIAS, known.version)
        return f"MLflow: {name} version {known.version} is this adapter already; its card is new"
    experiment = client.get_experiment_by_name(EXPERIMENT)
    number = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)
    run = client.create_run(number, run_name=name, tags={DIGEST: registered.adapter_sha256})
    _log(client, run.info.run_id, registered.folder, settings)
    client.set_terminated(run.info.run_id)
    made = client.create_model_version(
        name,
        source=f"{run.info.artifact_uri}/adapter",
        run_id=run.info.run_id,
        tags={DIGEST: registered.adapter_sha256},
    )
    client.set_registered_model_alias(name, ALIAS, made.version)
    return f"MLflow: {name} version {made.version}, alias {ALIAS}"


def _known(client: Any, name: str, sha256: str) -> Any:
    """The version of a model that is this adapter; the model is made where there is none."""
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    for version in client.search_model_versions(f"name = '{name}'"):
        if version.tags.get(DIGEST) == sha256:
            return version
    return None


def _log(client: Any, run: str, folder: Path, settings: Settings) -> None:
    history = read_history(folder)
    groups = msgspec.to_builtins(settings)
    for group, values in groups.items():
        fields = values.items() if isinstance(values, dict) else [("", values)]
        for key, value in fields:
            client.log_param(run, f"{group}.{key}".rstrip("."), str(value))
    for point in history.curve:
        for kind in ("train_loss", "validation_loss"):
            if (loss := getattr(point, kind)) is not None:
                client.log_metric(run, kind, loss, step=point.step)
    for kind in ("seconds", "tokens", "peak_memory", "steps", "best_step"):
        client.log_metric(run, kind, float(getattr(history, kind)))
    client.log_artifacts(run, str(folder), "adapter")


def _shown(uri: str) -> str:
    """The address without a password in it."""
    scheme, mark, rest = uri.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"
