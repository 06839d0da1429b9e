"""Local models in MLflow's registry: a registered model a base, a version a state of its weights.

    registered model  smollm2-135m-instruct
      version 1       the base itself         alias base
      version 2       with adapter 9f31...    alias lora-v1

A version is found again by the digests of its weights, so a model that is run often is registered
once, and an alias moves when the name in models.toml comes to mean other weights. It never moves
back: a tag of the registered model says when the run began that set it, and a run that began
earlier, delivered late, leaves it alone. The weights themselves stay where they are: the version
says what they are, its source is their digest.
"""

import re
from typing import TYPE_CHECKING, Any

from pytest_llmops.runs.record import Identity, Run
from pytest_llmops.sinks.mlflow.rest import Server

if TYPE_CHECKING:
    from pytest_llmops.sinks.mlflow.tracking_file import FileClient

WEIGHTS, ADAPTER = "llmops.weights_sha256", "llmops.adapter_sha256"

ALIAS_SET = "llmops.alias_set"
"""With an alias behind it, the tag that says when the run began that set the alias; Unix time."""


def register(client: "Server | FileClient", run: Run, tracked: str) -> str:
    """Register the model of a run, where it is a local one.

    Args:
        client: Of the server.
        run: The run.
        tracked: Id of the run there, which a new version names as its origin.

    Returns:
        `NAME/VERSION`; "" for a model behind an endpoint, whose weights nobody here knows.
    """
    identity = run.identity
    if not identity.weights_sha256:
        return ""
    name = model_name(identity)
    _ensure_model(client, name, identity)
    version = _find(client, name, identity) or _create(client, name, identity, tracked)
    _point(client, name, alias_name(identity.model), version, run.started)
    return f"{name}/{version.version}"


def model_name(identity: Identity) -> str:
    """The registered model of a base: what it is served from, without what a name cannot hold."""
    kept = re.sub(r"[/:.%\"']+", "-", identity.served.partition(":")[2] or identity.served)
    return kept.strip("- ") or "model"


def alias_name(model: str) -> str:
    """A model's name as an alias: letters, digits, `_` and `-`; never one that MLflow reserves."""
    kept = re.sub(r"[^A-Za-z0-9_-]+", "-", model).strip("-")[:200] or "model"
    reserved = kept.lower() == "latest" or re.fullmatch(r"[vV]\d+", kept)
    return f"model-{kept}" if reserved else kept


def _ensure_model(client: "Server | FileClient", name: str, identity: Identity) -> None:
    try:
        client.create_registered_model(
            name, description=f"{identity.served} and adapters on it, as benchmarked"
        )
    except Exception as error:
        # Of the client or of ours: both tell the server's own word for it.
        if getattr(error, "error_code", "") != "RESOURCE_ALREADY_EXISTS":
            raise


def _find(client: "Server | FileClient", name: str, identity: Identity) -> Any:
    for version in client.search_model_versions(f"name = '{name}'"):
        tags = version.tags
        if (tags.get(WEIGHTS), tags.get(ADAPTER, "")) == (
            identity.weights_sha256,
            identity.adapter_sha256,
        ):
            # A search does not say the aliases.
            return client.get_model_version(name, version.version)
    return None


def _point(
    client: "Server | FileClient", name: str, alias: str, version: Any, started: float
) -> None:
    """Make an alias mean a version, unless a run that began later has said what it means."""
    tag = f"{ALIAS_SET}.{alias}"
    last = float(client.get_registered_model(name).tags.get(tag, 0))
    if started < last:
        return
    if alias not in version.aliases:
        client.set_registered_model_alias(name, alias, version.version)
    if started > last:
        client.set_registered_model_tag(name, tag, repr(started))


def _create(client: "Server | FileClient", name: str, identity: Identity, tracked: str) -> Any:
    kind = "adapter" if identity.adapter_sha256 else "base"
    tags = {
        WEIGHTS: identity.weights_sha256,
        "llmops.served": identity.served,
        "llmops.kind": kind,
        "llmops.dtype": identity.dtype,
        "llmops.tokenizer_sha256": identity.tokenizer_sha256,
    }
    if identity.adapter_sha256:
        tags[ADAPTER] = identity.adapter_sha256
    return client.create_model_version(
        name,
        source=f"sha256:///{identity.adapter_sha256 or identity.weights_sha256}",
        run_id=tracked,
        tags=tags,
        description=f"{kind} {identity.model}",
    )
