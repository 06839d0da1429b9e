import os
import signal
import subprocess
import sys

import msgspec
import pytest
import records
from records import RUN, record, unanswered

from pytest_llmops.errors import RecordError
from pytest_llmops.runs.machine import Machine
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.runs.record import End, Gated, RecordFile

END = End(finished=2.0, exit_status=0)


@pytest.fixture
def written(tmp_path):
    file = RecordFile(tmp_path, RUN)
    for line in (record(), record(sample=1, outcome="wrong"), unanswered("starter:eval/a#b"), END):
        file.write(line)
    file.close()
    return file.path


def test_what_a_gate_said_is_kept_with_the_run_and_older_files_have_nothing(tmp_path):
    margins = {"tokens": 1.05, "errors": 0}
    gate = Gated(baseline="b", verdict=None, reason="r", sequential=True, margins=margins)
    file = RecordFile(tmp_path, RUN)
    file.write(End(finished=2.0, exit_status=1, gate=gate))
    file.close()
    assert read_run(file.path).end.gate == gate
    run, _ = file.path.read_bytes().splitlines(keepends=True)
    file.path.write_bytes(run + b'{"type":"end","finished":2.0,"exit_status":0}\n')
    assert read_run(file.path).end == END


def append(path, *lines):
    with path.open("ab") as file:
        file.writelines(
            line if isinstance(line, bytes) else msgspec.json.encode(line) + b"\n" for line in lines
        )


def test_what_was_written_is_read(written):
    found = read_run(written)
    assert (found.run, found.end) == (RUN, END)
    assert found.records == (
        record(),
        record(sample=1, outcome="wrong"),
        unanswered("starter:eval/a#b"),
    )


def test_a_run_has_a_folder_of_its_own(written, tmp_path):
    assert written == tmp_path / RUN.id / "records.jsonl"
    with pytest.raises(RecordError, match="cannot be created: File exists"):
        RecordFile(tmp_path, RUN)


def test_every_line_is_on_disk_as_soon_as_it_is_written(tmp_path):
    file = RecordFile(tmp_path, RUN)
    for count in range(1, 4):
        file.write(record(sample=count))
        assert len(read_run(file.path).records) == count
    file.close()


def test_a_killed_writer_loses_no_finished_record(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path; from records import RUN, record\n"
        "from pytest_llmops.runs.record import RecordFile\n"
        "file = RecordFile(Path(sys.argv[1]), RUN)\n"
        "for sample in range(10**9): file.write(record(sample=sample)); print(sample, flush=True)\n"
    )
    here = os.path.dirname(records.__file__)
    child = subprocess.Popen([sys.executable, "-c", code, tmp_path, here], stdout=subprocess.PIPE)
    with child:
        confirmed = [int(child.stdout.readline()) for _ in range(50)][-1]
        child.send_signal(signal.SIGKILL)
    found = read_run(tmp_path / RUN.id / "records.jsonl")
    assert found.end is None
    assert [r.sample for r in found.records][: confirmed + 1] == list(range(confirmed + 1))


def test_a_torn_last_line_is_not_read(written):
    whole = written.read_bytes()
    written.write_bytes(whole[: whole.rindex(b"\n", 0, -1) + 20])
    found = read_run(written)
    assert (len(found.records), found.end) == (3, None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"nonsense\n", r"jsonl:2: not a line of a records file"),
        (b'{"type": "record"}\n', r"jsonl:2: not a line of a records file: .*required field"),
        (b'{"type": "other"}\n', r"jsonl:2: not a line of a records file: Invalid value 'other'"),
        (b"\n", r"jsonl:2: not a line of a records file"),
        (RUN, r"jsonl:2: a second run"),
    ],
)
def test_a_broken_line_is_named(line, message, tmp_path):
    file = RecordFile(tmp_path, RUN)
    file.close()
    append(file.path, line)
    with pytest.raises(RecordError, match=message):
        read_run(file.path)


def test_an_attempt_recorded_twice_is_refused(tmp_path):
    file = RecordFile(tmp_path, RUN)
    file.close()
    append(file.path, record(), record())
    with pytest.raises(
        RecordError, match=r"3: a second record of 'starter:eval/text#trim' sample 0"
    ):
        read_run(file.path)


