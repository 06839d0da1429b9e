"""What a tracking server answers, as far as delivery reads it."""

from collections.abc import Mapping, Sequence

import msgspec

from pytest_llmops.sinks.delivery.destination import RejectedError


class Named(msgspec.Struct, frozen=True):
    """A tag."""

    key: str
    value: str = ""


class Experiment(msgspec.Struct, frozen=True):
    """Of a suite."""

    experiment_id: str


class Info(msgspec.Struct, frozen=True):
    """What is known of a run when it starts."""

    run_id: str
    experiment_id: str
    artifact_uri: str = ""


class TrackedRun(msgspec.Struct, frozen=True):
    """A run of ours, there."""

    info: Info


class Versioned(msgspec.Struct, frozen=True):
    """A registered model, or a version of one."""

    name: str
    version: str = ""
    tags: Mapping[str, str] = {}
    aliases: Sequence[str] = ()


class MlflowError(RejectedError):
    """The server's own word for why not."""

    def __init__(self, message: str, error_code: str) -> None:
        """Say why."""
        super().__init__(message)
        self.error_code = error_code
