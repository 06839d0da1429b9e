"""The questions of a selection, about cases of every kind."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pytest_llmops.cases import Case
from pytest_llmops.completions import Message
from pytest_llmops.tasks.prompts.kept import Questions
from pytest_llmops.tasks.sources import SourceTree

if TYPE_CHECKING:
    from pytest_llmops.tasks.asked import AnyTask


class QuestionBook:
    """What is asked of each case; what is asked of functions outlives the session."""

    def __init__(self) -> None:
        self._functions: dict[tuple[str, int, str], Questions] = {}
        self._changes: dict[tuple[str, int, str], tuple[Message, ...]] = {}
        self.hidden: list[str] = []
        """Ids that `hiding` gave."""

    def hiding(
        self, tree: SourceTree, cases: Sequence[Case], context_tokens: int | None
    ) -> frozenset[str]:
        """Ids of the functions whose questions hide a name; none without a budget.

        A corrupt case is not among them: its own test says what is wrong with it.
        """
        functions = [case for case in cases if not case.change]
        if context_tokens is None or not functions:
            return frozenset()
        found = self._about(tree, context_tokens).hiding(functions)
        self.hidden += found
        return frozenset(found)

    def of_function(
        self, case: Case, tree: SourceTree, context_tokens: int, instruction: str
    ) -> tuple[Message, ...]:
        """The question about a function; see `asked.question`.

        Raises:
            CaseError: The tree does not hold what the manifest says.
        """
        return self._about(tree, context_tokens, instruction).messages(case)

    def of_change(
        self, case: Case, task: "Callable[[str], AnyTask]", context_tokens: int, instruction: str
    ) -> tuple[Message, ...]:
        """The question about a change, which `task` materializes; see `asked.question`.

        Raises:
            CaseError, SourceError: `task` raises it.
        """
        key = case.id, context_tokens, instruction
        if key not in self._changes:
            from pytest_llmops.tasks.asked import question  # noqa: PLC0415

            self._changes[key] = question(
                task(case.id), context_tokens=context_tokens, instruction=instruction
            )
        return self._changes[key]

    def knows(self, case: Case, tree: SourceTree) -> bool:
        """Whether a question about a function was put in this session: its tree holds it then."""
        root = str(tree.root)
        return any(key[0] == root and one.knows(case) for key, one in self._functions.items())

    def _about(self, tree: SourceTree, context_tokens: int, instruction: str = "") -> Questions:
        key = str(tree.root), context_tokens, instruction
        if key not in self._functions:
            self._functions[key] = Questions(tree, context_tokens, instruction)
        return self._functions[key]