def test_nothing_may_follow_the_end(written):
    append(written, record(sample=9))
    with pytest.raises(RecordError, match="or lines after the end"):
        read_run(written)


def test_another_version_is_refused_by_name(tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_bytes(msgspec.json.encode({"type": "run", "format": 99, "future": True}) + b"\n")
    with pytest.raises(RecordError, match="records format 99; this version reads 1 only"):
        read_run(path)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"[]\n", b"\xff\xfe\n", msgspec.json.encode(record()) + b"\n"]
)
def test_a_file_that_does_not_begin_with_a_run_is_refused(content, tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_bytes(content)
    with pytest.raises(RecordError, match="records.jsonl:1: "):
        read_run(path)


def test_a_full_disk_is_told(tmp_path):
    file = RecordFile(tmp_path, RUN)
    full = open("/dev/full", "wb", buffering=0)
    os.dup2(full.fileno(), file._file.fileno())
    full.close()
    with pytest.raises(RecordError, match="cannot be written: No space left on device"):
        file.write(record())
    file.close()


def test_a_run_is_found_by_id_folder_file_and_latest(written, tmp_path):
    for reference in (RUN.id, str(written), str(written.parent), "latest"):
        assert find_run(reference, tmp_path) == written


def test_an_unknown_run_lists_those_there_are(written, tmp_path):
    with pytest.raises(RecordError, match=f"nope: no such run .*: {RUN.id}"):
        find_run("nope", tmp_path)
    for name, before in {"latest": "^", "nope": "^nope: no such run or records file. "}.items():
        told = f"{before}No runs yet in .*empty/. Start one with: pytest benchmarks --model=base"
        with pytest.raises(RecordError, match=told):
            find_run(name, tmp_path / "empty")


def test_the_latest_run_is_the_one_that_started_last_not_the_one_written_to_last(tmp_path):
    for name, started in {"old": 1.0, "new": 2.0}.items():
        RecordFile(tmp_path, msgspec.structs.replace(RUN, id=name, started=started)).close()
    os.utime(tmp_path / "new" / "records.jsonl", (1e9, 1e9))
    assert find_run("latest", tmp_path).parent.name == "new"
    torn = tmp_path / "torn" / "records.jsonl"
    torn.parent.mkdir()
    torn.write_text('{"type":"run","form')
    assert find_run("latest", tmp_path) == torn  # broken off at once, and still the latest


@pytest.mark.parametrize(
    ("made", "outcome", "solved"),
    [
        (record(), "solved", True),
        (record(outcome="timeout"), "timeout", False),
        (record(grade=None), "ungraded", False),
        (unanswered(), "error", False),
        (record(error="SandboxError: no bwrap"), "error", True),
    ],
)
def test_an_outcome_is_that_of_the_grade_unless_the_harness_failed(made, outcome, solved):
    assert (made.outcome, made.solved) == (outcome, solved)


def test_an_answer_can_be_replayed():
    assert record().completion().text == "return 1"
    assert unanswered().completion() is None


def test_an_answer_kept_as_a_hash_alone_cannot_be_replayed():
    assert record(text="", prompt=()).completion() is None


def test_identities_that_answer_differently_have_different_keys():
    other = msgspec.structs.replace(RUN.identity, weights_sha256="f" * 64)
    assert other.key != RUN.identity.key


def test_an_adapter_is_the_same_under_another_name_and_a_base_is_not():
    def key(name, adapter):
        fields = {"model": name, "adapter_sha256": adapter}
        return msgspec.structs.replace(RUN.identity, **fields).key

    assert key("lora-v1", "a" * 64) == key("lora-v1-shortest", "a" * 64)
    assert key("lora-v1", "a" * 64) != key("lora-v1", "b" * 64)
    assert key("base", "") != key("other", "")


def test_this_machine_describes_itself():
    machine = Machine.here()
    assert machine.cores >= 1
    assert machine.memory > 2**28
    assert machine.processor


def test_properties_are_numbers_a_junit_file_can_carry():
    properties = dict(record().properties())
    assert properties["llmops.outcome"] == "solved"
    assert properties["llmops.output_tokens"] == 40
    assert properties["llmops.grade_memory"] == 61 * 2**20
