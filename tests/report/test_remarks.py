import msgspec
from records import IDENTITY, RUN, record, unanswered

from pytest_llmops.report.remarks import remarks
from pytest_llmops.report.terminal import render, summary_parts

HOSTED = msgspec.structs.replace(
    IDENTITY, served="mini-2 at https://api.example.com/v1", weights_sha256=""
)
RUN_THERE = msgspec.structs.replace(RUN, identity=HOSTED)


def test_answers_of_the_model_that_was_asked_need_no_remark():
    assert remarks(RUN_THERE, [record(served_model="mini-2"), record("b"), unanswered("c")]) == []


def test_answers_of_another_model_are_told_with_their_names():
    records = [record(str(n), served_model="mini-2-0301" if n else "mini-2") for n in range(3)]
    assert remarks(RUN_THERE, records) == [
        "asked for mini-2; the answers say they are of mini-2-0301 (2), mini-2 (1)"
    ]


def test_errors_of_an_endpoint_are_one_line_a_kind_with_a_count():
    gone = "pytest_llmops.errors.EndpointError: {} (sample 0): m at http://h/v1: not reachable"
    broken = "EndpointError: {} (sample 0): m at http://h/v1: HTTP 500: boom"
    records = [unanswered(f"s:m#f{n}", error=gone.format(f"s:m#f{n}")) for n in range(9)]
    records.append(unanswered("s:m#g", error=broken.format("s:m#g")))
    assert remarks(RUN_THERE, records) == [
        "9 of 10 attempts got no answer: m at http://h/v1: not reachable",
        "1 of 10 attempts got no answer: m at http://h/v1: HTTP 500: boom",
    ]


def test_a_local_model_answers_to_any_name():
    local = msgspec.structs.replace(
        RUN, identity=msgspec.structs.replace(HOSTED, weights_sha256="1")
    )
    assert remarks(local, [record(served_model="x")]) == []


def test_many_names_are_counted():
    (line,) = remarks(RUN_THERE, [record(str(n), served_model=f"m{n}") for n in range(9)])
    assert line.endswith("and 6 other names")


def test_answers_cut_by_the_context_of_the_server_are_told():
    (line,) = remarks(RUN_THERE, [record(finish_reason="context", outcome="context"), record("b")])
    assert line.startswith(
        "1 of 2 answers were truncated by the server before the 64 tokens asked for"
    )


def test_who_counted_is_told_where_it_was_not_the_server():
    local, total = remarks(RUN_THERE, [record(counted_by="local"), record("b", counted_by="total")])
    assert "1 answers were counted here" in local
    assert "1 answers are the server's total less the prompt" in total


def test_the_summary_ends_with_what_to_mind():
    records = [record(finish_reason="context", outcome="context")]
    text = render(summary_parts(RUN_THERE, records, seconds=1.0), width=200, color=False)
    assert "outcomes: 1 context" in text
    assert "note: 1 of 1 answers were truncated by the server" in text
