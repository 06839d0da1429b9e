"""Whether a question tells enough: what its reference uses and the question never shows.

A name counts as hidden where the project declares it (`reaching`), the reference uses it, and no
word of the question is it. A literal counts where the reference has a string with a word in it that
the question has not; one may be told in prose, so it's told for information and decides nothing.
"""

import re
from collections.abc import Sequence

import msgspec

from pytest_llmops.completions import Message
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.prompts.prompt import build_messages
from pytest_llmops.tasks.prompts.reaching import WORD, reach


class Posed(msgspec.Struct, frozen=True):
    """What a question leaves to be guessed."""

    names: tuple[str, ...]
    """Names that are hidden, sorted."""
    used: int
    """Names that the reference uses and the project declares."""
    literals: tuple[str, ...]
    """Texts of strings that are hidden, sorted."""
    strings: int
    """Texts of strings that the reference has."""

    @property
    def hidden_names(self) -> float:
        """Share of the names that are hidden; 0 where none is used."""
        return len(self.names) / self.used if self.used else 0.0

    @property
    def hidden_literals(self) -> float:
        """Share of the strings that are hidden; 0 where there are none."""
        return len(self.literals) / self.strings if self.strings else 0.0


def posed(task: Task, messages: Sequence[Message]) -> Posed:
    """Say what a question about a function leaves to be guessed."""
    text = "\n".join(message.content for message in messages)
    words, known = set(WORD.findall(text)), reach(task).known
    strings = reach(task).uses.literals
    plain = " ".join(re.findall(r"\S+", text))
    literals = [one for one in strings if " ".join(one.split()) not in plain]
    return Posed(
        names=tuple(sorted(known - words)),
        used=len(known),
        literals=tuple(sorted(literals)),
        strings=len(strings),
    )


def is_hiding(task: Task, messages: Sequence[Message]) -> bool:
    """Whether a question hides a name that its reference uses."""
    words = {word for message in messages for word in WORD.findall(message.content)}
    return not reach(task).known <= words


def is_underspecified(task: Task, context_tokens: int) -> bool:
    """Whether a question with this budget hides a name that its reference uses."""
    return is_hiding(task, build_messages(task, context_tokens=context_tokens))
