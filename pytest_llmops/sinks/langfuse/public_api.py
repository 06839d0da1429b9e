"""Langfuse's public API as delivery uses it, with the headers of SDK 5.

Its client library takes most of a second to import and makes objects of every answer, of which a
few fields are read here.
"""

import base64
import time
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import httpx
import msgspec

from pytest_llmops.sinks.acknowledge import acknowledge
from pytest_llmops.sinks.delivery.destination import DeliveryError, RejectedError
from pytest_llmops.sinks.openllmetry.otlp import ASKING, REFUSALS, retry_after
from pytest_llmops.sinks.settings import Langfuse, bare

TIMEOUT = 10.0
"""Seconds for one request."""

TRIES = 3
"""A server that is busy is asked so often, as the SDK does it."""

FIRST_PAUSE = 1.0
"""Seconds before the second try; twice as long before the third."""

LONGEST_PAUSE = 5.0
"""A server that asks for more is left alone until then."""


def headers(settings: Langfuse) -> dict[str, str]:
    """What a request says of who asks."""
    keys = f"{settings.public_key}:{settings.secret_key}".encode()
    return {
        "authorization": f"Basic {base64.b64encode(keys).decode()}",
        "x-langfuse-sdk-name": "python",
        "x-langfuse-sdk-version": version("langfuse"),
        "x-langfuse-public-key": settings.public_key,
    }


class PublicApi:
    """The API of one project; threads may share it."""

    def __init__(self, settings: Langfuse) -> None:
        """Prepare; nothing is sent."""
        self._url = bare(settings.url)
        self._http = httpx.Client(
            base_url=f"{settings.url}/api/public/",
            headers=headers(settings),
            timeout=TIMEOUT,
            event_hooks={"response": [acknowledge]},
        )

    def get(self, path: str, **asked: str | int) -> dict[str, Any]:
        """Ask for something.

        Raises:
            DeliveryError: There is no answer.
            RejectedError: It is a refusal.
        """
        return self._decoded(self._answer("GET", path, params=asked))

    def post(self, path: str, body: object) -> dict[str, Any]:
        """Write something; see `get`."""
        content = msgspec.json.encode(body)
        kind = {"content-type": "application/json"}
        return self._decoded(self._answer("POST", path, content=content, headers=kind))

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _answer(self, method: str, path: str, **content: Any) -> httpx.Response:
        for number in range(TRIES):
            try:
                answer = self._http.request(method, path, **content)
            except httpx.HTTPError as error:
                raise DeliveryError(
                    f"{self._url} does not answer ({type(error).__name__})"
                ) from None
            pause = _pause(answer.status_code, answer.headers, number)
            if pause is None:
                break
            time.sleep(pause)
        return answer

    def _decoded(self, answer: httpx.Response) -> dict[str, Any]:
        status = answer.status_code
        if not answer.is_success:
            kind = RejectedError if status in REFUSALS else DeliveryError
            error = kind(f"{self._url} answered {status}")
            if status in ASKING:
                error.retry_after = retry_after(answer.headers.get("retry-after", ""))
            raise error
        try:
            return msgspec.json.decode(answer.content, type=dict[str, Any])
        except msgspec.DecodeError:
            told = answer.headers.get("content-type", "no content type")
            raise DeliveryError(
                f"{self._url} answered {status} with {told}, which is no answer of Langfuse"
            ) from None


def _pause(status: int, told: Mapping[str, str], number: int) -> float | None:
    """Seconds after which to ask again; None not to."""
    if number == TRIES - 1 or (status < 500 and status not in {408, 409, 429}):
        return None
    asked = retry_after(told.get("retry-after", ""))
    if asked > LONGEST_PAUSE:
        return None
    return asked or FIRST_PAUSE * 2**number
