"""Runs that the tests of reports build on."""

from pathlib import Path

import msgspec
from records import RUN, grade, record, unanswered

from pytest_llmops.compare.margins import Margins
from pytest_llmops.grading.graded import Quality
from pytest_llmops.report.subject import Subject, against
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import End, Gated, RecordFile

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)><b>bold</b>\n"
    "\u2028line\u2029 \x00\x07\x1b[31m \u202egnp.exe \U0001f600 \u05e9\u05dc\u05d5\u05dd "
    "{{ 7 * 7 }} ${alert(3)} `x` | @all #1\n"
)
"""What a model may answer to break a page: markup, control and direction marks, templates."""


def case_id(number, suite="starter"):
    return f"{suite}:eval/file{number % 4}#case{number:04}"


def attempts(cases=24, *, suite="starter", ratio=1.0, solved=0.5, samples=1, text=None, **fields):
    """Records of `cases` cases; the first share of them is solved.

    They are of four source files, which tell little; of many cases, of one file to three.
    """
    found, files = [], 4 if cases < 100 else cases // 3
    for number in range(cases):
        done = number < solved * cases
        for sample in range(samples):
            answer = f"const a = {number};\nreturn a * {ratio};\n" if text is None else text
            found.append(
                record(
                    case_id(number, suite),
                    sample,
                    suite=suite,
                    difficulty=("easy", "medium", "hard")[number % 3],
                    cluster=f"eval/file{number % files}.ts",
                    output=round((40 + 7 * (number % 5)) * ratio) + sample,
                    text=answer,
                    grade=graded("solved" if done else "wrong"),
                    **fields,
                )
            )
    return found


def graded(outcome):
    quality = Quality(code_share=0.6, comment_share=0.1, prose_share=0.2, markup_share=0.1)
    detail = "" if outcome == "solved" else "adds > both: expected 3 to be 4"
    return msgspec.structs.replace(grade(outcome, detail=detail), quality=quality)


def recorded(records, *, model="base", path="none", ended=True, number=0, **fields):
    """A run of these records, as it is read back."""
    identity = msgspec.structs.replace(RUN.identity, model=model, tokenizer_sha256="t" * 64)
    values = {
        "id": f"2026010{number + 1}-120000-{model}-{number:04x}",
        "started": RUN.started + number * 86_400,
        "identity": identity,
        "cases": len({one.case for one in records}),
        "attempts": len(records),
        "suites": tuple(sorted({one.suite for one in records})),
        **fields,
    }
    run = msgspec.structs.replace(RUN, **values)
    end = End(finished=run.started + 60, exit_status=0) if ended else None
    return RecordedRun(path=Path(path), run=run, records=tuple(records), end=end)


def pair(cases=24, **fields):
    """A baseline, and a candidate with fewer tokens that gained and lost nothing by default."""
    values = {"ratio": 0.8, **fields}
    return recorded(attempts(cases)), recorded(attempts(cases, **values), model="lora", number=1)


def gated(run, baseline, verdict, *, reason="", decided=None, sequential=False, **margins):
    """The run as the gate of its session left it; decided after so many attempts, if that."""
    gate = Gated(
        baseline=baseline.run.id,
        verdict=verdict,
        reason=reason,
        sequential=sequential,
        margins=msgspec.structs.asdict(Margins(**margins)),
    )
    end = msgspec.structs.replace(run.end, gate=gate, decided_after=decided)
    return msgspec.structs.replace(run, end=end, records=run.records[:decided])


def subject(*runs, links=()):
    return Subject(
        runs=runs, versus=tuple(against(runs[0], other) for other in runs[1:]), links=links
    )


def written(folder, run):
    """Write a run as a session does; gives it as it is found again."""
    file = RecordFile(folder, run.run)
    for one in run.records:
        file.write(one)
    if run.end:
        file.write(run.end)
    file.close()
    return msgspec.structs.replace(run, path=file.path)


__all__ = [
    "HOSTILE",
    "attempts",
    "case_id",
    "gated",
    "graded",
    "pair",
    "recorded",
    "subject",
    "unanswered",
    "written",
]
