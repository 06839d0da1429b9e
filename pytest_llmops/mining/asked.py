"""`llmops cases check`: how many questions hide a name that their solution uses."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from pytest_llmops.cases import Split, Suite
from pytest_llmops.errors import CaseError
from pytest_llmops.manifests import load_cases
from pytest_llmops.tasks.materialize import Task, materialize
from pytest_llmops.tasks.prompts.posed import Posed, posed
from pytest_llmops.tasks.prompts.prompt import build_messages
from pytest_llmops.tasks.trees.history import open_tree

COLUMNS = ("suite", "context tokens", "cases", "hide a name", "", "names", "strings")
"""The last two: mean share of names, and of strings, that are hidden."""


def run_check(
    suites: Iterable[Suite],
    budgets: Sequence[int],
    *,
    split: Split | None = None,
    source: str | None = None,
    verbose: bool = False,
) -> int:
    """Show what questions about functions hide with each budget.

    Returns:
        Exit status: 1 where the largest budget hides a name, else 0.

    Raises:
        CaseError: A case is not what its file says, or there is none.
        SourceError: A tree cannot be had.
    """
    tasks = {one.name: _tasks(one, split, source) for one in suites if not one.walk}
    if not any(tasks.values()):
        raise CaseError("no questions to check: the suites have no functions as cases")
    console = Console()
    table = Table(box=None, pad_edge=False)
    for number, heading in enumerate(COLUMNS):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for tokens in sorted(budgets):
        found = {name: [*_asked(some, tokens)] for name, some in tasks.items()}
        for name, told in found.items() if verbose else ():
            for task, one in zip(tasks[name], told, strict=True):
                if one.names:
                    line = f"{tokens}: {task.case.id}: {', '.join(one.names)}"
                    console.print(line, highlight=False, markup=False, soft_wrap=True)
        for name, told in _with_all(found).items():
            table.add_row(*_row(name, tokens, told))
    console.print(table)
    return 1 if any(one.names for told in found.values() for one in told) else 0


def _tasks(suite: Suite, split: Split | None, source: str | None) -> list[Task]:
    cases = [case for case in load_cases(suite) if split in (None, case.split)]
    tree = open_tree(suite, source=source)
    return [materialize(case, tree) for case in cases]


def _asked(tasks: Iterable[Task], tokens: int) -> Iterable[Posed]:
    for task in tasks:
        yield posed(task, build_messages(task, context_tokens=tokens))


def _with_all(found: Mapping[str, list[Posed]]) -> dict[str, list[Posed]]:
    every = [one for told in found.values() for one in told]
    return {**found, "all": every} if len(found) > 1 else {**found}


def _row(name: str, tokens: int, told: Sequence[Posed]) -> Iterable[str]:
    hidden = sum(bool(one.names) for one in told)
    count = max(1, len(told))
    return (
        name,
        f"{tokens:,}",
        str(len(told)),
        str(hidden),
        f"{hidden / count:.1%}",
        f"{sum(one.hidden_names for one in told) / count:.1%}",
        f"{sum(one.hidden_literals for one in told) / count:.1%}",
    )
