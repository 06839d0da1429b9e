"""What a delivering process holds of a run: figures; texts stay in the file until they are sent."""

from functools import partial

import msgspec
from records import record
from report_runs import recorded
from sink_project import write_run

from pytest_llmops.completions import Loop, Timing, Turn, Usage
from pytest_llmops.report.cases_table import EMPTY, LEFT_OUT, details
from pytest_llmops.report.subject import Subject
from pytest_llmops.sinks.delivery.backlog import Backlog, batches
from pytest_llmops.sinks.mlflow.tracked import within
from pytest_llmops.sinks.withhold import clean_record, without_texts


def read_back(folder):
    backlog = Backlog(folder, partial(clean_record, hide=lambda text: text, content=True))
    backlog.look()
    return backlog


def with_conversation(case, characters):
    turn = Turn(
        usage=Usage(input=100, output=40),
        timing=Timing(started=1.0, queue=0.0, first_token=None, total=0.5),
        finish_reason="stop",
        text="x" * characters,
    )
    loop = Loop(ending="done", turns=(turn,), seconds=1.0)
    return msgspec.structs.replace(record(case), loop=loop)


def test_a_request_holds_no_more_than_servers_take(tmp_path):
    small = [record(f"case{number}", text="x" * 1000) for number in range(121)]
    large = [record(f"large{number}", text="x" * 3_000_000) for number in range(5)]
    giant = [record("giant", text="x" * 20_000_000)]
    backlog = read_back(write_run(tmp_path, [*small[:-1], *large, *giant, small[-1]]))
    assert [len(batch) for batch in batches(backlog.kept)] == [50, 50, 22, 2, 1, 1, 1]
    assert list(batches([])) == []


def test_a_conversation_counts_for_what_a_request_holds(tmp_path):
    loops = [with_conversation(f"loop{number}", 3_000_000) for number in range(5)]
    backlog = read_back(write_run(tmp_path, loops))
    assert [len(batch) for batch in batches(backlog.kept)] == [2, 2, 1]


def test_texts_stay_in_the_file_until_a_batch_needs_them(tmp_path):
    records = [record(f"case{number}", text=f"answer {number} \u00e9") for number in range(5)]
    records.append(with_conversation("loop", 100))
    backlog = read_back(write_run(tmp_path, records))
    assert [one.record.text for one in backlog.kept] == [""] * 6
    assert backlog.kept[5].record.loop.turns[0].text == ""
    assert [one.case for one in backlog.whole(backlog.kept[3:5])] == ["case3", "case4"]
    assert list(backlog.whole(backlog.kept)) == records


def test_a_report_says_which_texts_it_had_no_room_for():
    records = [record(f"case{number}", text="x" * 1000, prompt_sha256="p") for number in range(3)]
    empty = record("case3", text="", text_sha256=EMPTY, prompt=(), prompt_sha256="")
    slim = [without_texts(one) for one in records]
    found = recorded([*within(slim, records, budget=4000), empty])
    shown = [one["runs"][0] for one in details(Subject(runs=(found,)))]
    first, _, third, fourth = shown
    assert first["prompt"] == "write it"
    assert len(first["attempts"][0]["text"]) == 1000
    assert third["prompt"] == LEFT_OUT
    assert third["attempts"][0]["notice"] == LEFT_OUT
    assert fourth["attempts"][0]["text"] == ""
    assert "prompt" not in fourth
