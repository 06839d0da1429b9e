"""Token counts for servers that report none: the output text and the prompt, counted here.

The counts are those of the named tokenizer, which must be the model's own; nothing can check that.
Special tokens at the end of an answer are not in its text and not counted, nor is thinking that the
server does not send. Where the tokenizer has no chat template, the contents of the messages are
counted without the tokens between them.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from pytest_llmops.completions import Request, Usage
from pytest_llmops.errors import ModelError


@lru_cache(maxsize=8)
def counter_of(name: str) -> "TokenCounter":
    """The counter of a name, loaded once; see `TokenCounter`."""
    return TokenCounter(name)


def tokenizer_sha256(tokenizer: Any) -> str:
    """Return the digest of what turns messages into tokens: vocabulary, rules, chat template."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    rules = backend.to_str() if backend else repr(sorted(tokenizer.get_vocab().items()))
    return hashlib.sha256(f"{rules}\0{tokenizer.chat_template}".encode()).hexdigest()


class TokenCounter:
    """Counts with a Hugging Face tokenizer; transformers is imported here and nowhere before."""

    def __init__(self, name: str) -> None:
        """Load a tokenizer.

        Args:
            name: Hugging Face id, a folder, or a `tokenizer.json` file.

        Raises:
            ModelError: It cannot be loaded, or transformers is not installed.
        """
        try:
            from transformers import AutoTokenizer, PreTrainedTokenizerFast  # noqa: PLC0415
        except ImportError:
            raise ModelError(
                f"tokenizer {name!r}: transformers is not installed; "
                "pip install 'pytest-llmops[local]'"
            ) from None
        try:
            self._tokenizer: Any = (
                PreTrainedTokenizerFast(tokenizer_file=name)
                if Path(name).is_file()
                else AutoTokenizer.from_pretrained(name)
            )
        except Exception as error:  # the library raises bare Exception for bad files
            raise ModelError(
                f"tokenizer {name!r} cannot be loaded: {error}; "
                "name a Hugging Face id, a folder or a tokenizer.json"
            ) from error

    @property
    def sha256(self) -> str:
        """Digest of what it counts by."""
        return tokenizer_sha256(self._tokenizer)

    def count(self, request: Request, text: str, thinking: str = "") -> Usage:
        """Input and output tokens of one completion, thinking that came apart among the latter."""
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        if self._tokenizer.chat_template:
            prompt = self._tokenizer.apply_chat_template(
                messages, add_generation_prompt=True, tokenize=False
            )
        else:
            prompt = "\n".join(message["content"] for message in messages)
        thought = self.length(thinking)
        output = self.length(text) + thought
        return Usage(input=self.length(prompt), output=output, reasoning=thought)

    def length(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])
