"""How much an answer to a change does beside what was asked, held against the reference patch.

    surplus = max(0, lines - reference) / lines
    strays  = files that it changes and the reference does not / files that it changes

where lines are those that are added and removed, over all files but tests, moved ones left out
(`tasks.changes.changed_lines`). Both are 0 for a patch that is as small as the reference, or
smaller: a short patch is no fault. Nothing is parsed and no tool is needed.
"""

from pytest_llmops.grading.changed import ground, made_of
from pytest_llmops.quality.values import Measured
from pytest_llmops.runs.record import Record
from pytest_llmops.tasks.changes import ChangeTask, changed_lines

SHOWN = 10
"""Files of an attempt that are kept."""
UNAPPLIED = "the patch does not apply"


def measure_patch(record: Record, task: ChangeTask) -> Measured:
    """The figures of an answer to a change; says why not where it does not apply."""
    case, sample = record.case, record.sample
    made = made_of(task, record.text, record.loop.files if record.loop else {})
    if not made.files:
        why = UNAPPLIED if made.fault else "no change in the answer"
        return Measured(case=case, sample=sample, why_not=why)
    read = ground(task).read
    lines = sum(_lines(read(path), text) for path, text in made.files.items())
    reference = sum(_lines(task.before.get(p), task.solution.get(p)) for p in task.sources)
    strays = sorted(set(made.files) - set(task.sources))
    return Measured(
        case=case,
        sample=sample,
        surplus=surplus(lines, reference),
        strays=len(strays) / len(made.files),
        lines=lines,
        reference_lines=reference,
        stray_files=tuple(strays[:SHOWN]),
    )


def surplus(lines: int, reference: int) -> float:
    """See the module."""
    return max(0, lines - reference) / lines if lines else 0.0


def _lines(before: str | None, after: str | None) -> int:
    return changed_lines(_bytes(before), _bytes(after))


def _bytes(text: str | None) -> bytes:
    return (text or "").encode("utf-8", "replace")
