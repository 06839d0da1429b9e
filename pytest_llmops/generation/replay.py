"""A model that answers from recorded completions: to grade a run again, and the double of tests.

It answers in the thread that asks, without a loop, a thread or a queue, in about a microsecond, and
has the methods of `Generation`, so a session cannot tell them apart.
"""

import threading
from collections.abc import Mapping

from pytest_llmops.completions import Completion, Request
from pytest_llmops.errors import EndpointError
from pytest_llmops.generation.keys import Key, named, unannounced, unheard
from pytest_llmops.generation.progress import Progress, Tally

_MISSING = "the recorded run holds no completion of it; select the cases and samples of that run"
_STRANGER = "its prompt has changed since it was recorded; the completion answers another question"


class Replay:
    """Hands out recorded completions by case and sample; safe for any thread."""

    def __init__(
        self, recorded: Mapping[Key, Completion], prompts: Mapping[Key, str] | None = None
    ) -> None:
        """Prepare.

        Args:
            recorded: Completions by case and sample.
            prompts: SHA-256 of the prompts they answered, where known.
        """
        self._recorded = recorded
        self._prompts = dict(prompts or {})
        self._strangers: set[Key] = set()
        self.arrived = unheard  # called with each answer when it is announced
        self._tally = Tally()
        self._ready = threading.Event()
        self._announced: set[Key] = set()

    def start(self, requests: Mapping[Key, Request]) -> None:
        """Announce the requests of a session, once.

        Raises:
            RuntimeError: Started before or closed.
        """
        if self._ready.is_set():
            raise RuntimeError("a replay is started once")
        self._tally.start()
        self.extend(requests)
        self._ready.set()

    def extend(self, requests: Mapping[Key, Request]) -> None:
        """Announce more requests.

        Raises:
            ValueError: Two requests have the same case and sample.
        """
        if not self._announced.isdisjoint(requests):
            raise ValueError("two requests have the same case and sample")
        for key, request in requests.items():
            recorded = self._prompts.pop(key, "")
            if recorded not in {"", request.prompt_sha256}:
                self._strangers.add(key)
        self._announced |= set(requests)
        self._tally.expect(len(requests))
        for key in requests if self.arrived is not unheard else ():
            if answer := self._answer(key):
                self.arrived(key, answer)

    def await_completion(self, key: Key, timeout: float | None = None) -> Completion:
        """Return the recorded completion; before `start`, block until then.

        Raises:
            EndpointError: The record holds none or one to another prompt, or the request was not
                announced.
        """
        if not self._ready.wait(timeout):
            raise EndpointError(f"{named(key)}: nothing was sent within {timeout:g} s of waiting")
        if key not in self._announced:
            raise unannounced(key)
        completion = self._answer(key)
        if completion is None:
            why = _STRANGER if key in self._recorded else _MISSING
            fault = EndpointError(f"{named(key)}: {why}")
            self._tally.add(fault)
            raise fault
        self._tally.add(completion)
        return completion

    def _answer(self, key: Key) -> Completion | None:
        return None if key in self._strangers else self._recorded.get(key)

    def progress(self) -> Progress:
        """Counts of this moment."""
        return self._tally.progress()

    def close(self) -> None:
        """Release those who wait for `start`."""
        self._ready.set()
