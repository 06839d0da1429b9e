import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import records
from records import RUN, grade, record, unanswered
from rich.console import Console

from pytest_llmops.report.terminal import COLUMNS, Live, duration, render, summary_parts

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def group(suite="starter", difficulty="medium", attempts=263, solved=88, output=12_345):
    """Records of one suite and difficulty, all of the same length."""
    return [
        record(
            f"{suite}:{difficulty}#{number}",
            suite=suite,
            difficulty=difficulty,
            output=output,
            outcome="solved" if number < solved else "wrong",
        )
        for number in range(attempts)
    ]


def shown(records, *, width=80, color=False, seconds=None, run=None):
    run = run or msgspec.structs.replace(RUN, attempts=len(records))
    return render(summary_parts(run, records, seconds=seconds), width=width, color=color)


@pytest.mark.parametrize(
    ("records", "row"),
    [
        (
            group(),
            ["starter medium", "263", "88", "33.5%", "28-39", "12,345", "12,345", "36,895"],
        ),
        (
            group(attempts=1315, solved=1310),
            ["starter medium", "1315", "1310", "99.6%", "99-100", "12,345", "12,345", "12,392"],
        ),
        (
            group(attempts=1315, solved=2),
            ["starter medium", "1315", "2", "0.2%", "0-1", "12,345", "12,345", "8,116,838"],
        ),
        (
            group(attempts=263, solved=0),
            ["starter medium", "263", "0", "0.0%", "0-1", "12,345", "12,345", "-"],
        ),
    ],
)
def test_the_table_fits_80_columns(records, row):
    text = shown(records)
    heading, first, *_ = text.splitlines()
    assert heading.split() == " ".join(COLUMNS).split()
    assert first.split() == " ".join([*row, "0.5", "0", "0"]).split()
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


def test_where_the_width_is_short_names_break_and_numbers_stay_whole():
    text = shown(group("a-suite-with-a-long-name") + group("cline", "hard"))
    assert "…" not in text
    numbers = "263     88 33.5% 28-39 12,345 12,345     36,895 0.5     0   0"
    assert text.count(numbers) == 2
    assert text.splitlines()[1].startswith("a-suite-with-a")


def test_groups_stand_from_easy_to_hard_with_all_of_them_last():
    records = [
        r
        for difficulty in ("hard", "easy")
        for r in group(difficulty=difficulty, attempts=4, solved=1)
    ]
    records += group("cline", "medium", attempts=2, solved=1)
    names = [line.rsplit(maxsplit=10)[0] for line in shown(records).splitlines()[1:5]]
    assert names == ["cline medium", "starter easy", "starter hard", "all"]


def test_costs_stand_by_difficulty_where_prices_are_known():
    records = [
        record("a", cost=0.25),
        record("b", difficulty="hard", cost=0.5),
        record("c", cost=None),
    ]
    lines = [line.split() for line in shown(records, width=100).splitlines()[:4]]
    assert [line[-1] for line in lines] == ["cost", "$0.250", "$0.500", "$0.750"]


def test_one_group_needs_no_sum():
    assert not any(line.startswith("all") for line in shown(group()).splitlines())


def test_the_order_of_records_does_not_matter():
    records = [*group(attempts=5), *group(difficulty="easy", attempts=3), unanswered()]
    assert shown(records) == shown(records[::-1])


def test_a_run_that_stopped_early_is_called_incomplete():
    assert shown([record()], run=RUN).splitlines()[2] == "incomplete: 1 of 3 attempts"


def test_what_was_not_graded_has_no_solve_rate():
    row = shown([record(grade=None)]).splitlines()[1].split()
    assert row[:6] == ["starter", "easy", "1", "-", "-", "-"]


def test_a_run_without_records_is_shown_too():
    lines = shown([]).splitlines()
    assert lines[1:3] == ["outcomes:", "tokens: 0 in (0 cached), 0 out"]


def test_truncated_answers_and_errors_are_counted_apart():
    records = [record("a", finish_reason="length", outcome="truncated"), unanswered("b")]
    lines = shown(records).splitlines()
    assert lines[1].split()[-2:] == ["1", "1"]
    assert lines[2] == "outcomes: 1 truncated, 1 error"


