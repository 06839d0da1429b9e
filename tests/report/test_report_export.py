import csv
import io
import json

import msgspec
import pytest
from pyarrow import parquet
from records import record, unanswered
from report_runs import HOSTILE, attempts, recorded

from pytest_llmops.errors import RecordError
from pytest_llmops.report.export import COLUMNS, flat_rows, records_csv, write_parquet

RUNS = (
    recorded([record("a", text=HOSTILE, cost=0.25), unanswered("b")]),
    recorded(attempts(3, samples=2), model="lora", number=1),
)


def from_csv(runs):
    return list(csv.DictReader(io.StringIO(records_csv(runs), newline="")))


def test_there_is_a_row_an_attempt_with_its_run():
    rows = list(flat_rows(RUNS))
    assert len(rows) == 8
    assert all(list(row) == list(COLUMNS) for row in rows)
    assert [row["model"] for row in rows] == ["base"] * 2 + ["lora"] * 6
    assert {row["run"] for row in rows} == {run.run.id for run in RUNS}


def test_values_of_an_answered_attempt():
    row = next(flat_rows(RUNS))
    assert (row["case"], row["sample"], row["outcome"], row["solved"]) == ("a", 0, "solved", True)
    assert (row["input_tokens"], row["output_tokens"], row["cached_tokens"]) == (100, 40, 10)
    assert (row["total_seconds"], row["grade_seconds"], row["cost"]) == (0.5, 0.1, 0.25)
    assert row["grade_memory"] == 61 * 2**20
    assert row["started"] == "1970-01-01T00:00:01.000+00:00"
    assert json.loads(row["prompt"]) == [{"role": "user", "content": "write it"}]


def test_what_there_is_not_is_none_and_not_zero():
    row = list(flat_rows(RUNS))[1]
    assert row["outcome"] == "error"
    assert row["error"] == "EndpointError: gone"
    for name in ("output_tokens", "total_seconds", "tests_passed", "code_share", "cost", "text"):
        assert row[name] is None


def test_parquet_reads_back_what_was_written(tmp_path):
    write_parquet(RUNS, tmp_path / "x.parquet")
    table = parquet.read_table(tmp_path / "x.parquet")
    assert table.to_pylist() == list(flat_rows(RUNS))
    assert table.schema.field("output_tokens").type == "int64"
    assert table.schema.field("code_share").type == "double"


def test_an_empty_run_keeps_the_columns(tmp_path):
    write_parquet([recorded([])], tmp_path / "x.parquet")
    assert parquet.read_table(tmp_path / "x.parquet").column_names == list(COLUMNS)
    assert records_csv([recorded([])]).strip().split(",") == list(COLUMNS)


def test_csv_reads_back_as_text():
    rows = from_csv(RUNS)
    for read, row in zip(rows, flat_rows(RUNS), strict=True):
        assert read == {k: "" if v is None else str(v) for k, v in row.items()}
    assert rows[0]["text"] == HOSTILE


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_text_is_a_formula_in_csv(text, tmp_path):
    runs = [recorded([record("a", text=text)])]
    assert from_csv(runs)[0]["text"] == f"'{text}"
    write_parquet(runs, tmp_path / "x.parquet")
    assert parquet.read_table(tmp_path / "x.parquet").column("text").to_pylist() == [text]


def test_negative_numbers_stay_numbers_in_csv():
    one = record("a")
    quality = msgspec.structs.replace(one.grade.quality, length_ratio=-1.5)
    one = msgspec.structs.replace(one, grade=msgspec.structs.replace(one.grade, quality=quality))
    assert from_csv([recorded([one])])[0]["length_ratio"] == "-1.5"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RecordError, match=r"nowhere.x\.parquet: cannot be written"):
        write_parquet(RUNS, tmp_path / "nowhere" / "x.parquet")
