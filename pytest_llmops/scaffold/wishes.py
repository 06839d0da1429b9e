"""What a user wants `llmops init` to write."""

import re
from typing import Literal

import msgspec

from pytest_llmops.addresses import VARIABLE, check_url
from pytest_llmops.errors import ModelError
from pytest_llmops.models import LATEST

Pipeline = Literal["github", "gitlab", "none"]
EMBEDDED_MODEL = "base"


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """The answers to what is asked."""

    url: str = ""
    """Of an endpoint, with the version; "" for the embedded model alone."""
    model: str = ""
    """Its name at the endpoint."""
    key_env: str = ""
    """The environment variable that holds the key; "" for none."""
    ci: Pipeline = "none"

    @property
    def name(self) -> str:
        """The model that the gate measures, as models.toml names it."""
        return re.sub(r"[^A-Za-z0-9_.-]+", "-", self.model).strip("-.") or EMBEDDED_MODEL

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            ModelError: An endpoint is told by half, or a secret is given in place of its name.
        """
        if bool(self.url) != bool(self.model):
            raise ModelError("init: an endpoint needs both --url URL and --model NAME, or neither")
        if self.key_env and not self.url:
            raise ModelError("init: --key-env is of an endpoint; give --url and --model too")
        if self.key_env and not VARIABLE.fullmatch(self.key_env):
            raise ModelError("init: --key-env is the name of a variable, as EXAMPLE_KEY, not a key")
        if self.url:
            check_url("init: --url", self.url)
            if self.name == LATEST:
                raise ModelError(f"init: {LATEST!r} names the newest run, so no model")
            if self.name == EMBEDDED_MODEL:
                raise ModelError(f"init: {EMBEDDED_MODEL!r} names the embedded model already")
