"""The figures of one attempt, from what checker, formatter and grammar say of its file."""

from functools import lru_cache

from pytest_llmops.grading.candidate import Candidate
from pytest_llmops.quality.checker import Checked, Findings
from pytest_llmops.quality.consistency import consistency, layout, naming, quotes
from pytest_llmops.quality.pieces import Name, declared, pieces, strings
from pytest_llmops.quality.practices import best_practices, error_rate, new_faults, new_remarks
from pytest_llmops.quality.rewritten import duplication
from pytest_llmops.quality.style import style_of
from pytest_llmops.quality.values import Measured
from pytest_llmops.tasks.code.modules import Module, replace_body
from pytest_llmops.tasks.materialize import Task

SHOWN = 10
"""Diagnostics of an attempt that are kept."""


def to_check(candidate: Candidate, task: Task) -> tuple[Checked, Checked]:
    """What is checked for an answer: its file, and the file with an empty body."""
    path = task.case.source.path
    style = style_of(task.tree, path)
    at = path.removeprefix(f"{style.folder}/") if style.folder else path
    empty = replace_body(task.module, task.declaration, "{ throw new Error(); }")
    answer = Checked(path=path, text=candidate.file_text, style=style.biome, at=at)
    return answer, Checked(path=path, text=empty, style=style.biome, at=at, only="lint")


def measure(
    key: tuple[str, int], candidate: Candidate, task: Task, found: Findings, before: Findings
) -> Measured:
    """The figures of an attempt.

    Args:
        key: Case and sample.
        candidate: The answer.
        task: The task it answers.
        found: What was found in its file.
        before: What was found in the file with an empty body.
    """
    text, original, symbol = candidate.file_text, task.module, task.case.symbol
    mine = pieces(text, original, symbol)
    faults = new_faults(found, before)
    told = tuple(f"TS{one.code}: {one.message[:160]}" for one in faults[:SHOWN])
    if found.syntax or not mine.spans:
        gone = (f"{symbol} is not in its file any more",)
        return Measured(case=key[0], sample=key[1], error_rate=1.0, faults=told or gone)
    remarks = new_remarks(found, before)
    after = pieces(found.formatted, original, symbol).lines if found.formatted else ()
    names = tuple(declared(text, original.path, mine.spans))
    marks = tuple(strings(text, original.path, mine.spans))
    parts = (
        layout(mine.lines, after),
        naming(names, _names_of(original)),
        quotes(marks, style_of(task.tree, original.path).quote),
    )
    share, again = duplication(mine.code, task)
    return Measured(
        case=key[0],
        sample=key[1],
        consistency=consistency(*parts),
        best_practices=best_practices(remarks, len(mine.lines)),
        error_rate=error_rate(faults, len(mine.lines)),
        duplication=share,
        layout=parts[0],
        naming=parts[1],
        quotes=parts[2],
        lines=len(mine.lines),
        remarks=tuple(f"{one.severity} {one.rule}" for one in remarks[:SHOWN]),
        faults=told,
        rewritten=again[:SHOWN],
    )


@lru_cache(maxsize=256)
def _names_of(module: Module) -> tuple[Name, ...]:
    text = module.source.decode("utf-8", "replace")
    return tuple(declared(text, module.path, ((0, len(module.source)),)))
