"""How near innocent rows come to the limits of the leak check, and which planted copies it catches.

    python benchmarks/perf/leaks.py

The rows are the training cases of all suites that can be reached, each with its question and its
own solution as the answer. Nearest is the highest likeness to any evaluation case, over the pairs
that are long enough to be judged. Then every evaluation solution is planted under another question,
in each of `FORMS`, and every question with no answer. Fails where a row is refused, or where a copy
of a solution that is long enough is not caught.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from finetune.leaks import QUESTION_OVERLAP, QUESTION_RUNS, Item, find_leaks
from finetune.references import reference_completion
from finetune.sources import Sources
from pytest_llmops.completions import Message
from pytest_llmops.likeness.fingerprints import bodies, question_of
from pytest_llmops.local_models import LocalModel
from pytest_llmops.models import resolve
from pytest_llmops.tasks.code.leaves import (
    EQUAL_LEAVES,
    INSIDE_RUNS,
    INSIDE_SHARE,
    NEAR_OVERLAP,
    NEAR_RUNS,
    Code,
    Runs,
    code_of,
    contained,
    overlap,
)
from pytest_llmops.tasks.selection import Choice, Selection, select

ROOT = Path(__file__).parents[2]
HELPER = "function helper(text: string) {\n  return text.trim();\n}"
FORMS: dict[str, Callable[[str], str]] = {
    "a function": lambda body: fenced(f"function rows(it: string) {body}"),
    "a method of an object": lambda body: beside(f"const all = {{ rows(it: string) {body} }};"),
    "a property of an object": lambda body: beside(f"const all = {{ rows: (it) => {body} }};"),
    "an arrow passed on": lambda body: beside(f"const rows = memo((it: string) => {body});"),
    "statements": lambda body: beside(body[1:-1] if body.startswith("{") else body),
    "behind a fence": lambda body: f"{fenced(HELPER)}\nThen:\nfunction rows(it: string) {body}",
}
"""An answer that holds a body; in all but the first one beside another function."""
ASKED = (Message("user", "Something else."),)


def fenced(code: str) -> str:
    """Code as an answer."""
    return f"Here it is:\n\n```typescript\n{code}\n```\n"


def beside(code: str) -> str:
    """Code below another function."""
    return fenced(f"{HELPER}\n\n{code}")


def main() -> None:
    """Print both tables."""
    training, evaluation = read()
    refused, missed = compare(training, evaluation), attack(evaluation)
    if refused or missed:
        sys.exit(f"\n{refused} innocent rows are refused, {missed} planted copies are missed")


def read() -> tuple[list[Item], list[Item]]:
    """The training cases with their solutions as answers, and the evaluation cases."""
    base, _ = resolve("base", ROOT / "models.toml")
    assert isinstance(base, LocalModel)
    sources = Sources(
        training=chosen("train"), evaluation=chosen("eval"), references=frozenset(), base=base
    )
    training = [
        Item(
            case=name,
            suite=question.suite,
            cluster=question.cluster,
            messages=question.messages,
            answer=reference_completion(sources.training.task(name)),
        )
        for name, question in sources.questions().items()
    ]
    return training, sources.guarded()


def chosen(split: str) -> Selection:
    """All cases of a split that can be reached."""
    return select(Choice(suites_file=ROOT / "cases" / "suites.toml", split=split))


def by_suite(items: Iterable[Item]) -> dict[str, list[Item]]:
    """Cases by their suite."""
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(item.suite, []).append(item)
    return found


def compare(training: Sequence[Item], evaluation: Sequence[Item]) -> int:
    """Print how near the rows come; return how many are refused."""
    print(f"Highest likeness of rows to any of {len(evaluation)} evaluation cases:\n")
    print(f"{'':24}{'code':>8}{'inside':>8}{'question':>10}{'refused':>9}")
    print(f"{'limit':24}{NEAR_OVERLAP:8.2f}{INSIDE_SHARE:8.2f}{QUESTION_OVERLAP:10.2f}{0:9}")
    total = 0
    for suite, rows in by_suite(training).items():
        near, inside, question = nearest(rows, evaluation)
        refused = len({leak.case for leak in find_leaks(rows, evaluation)})
        total += refused
        name = f"{suite}, {len(rows)} rows"
        print(f"{name:24}{near:8.2f}{inside:8.2f}{question:10.2f}{refused:9}")
    return total


def nearest(rows: Sequence[Item], evaluation: Sequence[Item]) -> tuple[float, float, float]:
    """Highest likeness of code, of code inside other code, and of questions; 0 where none."""
    codes = {code.runs for row in rows for code in shown(row)}
    solutions = {code_of(one.answer).runs for one in evaluation}
    asked = {question_of(row.messages).runs for row in rows}
    questions = {question_of(one.messages).runs for one in evaluation}
    return (
        highest(codes, solutions, NEAR_RUNS, overlap),
        highest(codes, solutions, INSIDE_RUNS, contained),
        highest(asked, questions, QUESTION_RUNS, overlap),
    )


def shown(row: Item) -> Iterable[Code]:
    """All code of a row, prompt and answer."""
    for text in (row.answer, *(message.content for message in row.messages)):
        yield from bodies(text)


def highest(
    ones: Iterable[Runs], others: Iterable[Runs], least: int, like: Callable[[Runs, Runs], float]
) -> float:
    """The highest likeness, shorter text first, of pairs that both have `least` runs."""
    long = [one for one in others if len(one) >= least]
    pairs = ((one, other) for one in ones if len(one) >= least for other in long)
    alike = (sorted(pair, key=len) for pair in pairs if not pair[0].isdisjoint(pair[1]))
    return max((like(shorter, longer) for shorter, longer in alike), default=0.0)


def attack(evaluation: Sequence[Item]) -> int:
    """Print how many planted copies are caught; return how many long solutions are not."""
    groups: dict[str, set[str]] = {}
    for suite, items in by_suite(evaluation).items():
        names = {one.case for one in items}
        short = {one.case for one in items if len(code_of(one.answer).leaves) < EQUAL_LEAVES}
        groups |= {f"{suite}, long": names - short, f"{suite}, short": short}
    print(f"\nPlanted copies that are caught; long: a solution of {EQUAL_LEAVES} leaves or more:\n")
    print(f"{'':24}{''.join(f'{name:>16}' for name in groups)}")
    print_counts("planted", groups.values())
    missed = 0
    for form, plant in FORMS.items():
        caught = find_planted([(one, ASKED, plant(one.answer)) for one in evaluation])
        missed += sum(len(groups[name] - caught) for name in groups if name.endswith("long"))
        print_counts(form, [names & caught for names in groups.values()])
    caught = find_planted([(one, one.messages, "") for one in evaluation])
    print_counts("the question", [names & caught for names in groups.values()])
    return missed


def print_counts(name: str, cells: Iterable[set[str]]) -> None:
    """Print a line of the table of planted copies."""
    print(f"{name:24}{''.join(f'{len(one):16}' for one in cells)}")


def find_planted(copies: Sequence[tuple[Item, tuple[Message, ...], str]]) -> set[str]:
    """Evaluation cases whose copy, of these messages and this answer, is caught."""
    rows = [
        Item(case=f"planted:{one.case}", suite="", cluster="", messages=messages, answer=answer)
        for one, messages, answer in copies
    ]
    leaks = find_leaks(rows, [one for one, _, _ in copies])
    return {leak.evaluation for leak in leaks if leak.case == f"planted:{leak.evaluation}"}


if __name__ == "__main__":
    main()
