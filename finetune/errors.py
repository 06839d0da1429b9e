"""Errors of fine-tuning that a user can act on."""

from pytest_llmops.errors import LlmopsError


class FinetuneError(LlmopsError):
    """A stage of fine-tuning cannot go on; says what was found, where, and what to do."""


class LeakError(FinetuneError):
    """Training data hold an evaluation case, its cluster, or a near-duplicate of it."""
