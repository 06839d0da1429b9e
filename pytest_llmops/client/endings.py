"""Why an answer ended: the words of many servers, in the five that a record has.

Words are compared without case. One that speaks of a fault is no ending at all: the answer is not
the model's, so it is asked for again and never judged.
"""

import re
from collections.abc import Mapping

from pytest_llmops.completions import FinishReason

SLACK = 16
"""Tokens by which an answer may miss the limit that it is said to have hit; endpoints whose hidden
reasoning counts against it stop a little early."""

WORDS: Mapping[FinishReason, str] = {
    "stop": "stop eos eos_token end_turn stop_sequence stop_token complete completed finished end"
    " endoftext",
    "length": "length max_tokens max_output_tokens max_completion_tokens max_new_tokens max_length"
    " model_length limit token_limit",
    "context": "model_context_window_exceeded context_length context_window error_limit",
    "content_filter": "content_filter content_filtered safety sensitive refusal recitation"
    " blocklist prohibited_content spii guardrail_intervened error_toxic",
}
FINISH = {word: meaning for meaning, words in WORDS.items() for word in words.split()}
NONE = frozenset({"", "null", "none", "finish_reason_unspecified"})
"""What some servers write where an answer goes on."""
FAULT = re.compile(
    r"error|abort|cancel|insufficient|time_?d?_?out|unavailable|overload|disconnect|fail"
)


def ending(said: str) -> FinishReason:
    """What a server's word means."""
    return FINISH.get(said.lower(), "other")


def is_fault(said: str) -> bool:
    """Whether a server's word says that the model did not end its answer."""
    word = said.lower()
    return word not in FINISH and FAULT.search(word) is not None


def cut_by_context(said: str, output: int, asked: int | None) -> bool:
    """Whether a `length` was not the limit that was asked for, but one of the server's own.

    Args:
        said: The server's word; only a plain `length` leaves open which limit it was.
        output: Tokens of the answer, by the server's count.
        asked: The limit in the request; None where it had none.
    """
    return said.lower() == "length" and asked is not None and output + SLACK < asked