def test_outcomes_are_words():
    records = [record("a", outcome="out_of_memory"), record("b", outcome="syntax_error")]
    assert "outcomes: 1 syntax error, 1 out of memory" in shown(records)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "took: 48.1 s; grading 0.1 s\nmemory at most: tests of an answer 61 MiB\n"),
        ({"engine_memory": 1126 * 2**20}, "most: engine 1,126 MiB, tests of an answer 61 MiB\n"),
        ({"grade": msgspec.structs.replace(grade(), memory=None)}, "grading 0.1 s\nrun:"),
        ({"cost": 0.01234}, "\ncost: $0.0123, $0.0123 per solved\ntook: 48.1 s"),
        ({"cost": 0.0}, "\ncost: $0.00, $0.00 per solved\n"),
        ({"cost": 0.5, "outcome": "wrong"}, "\ncost: $0.500\n"),
        (
            {"cost": 0.5, "from_cache": True},
            "cost: $0.500, $0.500 per solved; $0.500 of it paid before (cached answers)\n",
        ),
        ({"from_cache": True}, "40 out; 1 of 1 answers from the completion cache"),
    ],
)
def test_what_is_known_is_shown(fields, line):
    assert line in shown([record(**fields)], seconds=48.1)


def test_several_attempts_at_a_case_tell_whether_one_and_whether_all_were_solved():
    records = [
        record(case, sample, outcome="solved" if sample < solved else "wrong")
        for case, solved in (("a", 3), ("b", 1), ("c", 0), ("d", 0))
        for sample in range(3)
    ]
    told = "of 3 attempts at a case: one solved 50.0% (pass@3), all 25.0% (pass^3)"
    assert told in shown(records).splitlines()
    assert "pass@" not in shown(records[::3])
    assert "pass@" not in shown([msgspec.structs.replace(one, grade=None) for one in records])


def test_a_session_that_did_not_end_took_an_unknown_time():
    assert "took: ?; grading" in shown([record()], seconds=None)


def test_a_name_with_brackets_is_shown_as_it_is():
    run = msgspec.structs.replace(RUN, id="[red]run[/]")
    assert "run: [red]run[/] (base)" in shown([record()], run=run)


def test_colour_adds_nothing_but_escapes():
    plain, colored = shown(group()), shown(group(), color=True)
    assert "\x1b" not in plain
    assert "\x1b[1m" in colored
    bare = ESCAPE.sub("", colored)
    assert [line.rstrip() for line in bare.splitlines()] == plain.splitlines()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (48.12, "48.1 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (60, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (7_620, "2 h 07 min"),
        (100_000, "27 h 46 min"),
    ],
)
def test_a_duration_is_shown_in_the_unit_one_thinks_in(seconds, text):
    assert duration(seconds) == text


def screen(output):
    """What stands in the line of a terminal after every drawing."""
    return [ESCAPE.sub("", line).strip() for line in output.split("\x1b[2K")]


def live(total=4, speed=lambda: 1234.5):
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=80, _environ={"TERM": "xterm"})
    return Live(total, speed, console), file


def test_the_line_counts_done_solved_and_errors():
    line, file = live()
    for one in (record("a"), record("b", outcome="wrong"), unanswered("c"), unanswered("d")):
        line.advance(one)
    line.stop()
    last = next(text for text in reversed(screen(file.getvalue())) if text)
    assert re.fullmatch(r"4/4 ━+ 1 solved 2 errors 1234 tokens/s \d\d:\d\d", last)


def test_the_line_says_nothing_of_errors_where_there_are_none():
    line, file = live()
    line.advance(record())
    line.stop()
    assert "1/4" in file.getvalue()
    assert "error" not in file.getvalue()


def test_the_line_is_erased_at_the_end():
    line, file = live()
    line.stop()
    written = file.getvalue()
    line.stop()
    assert file.getvalue() == written
    assert screen(written)[-1] == ""
    assert "\x1b[?25h" in written  # the cursor is shown again


SESSION = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from records import record
from pytest_llmops.report.terminal import Live
live = Live(2, lambda: 7.0)
shared = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # as pytest does while a test runs
live.advance(record())
time.sleep(0.6)
os.dup2(shared, 1)
live.stop()
live.stop()
print("over")
"""


@pytest.mark.parametrize("terminal", ["xterm", "dumb"])
def test_the_line_is_drawn_while_pytest_captures_output(terminal):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", SESSION, str(Path(records.__file__).parent)]
    done = subprocess.run(
        command, stdout=theirs, stderr=subprocess.PIPE, env=os.environ | {"TERM": terminal}
    )
    output = os.read(ours, 65536).decode()
    os.close(theirs)
    os.close(ours)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "over" in output
    if terminal == "xterm":
        assert any(text.startswith("1/2") for text in screen(output)[:-2])
