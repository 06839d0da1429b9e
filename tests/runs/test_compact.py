"""Compacted runs: the same bytes, read the same everywhere, and never lost on the way."""

import hashlib
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from urllib.parse import quote

import msgspec
import pyarrow
import pytest
from gate_runs import MANY
from gate_runs import recorded as gate_run
from otlp_receiver import Receiver
from pyarrow import parquet
from records import RUN, record
from report_runs import case_id, written
from sink_project import END, make_records, start, write_run
from viewer_runs import client, fill

from pytest_llmops.cli.main import main
from pytest_llmops.completions import Message, digest_of
from pytest_llmops.errors import MissingExtraError, RecordError
from pytest_llmops.runs.compact import compact, expand
from pytest_llmops.runs.lines import placed_lines, record_at
from pytest_llmops.runs.packed import read_packed
from pytest_llmops.runs.reading import find_run, first_lines, read_run
from pytest_llmops.runs.record import RECORDS, Line, Record
from pytest_llmops.runs.stored import COMPACTED, METADATA, Contents, records_file, records_files
from pytest_llmops.runs.tally import case_seconds, tally
from pytest_llmops.viewer.shelf import Shelf

LARGE = 3_000_000
"""Characters of a text, so that a few of them fill a group of rows."""


def made(folder, count=6, characters=LARGE, end=END):
    """A run of several groups of rows; gives its file."""
    records = [
        record(f"starter:eval/text#f{number}", text=f"{number} é\u2028 " * (characters // 5))
        for number in range(count)
    ]
    return write_run(folder, records, end) / RECORDS


def small(folder):
    return made(folder, count=3, characters=20)


def everything(path):
    """What the readers of runs find in a file."""
    found = read_run(path)
    lean = read_run(path, content=False)
    places = list(placed_lines(path, Line))
    again = list(placed_lines(path, Line, places[2][0]))
    single = [record_at(path, place) for place, line in places if isinstance(line, Record)]
    packed = list(read_packed(path).records)
    fields = found.run, found.records, found.end, lean.records, packed
    return *fields, places, again, single, tally(path), case_seconds(path)


def test_every_reader_finds_the_same_in_a_compacted_run(tmp_path):
    path = made(tmp_path)
    before = everything(path)
    compacted = compact(path)
    assert (compacted.name, path.exists()) == (COMPACTED, False)
    assert parquet.ParquetFile(compacted).num_row_groups == 5
    assert everything(compacted) == before


def test_the_json_lines_come_back_byte_for_byte(tmp_path):
    path = made(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"sample":0', b' "sample" : 0', 1))  # as by hand
    before = path.read_bytes()
    compacted = compact(path)
    contents = msgspec.json.decode(
        parquet.ParquetFile(compacted).metadata.metadata[METADATA], type=Contents
    )
    assert (contents.sha256, contents.size) == (hashlib.sha256(before).hexdigest(), len(before))
    assert expand(compacted) == path
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [RECORDS]


def test_a_compacted_run_is_a_table_of_its_lines_for_other_programs(tmp_path):
    path = small(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    assert parquet.read_table(compact(path)).column("line").to_pylist() == lines


def test_who_may_read_a_run_and_when_it_was_written_stay(tmp_path):
    path = small(tmp_path)
    path.chmod(0o640)
    os.utime(path, (1e9, 1e9))
    compacted = compact(path)
    assert (compacted.stat().st_mode & 0o777, compacted.stat().st_mtime) == (0o640, 1e9)
    back = expand(compacted)
    assert (back.stat().st_mode & 0o777, back.stat().st_mtime) == (0o640, 1e9)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Runs of two models and their project, as current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    written(tmp_path / "runs", gate_run(MANY))
    written(tmp_path / "runs", gate_run(MANY, name="lora"))
    fill(tmp_path / "runs")
    return tmp_path / "runs"


def said(capsys, *commands):
    return [(main(command.split()), *capsys.readouterr()) for command in commands]


COMMANDS = (
    "runs --last 0",
    "runs --last 0 --json",
    "show",
    "show run-lora",
    "gate run-base run-lora",
    "gate base lora",
    "report base lora --format csv",
    "report run-base run-lora --format markdown",
    "history",
    "bless run-base --name first",
)


def test_every_command_says_the_same_of_compacted_runs(folder, capsys):
    before = said(capsys, *COMMANDS)
    baseline = Path("benchmarks/baselines/first.jsonl")
    blessed = baseline.read_bytes()
    baseline.unlink()
    assert main(["compact", "run-base", "run-lora", *(p.name for p in folder.glob("2*"))]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 5
    assert not list(folder.glob(f"*/{RECORDS}"))
    assert said(capsys, *COMMANDS) == before
    assert baseline.read_bytes() == blessed
    assert main(["compact", "--undo", *os.listdir(folder)]) == 0
    assert not list(folder.glob(f"*/{COMPACTED}"))


def test_the_command_says_what_was_saved(folder, capsys):
    size = (folder / "run-base" / RECORDS).stat().st_size
    assert main(["compact", "run-base"]) == 0
    smaller = (folder / "run-base" / COMPACTED).stat().st_size
    assert capsys.readouterr().out == (
        f"runs/run-base/{COMPACTED}: {smaller:,} bytes, {smaller / size:.1%} of the {size:,} of "
        f"{RECORDS}\n"
    )
    assert smaller < size / 8


def test_a_run_is_found_by_every_name_it_had(tmp_path):
    path = small(tmp_path)
    compacted = compact(path)
    for name in (RUN.id, "latest", str(path.parent), str(compacted)):
        assert find_run(name, tmp_path) == compacted
    assert [(run, where) for run, where in first_lines(tmp_path)] == [
        (read_run(compacted).run, compacted)
    ]
    with pytest.raises(RecordError, match="no such run"):
        find_run(str(path), tmp_path)


def test_the_viewer_shows_compacted_runs_as_the_others(tmp_path):
    fill(tmp_path)
    pages = client(tmp_path)
    names = [shown.name for shown in Shelf(tmp_path).runs()]
    two = f"run={names[0]}&run={names[1]}"
    attempt = f"attempt?run={names[0]}&case={quote(case_id(3))}&sample=0"
    addresses = ("", f"run?run={names[0]}", "cases", f"compare?{two}", attempt)
    before = [pages.get(address) for address in addresses]
    for path in records_files(tmp_path):
        compact(path)
    after = [client(tmp_path).get(address) for address in addresses]
    assert [one.status_code for one in before] == [200] * len(addresses)
    assert [one.text for one in after] == [one.text for one in before]


def test_a_compacted_run_is_delivered_as_any(tmp_path, monkeypatch, capsys):
    plain = write_run(tmp_path / "plain", make_records(60))
    other = write_run(tmp_path / "other", make_records(60))
    compact(other / RECORDS)
    bodies = []
    for folder in (plain, other):
        with Receiver() as receiver:
            monkeypatch.setenv("TRACELOOP_BASE_URL", receiver.url)
            assert main(["sync", "--sink=openllmetry", f"--runs={folder.parent}"]) == 0
            bodies.append(len(receiver.spans))
            assert "60 attempts delivered" in capsys.readouterr().out
    assert bodies[0] == bodies[1] > 60


def test_a_run_that_is_being_delivered_is_left_alone(tmp_path, capsys):
    folder = write_run(tmp_path, make_records(3))
    with Receiver() as receiver:
        kept = {name: os.environ[name] for name in ("PATH", "HOME")}
        sinks = start(folder, ["openllmetry"], {**kept, "TRACELOOP_BASE_URL": receiver.url})
        assert main(["compact", RUN.id, f"--runs={tmp_path}"]) == 2
        assert "is being delivered by another process" in capsys.readouterr().err
        sinks.close(None, ())
    assert main(["compact", RUN.id, f"--runs={tmp_path}"]) == 0


def test_a_run_without_an_end_is_refused(tmp_path):
    path = made(tmp_path, count=2, characters=20, end=None)
    for torn in (b"", b'{"type":"end","finished":1'):
        with path.open("ab") as file:
            file.write(torn)
        before = path.read_bytes()
        with pytest.raises(RecordError, match="interrupted or still goes on; only runs that have"):
            compact(path)
        assert (os.listdir(path.parent), path.read_bytes()) == ([RECORDS], before)


def test_what_is_no_run_or_compacted_already_is_refused(tmp_path):
    compacted = compact(small(tmp_path))
    with pytest.raises(RecordError, match="is compacted already"):
        compact(compacted)
    plain = expand(compacted)
    with pytest.raises(RecordError, match="is not compacted"):
        expand(plain)
    baseline = plain.rename(tmp_path / "base.jsonl")
    with pytest.raises(RecordError, match=f"not the {RECORDS} of a recorded run"):
        compact(baseline)
    other = tmp_path / RECORDS
    other.write_text("{}\n")
    with pytest.raises(RecordError, match="records format 0; this version reads 1 only"):
        compact(other)


def test_broken_off_compacting_leaves_the_json_lines_that_count(tmp_path, capsys):
    path = small(tmp_path)
    whole = path.read_bytes()
    compacted = compact(path)
    path.write_bytes(whole)  # as if it had ended before it removed them
    (path.parent / f".{COMPACTED}.part").write_bytes(b"half")
    assert records_file(path.parent) == path
    assert records_files(tmp_path) == [path]
    assert len(first_lines(tmp_path)) == 1
    assert main(["runs", "--runs", str(tmp_path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert compact(path) == compacted
    assert os.listdir(path.parent) == [COMPACTED]
    assert expand(compacted).read_bytes() == whole


KILLED = """
import os, sys
from pathlib import Path
from pytest_llmops.runs import compact
def ends(event, arguments):
    if event == {event!r} and str(arguments[0]).endswith({name!r}):
        os._exit(9)
path = Path(sys.argv[1])
sys.addaudithook(ends)
(compact.expand if path.suffix == ".parquet" else compact.compact)(path)
"""


@pytest.mark.parametrize("undo", [False, True])
@pytest.mark.parametrize("event", ["os.rename", "os.remove"])
def test_a_process_that_dies_on_the_way_loses_nothing(tmp_path, undo, event):
    path = small(tmp_path)
    before = path.read_bytes()
    path = compact(path) if undo else path
    code = KILLED.format(event=event, name=".part" if event == "os.rename" else path.name)
    done = subprocess.run([sys.executable, "-c", code, path])
    assert done.returncode == 9
    assert path.exists()
    assert tally(find_run(RUN.id, tmp_path)).attempts == 3
    found = find_run(RUN.id, tmp_path)
    back = expand(found) if found.suffix == ".parquet" else found
    assert back.read_bytes() == before


FULL = """
import resource, sys
from pytest_llmops.cli.main import main
from pytest_llmops.completions import Message, digest_of
resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("undo", [[], ["--undo"]])
def test_a_full_disk_is_told_in_one_line_and_changes_nothing(tmp_path, undo):
    path = small(tmp_path)
    path = compact(path) if undo else path
    before = path.read_bytes()
    command = [sys.executable, "-c", FULL, "compact", RUN.id, "--runs", tmp_path, *undo]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.endswith("cannot be written: File too large\n")
    assert done.stderr.count("\n") == 1
    assert (os.listdir(path.parent), path.read_bytes()) == ([path.name], before)


def test_a_damaged_file_is_told_and_kept(tmp_path, capsys):
    path = made(tmp_path, count=2)
    compacted = compact(path)
    whole = compacted.read_bytes()
    spoiled = bytearray(whole)
    spoiled[len(whole) // 2] ^= 1
    compacted.write_bytes(spoiled)
    for read in (read_run, expand):
        with pytest.raises(RecordError, match=f"{COMPACTED}: cannot be read as a compacted run"):
            read(compacted)
    assert os.listdir(path.parent) == [COMPACTED]
    compacted.write_bytes(whole[:-50])
    with pytest.raises(RecordError, match="cannot be read as a compacted run"):
        read_run(compacted)
    assert [run for run, _ in first_lines(tmp_path)] == [None]
    assert main(["runs", "--runs", str(tmp_path)]) == 0
    assert "left out: " in capsys.readouterr().err


def rewritten(compacted, **changes):
    """The file with other words of itself."""
    table, found = parquet.read_table(compacted), parquet.ParquetFile(compacted)
    contents = msgspec.json.decode(found.metadata.metadata[METADATA], type=Contents)
    with parquet.ParquetWriter(compacted, table.schema) as writer:
        writer.write_table(table.slice(0, 1))
        writer.write_table(table.slice(1))
        value = msgspec.json.encode(msgspec.structs.replace(contents, **changes))
        writer.add_key_value_metadata({METADATA: value})


def test_lines_that_are_not_those_of_the_digest_are_not_given_back(tmp_path):
    compacted = compact(small(tmp_path))
    rewritten(compacted, sha256="0" * 64)
    with pytest.raises(RecordError, match="have SHA-256 .* should have 0000.*nothing was changed"):
        expand(compacted)
    assert os.listdir(compacted.parent) == [COMPACTED]


def asked(number, **fields):
    """A record as a session writes it, with the digests of its own texts."""
    prompt = (Message("user", f"Write f{number}."),)
    text = f"return {number}"
    own = {"prompt": prompt, "prompt_sha256": digest_of(prompt), "text": text}
    own["text_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    return record(f"starter:eval/text#f{number}", **{**own, **fields})


def rows(compacted):
    """The rows of a file as they lie there."""
    return parquet.read_table(compacted).column("line").to_pylist()


def test_digests_that_texts_tell_are_left_out_and_come_back(tmp_path):
    quoted = '"text_sha256":"=" and "prompt_sha256":"' + "0" * 64 + '"'
    records = [
        asked(0),
        asked(1, text=quoted, text_sha256=hashlib.sha256(quoted.encode()).hexdigest()),
        asked(2, text="(hidden)"),  # a secret was taken out of it
        asked(3, prompt=(), text=""),  # --no-content
    ]
    path = write_run(tmp_path, records, END) / RECORDS
    before = path.read_bytes()
    compacted = compact(path)
    _, *kept, _ = [row.count(b'_sha256":"=",') for row in rows(compacted)]
    assert kept == [2, 2, 1, 0]
    assert records[2].text_sha256.encode() in rows(compacted)[3]
    assert read_run(compacted).records == tuple(records)
    assert expand(compacted).read_bytes() == before


def test_lines_that_nobody_wrote_come_back_too(tmp_path):
    """One with the mark that stands for a digest cannot, and is refused."""
    path = write_run(tmp_path, [asked(0)], END) / RECORDS
    first, one, end = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + one.replace(b'"prompt_sha256":', b'"prompt_sha256": ', 1) + end)
    before = path.read_bytes()
    assert expand(compact(path)).read_bytes() == before
    path.write_bytes(first + one.replace(asked(0).text_sha256.encode(), b"=", 1) + end)
    before = path.read_bytes()
    with pytest.raises(RecordError, match="does not have the lines that it was made of"):
        compact(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [RECORDS]


def test_runs_that_were_compacted_with_all_digests_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr("pytest_llmops.runs.compact.without_digests", lambda line: line)
    monkeypatch.setattr("pytest_llmops.runs.compact.Contents", partial(Contents, format=1))
    path = write_run(tmp_path, [asked(0), asked(1)], END) / RECORDS
    before = path.read_bytes()
    compacted = compact(path)
    monkeypatch.undo()
    assert b"=" not in b"".join(rows(compacted))
    assert expand(compacted).read_bytes() == before


def test_other_tables_and_versions_are_refused_by_name(tmp_path):
    compacted = compact(small(tmp_path))
    rewritten(compacted, format=3)
    with pytest.raises(RecordError, match="in format 3; this version reads formats up to 2"):
        read_run(compacted)
    other = tmp_path / "report.parquet"
    parquet.write_table(pyarrow.table({"run": ["a"]}), other)
    with pytest.raises(RecordError, match="not a compacted run; those are what `llmops compact`"):
        read_run(other)


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch, capsys):
    path = small(tmp_path)
    kept = tmp_path / "kept"
    compacted = compact(small(kept))
    for package in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, package, None)
    for command in (["compact", RUN.id], ["show", str(compacted)]):
        assert main([*command, "--runs", str(tmp_path)]) == 2
        told = capsys.readouterr().err
        assert told.endswith("needs pyarrow: pip install 'pytest-llmops[report]'\n")
        assert told.count("\n") == 1
    assert os.listdir(path.parent) == [RECORDS]
    with pytest.raises(MissingExtraError, match="records.parquet: is a compacted run; this needs"):
        first_lines(kept)
