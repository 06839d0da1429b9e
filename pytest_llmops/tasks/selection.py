"""Which cases a session attempts, and the request each of them becomes.

A selection is made from options alone, so the controller and every worker of a session arrive at
the same one without talking to each other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_llmops.cases import Case, Suite, suite_of
from pytest_llmops.completions import Request
from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.manifests import load_cases
from pytest_llmops.tasks.choice import Choice
from pytest_llmops.tasks.questions import QuestionBook
from pytest_llmops.tasks.shards import divide
from pytest_llmops.tasks.sources import SourceTree, open_source
from pytest_llmops.tasks.suites import find_suites

if TYPE_CHECKING:  # most questions are known, and then nothing is parsed
    from pytest_llmops.tasks.asked import AnyTask
    from pytest_llmops.tasks.materialize import Task

__all__ = ["Choice", "Selection", "select"]


class Selection:
    """The chosen cases with their source trees; tasks are made when asked for, once."""

    def __init__(
        self,
        choice: Choice,
        trees: Mapping[str, SourceTree],
        cases: Iterable[Case],
        unreachable: Mapping[str, str],
        book: QuestionBook | None = None,
    ) -> None:
        self.choice = choice
        self.trees = dict(trees)
        self.whole = tuple(cases)
        """The cases of all shards."""
        self.cases = {case.id: case for case in self._own()}
        self.unreachable = dict(unreachable)
        """Suites left out, with the reason."""
        self.without_packages: dict[str, str] = {}
        """Suites whose npm packages are not to be had, with the reason: these cases are not run."""
        self._book = book or QuestionBook()
        self.underspecified = tuple(self._book.hidden)
        """Ids of cases left out because their questions hide a name; see `posed`."""
        self._tasks: dict[str, AnyTask] = {}
        self._required: set[str] = set()

    def _own(self) -> Sequence[Case]:
        """The cases of the chosen shard; all where none is."""
        shard = self.choice.shard
        if shard is None:
            return self.whole
        return divide(self.whole, shard.count, self.choice.seconds)[shard.index - 1]

    def attempts(self) -> dict[str, tuple[str, int]]:
        """Map the pytest id of every attempt, `CASE@SAMPLE`, to its case id and sample.

        The ids are the same whatever the number of samples, and no other test has such ids.
        """
        return {
            f"{name}@{sample}": (name, sample)
            for name in self.cases
            for sample in range(self.choice.samples)
        }

    def find_attempts(self, nodeids: Iterable[str]) -> dict[str, tuple[str, int]]:
        """The attempts among tests that another process has collected, by the tests' ids.

        pytest writes characters beyond ASCII as escapes.
        """
        attempts = self.attempts().items()
        escaped = {name.encode("unicode_escape").decode(): key for name, key in attempts}
        names = {nodeid: nodeid.rpartition("]")[0].partition("[")[2] for nodeid in nodeids}
        return {nodeid: escaped[name] for nodeid, name in names.items() if name in escaped}

    def not_run(self, case_id: str) -> str:
        """Why a case cannot be judged on this machine; "" where it can."""
        case = self.cases[case_id]
        missing = self.without_packages.get(suite_of(case), "") if case.packages else ""
        return missing and f"not run: its tests need npm packages: {missing}"

    def tree(self, case: Case) -> SourceTree:
        """The source tree a case lies in."""
        return self.trees[suite_of(case)]

    def asked(self, case_id: str) -> "AnyTask":
        """Materialize a case of any kind.

        Raises:
            CaseError: The source tree does not hold what the manifest says.
            SourceError: The tree of a commit cannot be fetched.
        """
        if case_id not in self._tasks:
            from pytest_llmops.tasks.asked import materialize_any  # noqa: PLC0415

            case = self.cases[case_id]
            self._tasks[case_id] = materialize_any(case, self.tree(case))
        return self._tasks[case_id]

    def task(self, case_id: str) -> "Task":
        """Materialize a case that asks for a function.

        Raises:
            CaseError: It asks for something else, or see `asked`.
        """
        from pytest_llmops.tasks.materialize import Task, materialize  # noqa: PLC0415

        task = self.asked(case_id)
        return task if isinstance(task, Task) else materialize(task.case, task.tree)

    def request(
        self, case_id: str, sample: int, context_tokens: int, instruction: str = ""
    ) -> Request:
        """What the model is asked for one attempt; see `asked.question`.

        Raises:
            CaseError, SourceError: See `asked`.
        """
        case, how = self.cases[case_id], (context_tokens, instruction)
        if case.change:
            messages = self._book.of_change(case, self.asked, *how)
        else:
            messages = self._book.of_function(case, self.tree(case), *how)
        sampling = self.choice.sampling
        return Request(case_id=case_id, sample=sample, messages=messages, sampling=sampling)

    def require(self, case_id: str) -> None:
        """See that a case is what the manifest says; not read again where its question was put.

        Raises:
            CaseError, SourceError: See `asked`.
        """
        if case_id in self._required:
            return
        case = self.cases[case_id]
        if case.change or not self._book.knows(case, self.tree(case)):
            self.asked(case_id)
        self._required.add(case_id)

    def askable(self, keys: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
        """Those attempts whose cases are what the manifests say.

        A corrupt case is passed over: its own test meets the same `CaseError` and reports it.

        Raises:
            SourceError: What commits need cannot be fetched.
        """
        keys = list(keys)
        chosen = [self.cases[name] for name in dict.fromkeys(name for name, _ in keys)]
        if changed := [case for case in chosen if case.change]:
            self._fetch(changed)
        for key in keys:
            try:
                self.require(key[0])
            except CaseError:
                continue
            yield key

    def _fetch(self, changed: Sequence[Case]) -> None:
        """Have the trees of commits laid out, those of a suite at once."""
        from pytest_llmops.tasks.trees.history import Shelf  # noqa: PLC0415

        for suite, tree in self.trees.items():
            if isinstance(tree, Shelf):
                ours = [case.change for case in changed if suite_of(case) == suite]
                tree.fetch(filter(None, ours))


def select(choice: Choice) -> Selection:
    """Open the suites and choose their cases, in the order of suites.toml and of ids.

    Raises:
        CaseError: A suite is unknown, a manifest is broken, or there is no case to attempt.
        SourceError: A suite asked for by name cannot be reached.
    """
    trees: dict[str, SourceTree] = {}
    cases: list[Case] = []
    unreachable: dict[str, str] = {}
    book = QuestionBook()
    opened: list[tuple[Suite, list[Case]]] = []
    apart: list[str] = []
    for suite in find_suites(choice.suites_file, choice.suites):
        if suite.by_name_alone and not choice.suites:
            apart.append(suite.name)
            continue
        try:
            trees[suite.name] = _open(suite, choice.source or None)
        except SourceError as error:
            if choice.suites:
                raise
            unreachable[suite.name] = str(error)
        else:
            opened.append((suite, load_cases(suite)))
            chosen = [case for case in opened[-1][1] if choice.takes(case)]
            unfair = book.hiding(trees[suite.name], chosen, choice.context_tokens)
            cases += [case for case in chosen if case.id not in unfair]
    if not cases:
        raise CaseError(choice.nothing(opened, unreachable, apart, len(book.hidden)))
    selection = Selection(choice, trees, cases, unreachable, book)
    files = len({(suite_of(case), case.cluster) for case in cases})
    if choice.shard and choice.shard.count > files:
        raise CaseError(
            f"--shard={choice.shard}: the cases lie in {files} source files, and a file is not "
            f"divided, so some shards would have none; make at most {files}"
        )
    return selection


def _open(suite: Suite, source: str | None) -> SourceTree:
    """The tree of a suite; see `history.open_tree`."""
    if not suite.asks_for_changes:
        return open_source(suite, source=source)
    from pytest_llmops.tasks.trees.history import open_tree  # noqa: PLC0415

    return open_tree(suite, source=source)
