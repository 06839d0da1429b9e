"""Who answered: all that decides what a model answers to a case."""

from urllib.parse import urlsplit

import msgspec

from pytest_llmops.completions import Sampling
from pytest_llmops.seeds import derive_seed


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides what the model answers to a case; equal identities are comparable."""

    model: str
    """Name as given to `--model`."""
    served: str
    """Weights, or name and URL at an endpoint."""
    weights_sha256: str = ""
    """Local models: digest of the weight files."""
    settings_sha256: str = ""
    """Local models: digest of the configuration files beside the weights."""
    adapter_sha256: str = ""
    tokenizer_sha256: str = ""
    body_changes: str = ""
    """Fields that models.toml adds to request bodies or leaves out of them."""
    dtype: str = ""
    device: str = ""
    prompt_version: str
    context_tokens: int
    """Budget of the prompts for the file around the function."""
    sampling: Sampling
    instruction: str = ""
    """What models.toml adds to every question."""
    seed_scheme: str = ""
    """How the seeds of attempts are found; "" in runs that drew sample k of all with `seed + k`."""

    engine: str = ""
    """Local models: the program that computes them, with its versions."""
    agent_sha256: str = ""
    """Digest of everything that decides what the agent does; "" for one direct answer."""
    asked_as: str = ""
    """In which form the agent is asked; "" for the prompt of a direct answer."""
    counter_sha256: str = ""
    """Digest of the tokenizer that counts where an endpoint does not; "" where none is named."""
    server: str = ""
    """What an endpoint said it serves when the session began; "" where it lists no models."""

    def seed(self, case_id: str, sample: int) -> int:
        """What one attempt was drawn with."""
        if not self.seed_scheme:
            return self.sampling.seed + sample
        return derive_seed(self.sampling.seed, case_id, sample)

    @property
    def asked(self) -> str:
        """The model's name at its endpoint, as it was asked for."""
        return self.served.rpartition(" at ")[0] or self.served

    @property
    def place(self) -> str:
        """Weights, or the model's name with host and path of its endpoint.

        The same server is reached over other schemes, ports (of a tunnel) and spellings.
        """
        name, at, url = self.served.rpartition(" at ")
        parts = urlsplit(url)
        if not at or not parts.hostname:
            return self.served
        host = parts.hostname.rstrip(".")
        if host in {"localhost", "::1"} or host.startswith("127."):
            host = "localhost"
        return f"{name} at {host}{parts.path.rstrip('/')}"

    @property
    def key(self) -> str:
        """The identity as one string, for the completion cache.

        An adapter is known by its digest, whatever it is called: a study does not ask again what
        was asked under the adapter's own name. An endpoint is known by what it says it serves.
        """
        fields = msgspec.structs.asdict(self) | {"served": self.place}
        if (
            not self.agent_sha256
        ):  # single answers keep the key that they had before there were agents
            del fields["agent_sha256"], fields["asked_as"]
        if not self.counter_sha256:  # likewise
            del fields["counter_sha256"]
        if self.adapter_sha256:
            del fields["model"]
        return msgspec.json.encode(fields).decode()
