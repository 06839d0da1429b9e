"""What an endpoint says it serves: its list of models, read once before anything is asked.

Most servers have `/v1/models`. It tells a wrong name before it costs anything, and it is the only
word on whether the model behind an address is still the one that answered yesterday. One short try;
an endpoint without such a list, or one that does not answer in time, says nothing.
"""

import difflib
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec

from pytest_llmops.client.connections import Connections, ask_once
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.faults import UNREADABLE
from pytest_llmops.errors import EndpointError

SECONDS = 3.0
"""For the one try, whatever comes."""
TELLING = (
    *("id", "root", "parent", "owned_by", "created", "meta", "max_model_len"),
    *("digest", "hash", "revision", "version", "quantization"),
)
"""Fields that tell one model from another, and do not change from day to day."""
JUST_NOW = 60.0
"""Seconds; a `created` so close is the time of the request (vLLM, llama.cpp), not of the model."""
SHOWN = 300
"""Characters of what is said; more becomes a digest."""


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint says of itself."""

    names: tuple[str, ...]
    """The models it lists."""
    says: str
    """What it says of the model asked for, or of all where it lists that one under no name."""

    def unknown(self, name: str) -> str:
        """Why a name will hardly be answered to, for people; "" where it is listed."""
        known = {known.removeprefix("models/").removesuffix(":latest") for known in self.names}
        if not known or name.removeprefix("models/").removesuffix(":latest") in known:
            return ""
        near = difflib.get_close_matches(name, self.names, n=3) or sorted(self.names)[:3]
        more = f" and {len(self.names) - len(near)} more" if len(self.names) > len(near) else ""
        return f"lists no model {name!r} (it lists {', '.join(near)}{more})"


def ask_serving(endpoint: Endpoint) -> Serving | None:
    """Read the list of models; None where there is none."""
    try:
        status, body = ask_once(
            Connections(endpoint, SECONDS), "/models", seconds=SECONDS, read={200}
        )
        return _serving(msgspec.json.decode(body), endpoint) if status == 200 else None
    except (EndpointError, *UNREADABLE):
        return None


def _serving(document: Any, endpoint: Endpoint) -> Serving | None:
    listed = document.get("data") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        return None
    models = [one for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str)]
    if not models:
        return None
    ours = [one for one in models if one["id"] == endpoint.model] or models
    said = endpoint.redact(_line(ours, time.time()))
    return Serving(names=tuple(endpoint.redact(one["id"]) for one in models), says=said)


def _line(models: Sequence[dict[str, Any]], now: float) -> str:
    told = [
        {
            name: value
            for name in TELLING
            if (value := one.get(name)) is not None and not _is_now(name, value, now)
        }
        for one in models
    ]
    line = msgspec.json.encode(told, order="deterministic").decode()
    return line if len(line) <= SHOWN else f"sha256:{sha256(line.encode()).hexdigest()}"


def _is_now(name: str, value: object, now: float) -> bool:
    return name == "created" and isinstance(value, int | float) and abs(value - now) < JUST_NOW
