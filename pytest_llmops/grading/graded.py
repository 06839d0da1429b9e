"""What an answer is worth, as records hold it; `grade` finds it out."""

from typing import Literal

import msgspec

Outcome = Literal[
    "solved",
    "forged",
    "wrong",
    "syntax_error",
    "load_error",
    "forbidden_import",
    "timeout",
    "out_of_memory",
    "truncated",
    "context",
    "empty",
    "refused",
    "budget",
    "hung",
    "repeated",
    "gave_up",
    "aborted",
    "edited_tests",
    "patch_failed",
]


class Quality(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Figures of one answer; all 0 where there is nothing to measure."""

    syntax_errors: int = 0
    """Errors that the file did not have without the answer."""
    complexity: int = 0
    """Cyclomatic complexity of the function, functions inside it and kept helpers included; 0 where
    it cannot be told."""
    characters: int = 0
    """Of the whole answer, white space left out; the shares are shares of it."""
    length_ratio: float = 0.0
    """Characters of body and kept helpers over those of the reference body; no comments."""
    code_share: float = 0.0
    """Code that was used, signature included."""
    unused_share: float = 0.0
    """Other code in blocks: examples, repeated parts of the file, earlier attempts."""
    comment_share: float = 0.0
    """Comments in blocks, or in the code that was used."""
    prose_share: float = 0.0
    """Text outside of code."""
    thinking_share: float = 0.0
    """Text inside `<think>`."""
    markup_share: float = 0.0
    """Fences and their labels, and the marks of thinking."""
    repetition: float = 0.0
    """Share of the lines of 4 characters and more that repeat an earlier line."""


UNMEASURED = Quality()
"""What another harness, which measures nothing of it, leaves of an answer."""


class Grade(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What an answer is worth."""

    outcome: Outcome
    """`truncated` is an answer that hit the token limit and is neither solved nor forged; `context`
    one that hit a limit of the server before that."""
    tests_passed: int
    """Of the expected ones, those reported once, as passed, by a judge that finished."""
    tests_expected: int
    detail: str
    """Why it is not solved, one line for people; may quote tests and the answer."""
    seconds: float
    """Wall time of the tests."""
    quality: Quality
    started: float = 0.0
    """When the tests began; Unix time, seconds. 0 in records that do not say."""
    memory: int | None = None
    """Peak resident memory of the process that ran the tests, bytes; None where none ran."""

    @property
    def solved(self) -> bool:
        """Whether the case counts as solved."""
        return self.outcome == "solved"

    def without_content(self) -> "Grade":
        """Drop what quotes tests or the answer."""
        return msgspec.structs.replace(self, detail="")
