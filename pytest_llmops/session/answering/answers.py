"""What a session has its completions from: a model, or a recorded run."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.completions import Loop
from pytest_llmops.generation.keys import Key
from pytest_llmops.generation.replay import Replay
from pytest_llmops.models import Prices
from pytest_llmops.runs.record import Identity

if TYPE_CHECKING:  # what asks a model is imported by the session that asks one
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
