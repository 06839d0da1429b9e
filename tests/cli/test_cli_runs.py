"""`llmops runs`: what the list says, and that it holds no records."""

import json
import re
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import msgspec
import pytest
from records import RUN, record, unanswered

from pytest_llmops.cli.main import main
from pytest_llmops.runs.checkout import Checkout
from pytest_llmops.runs.record import End, Gated, RecordFile
from pytest_llmops.runs.tally import tally

END = End(finished=RUN.started + 60, exit_status=0)
CTRL_C = End(finished=RUN.started + 60, exit_status=2)
CHECKOUT = Checkout(commit="1a2b3c4" + "0" * 33, branch="main", dirty=True)


def gate(verdict, exit_status):
    told = Gated(baseline="base", verdict=verdict, reason="r", sequential=False, margins={})
    return msgspec.structs.replace(END, exit_status=exit_status, gate=told)


@pytest.fixture
def keep(tmp_path):
    def keep(day, *, records=None, end=END, **fields):
        made = msgspec.structs.replace(
            RUN, id=f"day-{day}", started=RUN.started + 86_400 * day, **fields
        )
        file = RecordFile(tmp_path, made)
        both = (record(cost=0.25), record(sample=1, outcome="wrong", cost=0.25), unanswered())
        lines = both if records is None else records
        for line in (*lines, *([end] if end else [])):
            file.write(line)
        file.close()
        return file.path

    return keep


@pytest.fixture
def listed(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "160")

    def listed(*arguments):
        assert main(["runs", "--runs", str(tmp_path), *arguments]) == 0
        found = capsys.readouterr()
        assert not found.err or "left out" in found.err
        return found.out + found.err

    return listed


def test_a_run_is_listed_with_what_it_is_and_what_it_came_to(keep, listed):
    keep(1, label="shorter rules", checkout=CHECKOUT, agent="repair:3", end=gate("held", 0))
    heading, line = listed().splitlines()
    assert heading.split() == (
        [
            *("run", "label", "commit", "model", "agent", "solved"),
            *("rate", "tokens", "cost", "per", "solved"),
        ]
    )
    assert " ".join(line.split()) == (
        "day-1 shorter rules main@1a2b3c4+ base repair:3 1/3 33.3% 80 $0.500 $0.500 held"
    )


def test_off_a_terminal_a_run_is_one_line_however_narrow_it_is(keep, listed, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    keep(
        1, label="shorter rules", checkout=CHECKOUT, replays="20261130-202214-mini-2478", agent="x"
    )
    _, line = listed().splitlines()
    assert line.startswith("day-1 shorter rules main@1a2b3c4+")
    assert line.rstrip().endswith("replays 20261130-202214-mini-2478")


def test_on_a_narrow_terminal_the_id_stays_whole(keep, listed, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    keep(1, label="a rather long label of a run", checkout=CHECKOUT, replays="20261130-202214-mini")
    assert re.search(r"\nday-1 .* 1/3 33.3% +80 ", listed())


def test_a_reader_that_has_had_enough_is_no_fault(tmp_path):
    """As in `llmops docs | head -1`."""
    command = f"{Path(sys.executable).with_name('llmops')} docs cli | true"
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, capture_output=True, check=False
    )
    assert ended.stderr == b""
    assert ended.returncode in {0, 128 + signal.SIGPIPE}


def test_columns_that_say_nothing_are_left_out(keep, listed):
    keep(1, records=(record(), record(sample=1), record(sample=2)))
    heading, line = listed().splitlines()
    assert heading.split() == ["run", "model", "solved", "rate", "tokens"]
    assert line.split() == ["day-1", "base", "3/3", "100.0%", "120"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"end": None}, "interrupted"),
        ({"records": (record(),)}, "incomplete"),
        ({"records": (record(),), "end": CTRL_C}, "interrupted"),
        ({"records": (record(),), "end": msgspec.structs.replace(END, decided_after=1)}, ""),
        ({"end": msgspec.structs.replace(END, exit_status=3)}, "failed"),
        ({"end": gate("undecided", 6)}, "undecided"),
        ({"end": gate("regressed", 1)}, "regressed"),
        ({"end": gate(None, 1)}, "no verdict, failed"),
        ({"replays": "day-0"}, "replays day-0"),
    ],
)
def test_what_keeps_a_run_from_being_a_whole_one_is_said(keep, listed, fields, said):
    keep(1, **fields)
    assert listed().splitlines()[1].rpartition("  ")[2].strip().endswith(said)


def test_the_newest_are_shown_and_the_rest_is_counted(keep, listed):
    for day in (3, 1, 2):
        keep(day, label="even" if day % 2 == 0 else "odd")
    assert [line.split()[0] for line in listed("--last", "2").splitlines()] == [
        *("run", "day-2", "day-3", "1")
    ]
    assert "1 older runs are not shown; --last 0 shows all" in listed("--last=2")
    assert "day-1" in listed("--last=0")
    assert "day-1" not in listed("--label=even")


def test_a_list_for_programs_is_a_json_document_per_run(keep, listed):
    keep(1, end=gate("held", 0), checkout=CHECKOUT)
    keep(2, records=(record(grade=None, cost=None),), sandbox="off")
    first, second = map(json.loads, listed("--json").splitlines())
    assert first["checkout"] == {"commit": CHECKOUT.commit, "branch": "main", "dirty": True}
    assert (first["solve_rate"], first["cost_per_solved_usd"]) == (pytest.approx(1 / 3), 0.5)
    assert (second["solve_rate"], second["cost_usd"], second["state"]) == (None, None, "incomplete")


def test_a_broken_file_is_named_and_hides_no_other(keep, listed, tmp_path):
    keep(1)
    broken = keep(2)
    broken.write_bytes(broken.read_bytes()[:900] + b"\n")
    found = listed()
    assert "day-1" in found
    assert f"left out: {broken}:" in found.replace("\n", "")


@pytest.mark.parametrize("arguments", [[], ["--model=gpt", "--label=x"]])
def test_where_there_is_none_the_message_says_why(keep, tmp_path, capsys, arguments):
    if arguments:
        keep(1)
    assert main(["runs", "--runs", str(tmp_path), *arguments]) == 2
    said = "--model gpt --label x: none of the 1 runs in" if arguments else "No runs yet in"
    assert said in capsys.readouterr().err


def test_counting_a_long_run_holds_none_of_its_texts(keep):
    text = "x" * 10_000
    path = keep(1, records=[record(f"starter:a#{n}", text=text) for n in range(1_000)])
    tracemalloc.start()
    try:
        assert tally(path).attempts == 1_000
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
