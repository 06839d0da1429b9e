"""`llmops cases`: what is asked, whether it can be answered, and since when it is known."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_llmops.cases import SPLITS, Case, Suite, load_suites
from pytest_llmops.cli.arguments import add_suites
from pytest_llmops.cli.project import find_project
from pytest_llmops.errors import CaseError, nearest
from pytest_llmops.local_models import CONTEXT_TOKENS
from pytest_llmops.manifests import load_all, load_cases
from pytest_llmops.session.numbers import positive
from pytest_llmops.tasks.suites import find_suites

BUDGETS = (150, 300, 1000)
"""Context tokens of which `check` tells what they hide."""
NEAR = 5
"""Ids that end as what was asked for, of which a message names so many."""


def add(commands: Any) -> None:
    """Declare the commands."""
    command = commands.add_parser("cases", help="look at cases, and keep their manifests")
    kinds = command.add_subparsers(required=True, metavar="COMMAND")
    _add_list(kinds)
    _add_show(kinds)
    _add_check(kinds)
    _add_date(kinds)


def _add_list(kinds: Any) -> None:
    command = kinds.add_parser(
        "list", help="list cases: split, difficulty, date, lines of the reference"
    )
    _suites(command)
    command.set_defaults(run=_list)


def _list(options: argparse.Namespace) -> int:
    every = [case for one in find_suites(options.suites, options.suite) for case in load_cases(one)]
    chosen = [case for case in every if options.split in (None, case.split)]
    width = max((len(case.id) for case in chosen), default=0)
    for case in chosen:  # a line each, however long: for `grep` as well
        size = f"{case.body_lines:>4} lines"
        date = case.date or "not dated"
        print(f"{case.id:<{width}}  {case.split:<5}  {case.difficulty:<6}  {date:<10} {size}")
    return 0


def _add_show(kinds: Any) -> None:
    command = kinds.add_parser("show", help="show the question about a case as a model gets it")
    command.add_argument("case", metavar="CASE", help="id of the case")
    budget = command.add_mutually_exclusive_group()
    budget.add_argument("--model", metavar="NAME", help="with the context_tokens of this model")
    budget.add_argument(
        "--context-tokens",
        type=positive,
        metavar="N",
        help=f"tokens for the program around the function (default: {CONTEXT_TOKENS})",
    )
    command.add_argument(
        "--reference", action="store_true", help="show the reference solution as well"
    )
    command.add_argument(
        "--models", type=Path, default=find_project().models, metavar="FILE", help="models.toml"
    )
    _source(command)
    add_suites(command)
    command.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> int:
    from pytest_llmops.models import EndpointModel, resolve
    from pytest_llmops.tasks.asked import materialize_any, question
    from pytest_llmops.tasks.trees.history import open_tree

    suite, case = find_case(options.suites, options.case)
    tokens, instruction = options.context_tokens or CONTEXT_TOKENS, ""
    if options.model:
        model, base = resolve(options.model, options.models)
        asked = model if isinstance(model, EndpointModel) else base
        if asked is None:
            raise CaseError(f"--model={options.model} replays answers; name the model they are of")
        tokens, instruction = asked.context_tokens, asked.instruction
    task = materialize_any(case, open_tree(suite, source=options.source))
    messages = question(task, context_tokens=tokens, instruction=instruction)
    print("\n".join(_facts(task, messages, tokens)), end="\n\n")
    print("\n\n".join(message.content for message in messages))
    if options.reference:
        print(f"\nReference:\n\n{task.reference}")
    return 0


def _facts(task: Any, messages: Sequence[Any], tokens: int) -> list[str]:
    """What there is to know of a case and of its question, a line each."""
    from pytest_llmops.tasks.materialize import Task
    from pytest_llmops.tasks.prompts.posed import posed
    from pytest_llmops.tasks.prompts.prompt import CHARACTERS_PER_TOKEN, shown_context

    case: Case = task.case
    judged = len(case.expected)
    lines = [
        case.id,
        f"{case.split}, {case.difficulty}, {case.body_lines} lines, "
        + (f"complexity {case.complexity}, " if case.complexity else "")
        + (f"dated {case.date}" if case.date else "not dated"),
        f"source: {case.source.path}; judged by {judged} tests of "
        + ", ".join(test.path for test in case.tests),
        *(f"left out as flaky: test {one}" for one in case.flaky),
    ]
    total = sum(len(message.content) for message in messages)
    budget = f"budget: {tokens:,} tokens, about {int(tokens * CHARACTERS_PER_TOKEN):,} characters"
    if not isinstance(task, Task):
        shown = sum(map(len, task.before.values()))
        files = f"{shown:,} of files before the change"
        return [*lines, f"{budget}, for {files}; question: {total:,} characters"]
    spent = [f"{part} {n:,}" for part, n in shown_context(task, tokens).spent.items() if n]
    found = posed(task, messages)
    return [
        *lines,
        f"{budget}: {', '.join(spent) or 'nothing to show'}; question: {total:,} characters",
        f"hidden names: {_hidden(found.names, found.used)}",
        f"hidden strings: {_hidden([repr(one) for one in found.literals], found.strings)}",
    ]


def _hidden(names: Sequence[str], used: int) -> str:
    if not used:
        return "none is used"
    return f"{len(names)} of {used}{': ' if names else ''}{', '.join(names)}"


def find_case(suites_file: Path, name: str) -> tuple[Suite, Case]:
    """The case of an id, with its suite.

    Raises:
        CaseError: There is none; names the nearest.
    """
    suites = load_suites(suites_file)
    wanted = name.partition(":")[0]
    looked = [suites[wanted]] if wanted in suites else list(suites.values())
    cases = {case.id: (suite, case) for suite in looked for case in load_cases(suite)}
    if name in cases:
        return cases[name]
    for line in (line for suite in looked for line in load_all(suite) if line.id == name):
        flaky = "".join(f"\n  left out as flaky: test {one}" for one in line.flaky)
        raise CaseError(f"{name} is in quarantine: {line.quarantine}; it is no case{flaky}")
    ending = [one for one in cases if one.endswith(name)][:NEAR]
    near = f"; did you mean {' or '.join(ending)}?" if ending else nearest(name, cases)
    where = f"suite {wanted!r} has" if wanted in suites else "the suites have"
    raise CaseError(f"{where} no case {name!r}{near or '; `llmops cases list` names all'}")


def _add_check(kinds: Any) -> None:
    command = kinds.add_parser(
        "check", help="count cases whose question hides a name that the reference uses"
    )
    _suites(command)
    command.add_argument(
        "--context-tokens",
        type=positive,
        action="append",
        metavar="N",
        help=f"budget of a question; repeatable (default: {', '.join(map(str, BUDGETS))})",
    )
    command.add_argument(
        "--verbose", action="store_true", help="name the cases and what their questions hide"
    )
    _source(command)
    command.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    from pytest_llmops.mining.asked import run_check

    if options.source and len(options.suite) != 1:
        raise CaseError("--source needs exactly one --suite, whose source it replaces")
    return run_check(
        find_suites(options.suites, options.suite),
        options.context_tokens or BUDGETS,
        split=options.split,
        source=options.source,
        verbose=options.verbose,
    )


def _add_date(kinds: Any) -> None:
    command = kinds.add_parser(
        "date", help="write since when each function is as it is into the manifests of a suite"
    )
    command.add_argument(
        "--suite",
        action="append",
        required=True,
        metavar="NAME",
        help="suite of a repository; repeatable",
    )
    _source(command)
    add_suites(command)
    command.set_defaults(run=_date)


def _date(options: argparse.Namespace) -> int:
    from pytest_llmops.mining.keeping import run_date

    return run_date(find_suites(options.suites, options.suite), options.source)


def _suites(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--suite",
        action="append",
        default=[],
        metavar="NAME",
        help="suite to look at; repeatable (default: all)",
    )
    command.add_argument("--split", choices=SPLITS, help="only cases of this split")
    add_suites(command)


def _source(command: argparse.ArgumentParser) -> None:
    command.add_argument("--source", metavar="PATH|URL", help="read the repository from here")
