"""The formulas, by value, on readings made by hand."""

import msgspec
import pytest
from records import RUN, grade, record, unanswered

from pytest_llmops.completions import Usage
from pytest_llmops.errors import SinkError
from pytest_llmops.observability.backend import Seen, StoredSpan, StoredTrace
from pytest_llmops.observability.debugging import debugging, holds, wanted
from pytest_llmops.observability.footprint import FOOTPRINTS
from pytest_llmops.observability.granularity import granularity, resolution
from pytest_llmops.observability.reading import Reading, Readings, read_back
from pytest_llmops.observability.table import number, share
from pytest_llmops.observability.traceability import is_complete, same_score, traceability
from pytest_llmops.observability.values import FILE, Compared, Tool, read, write
from pytest_llmops.runs.traces import trace_id
from pytest_llmops.sinks.links import name_of
from pytest_llmops.sinks.scores import Score, scores
from pytest_llmops.sinks.spans import trace_of

replace = msgspec.structs.replace
WRONG = record("a", outcome="wrong", grade=grade("wrong", 3, detail="trim > expected b"))


def stored(one, **changes):
    """What a tool without faults gives back of a record."""
    sent = trace_of(RUN, one)
    usage = msgspec.structs.asdict(one.usage) if one.usage else {}
    spans = tuple(
        StoredSpan(
            id=span.id,
            parent=span.parent,
            name=span.name,
            start=span.start,
            end=span.end,
            attributes=10,
            events=len(span.events),
            tokens=usage if span.kind == "chat" else {},
        )
        for span in sent.spans
    )
    values = {
        "spans": spans,
        "scores": {score.name: score.value for score in scores(one)},
        "prompt": [message.content for message in one.prompt],
        "completion": one.text,
        "error": one.error or (one.grade.detail if one.grade else ""),
    }
    return StoredTrace(**{**values, **changes})


def reading(one, found="whole", **values):
    found = stored(one) if found == "whole" else found
    values = {"queries": 2, "seconds": 0.5} | values
    return Reading(record=one, sent=trace_of(RUN, one), stored=found, **values)


def readings(*attempts, strange=(), run_figures=0):
    return Readings(attempts=attempts, strange=tuple(strange), run_figures=run_figures)


def spans_of(one, kind):
    return next(span for span in one.spans if span.kind == kind)


def without(found, kind):
    return replace(found, spans=tuple(span for span in found.spans if span.kind != kind))


def changed(found, kind, **values):
    return replace(
        found,
        spans=tuple(replace(one, **values) if one.kind == kind else one for one in found.spans),
    )


def faults(counted):
    return {
        name: value
        for name, value in msgspec.structs.asdict(counted).items()
        if value and name not in {"attempts", "spans"}
    }


def test_a_run_that_came_back_whole_has_every_chain_and_no_fault():
    found = traceability(readings(reading(record("a")), reading(unanswered("b"))))
    assert (found.attempts, found.complete, found.share) == (2, 2, 1.0)
    assert found.spans == 4 + 2
    assert faults(found) == {"complete": 2}


@pytest.mark.parametrize("kind", ["case", "attempt", "chat", "grade"])
def test_a_lost_span_breaks_the_chain_and_is_counted(kind):
    one = record("a")
    found = traceability(readings(reading(one, without(stored(one), kind)), reading(record("b"))))
    assert faults(found) == {"complete": 1, "lost_spans": 1}
    assert found.share == 0.5


def test_an_attempt_that_the_search_does_not_find_lost_all_its_spans_and_scores():
    one = record("a")
    found = traceability(readings(reading(one, None)))
    assert faults(found) == {"lost_spans": 4, "missing_scores": len(scores(one))}


def test_a_copy_of_a_span_is_counted_and_leaves_the_chain_whole():
    whole = stored(record("a"))
    twice = replace(whole, spans=(*whole.spans, spans_of(whole, "chat")))
    assert faults(traceability(readings(reading(record("a"), twice)))) == {
        "complete": 1,
        "duplicated_spans": 1,
    }


def test_spans_that_nothing_was_sent_for_are_unexpected():
    whole = stored(record("a"))
    foreign = replace(whole.spans[0], id="f" * 16)
    found = readings(
        reading(record("a"), replace(whole, spans=(*whole.spans, foreign))),
        strange=[stored(record("z"))],
    )
    assert faults(traceability(found)) == {"complete": 1, "unexpected_spans": 1 + 4}


def test_one_token_more_or_less_is_a_wrong_span():
    one = record("a")
    tokens = {"input": 100, "output": 41, "cached": 10, "reasoning": 0}
    found = readings(reading(one, changed(stored(one), "chat", tokens=tokens)), reading(one))
    assert faults(traceability(found)) == {"complete": 2, "wrong_token_spans": 1}


def test_tokens_that_one_span_lost_and_others_have_are_wrong_but_a_kind_nobody_keeps_is_not():
    one = record("a", usage=Usage(input=9, output=8, cached=7, reasoning=6))
    bare = reading(one, changed(stored(one), "chat", tokens={}))
    partly = reading(one, changed(stored(one), "chat", tokens={"input": 9, "output": 8}))
    assert traceability(readings(bare, reading(one))).wrong_token_spans == 1
    assert traceability(readings(bare)).wrong_token_spans == 1  # a tool that lost them all
    assert traceability(readings(partly)).wrong_token_spans == 0
    assert granularity(readings(partly)).token_kinds == ("input", "output")
    assert granularity(readings(reading(one))).token_kinds == (
        *("input", "cached", "output", "reasoning"),
    )


def test_a_missing_score_and_a_wrong_one_are_counted_and_solved_belongs_to_the_chain():
    one = record("a")
    found = {score.name: score.value for score in scores(one)}
    lost = {name: value for name, value in found.items() if name != "solved"}
    assert faults(traceability(readings(reading(one, stored(one, scores=lost))))) == {
        "missing_scores": 1
    }
    turned = found | {"solved": False}
    assert faults(traceability(readings(reading(one, stored(one, scores=turned))))) == {
        "wrong_scores": 1
    }
    tests = found | {"tests": 0.999}
    assert faults(traceability(readings(reading(one, stored(one, scores=tests))))) == {
        "complete": 1,
        "wrong_scores": 1,
    }


def test_a_span_under_another_parent_is_no_chain():
    moved = changed(stored(record("a")), "grade", parent="")
    assert not is_complete(reading(record("a"), moved))


@pytest.mark.parametrize(
    ("sent", "found", "same"),
    [
        (True, True, True),
        (True, 1.0, True),
        (True, "True", True),
        (True, "true", True),
        (False, 0, True),
        (True, False, False),
        (True, None, False),
        (True, "yes", False),
        (1.0, "true", False),
        (0.6, "0.6", True),
        (0.6, 0.61, False),
        (0.0, 0, True),
        ("wrong", "wrong", True),
        ("wrong", "solved", False),
        ("wrong", None, False),
    ],
)
def test_a_score_is_the_same_in_the_forms_that_tools_give_it(sent, found, same):
    assert same_score(Score(name="x", value=sent), found) is same


def test_debugging_is_measured_on_failing_attempts_only():
    attempts = (
        reading(record("ok"), queries=99, seconds=99.0),
        reading(WRONG, queries=2, seconds=1.0),
        reading(unanswered("b"), queries=4, seconds=3.0),
    )
    links = {name_of("a", 0): {"mlflow": "http://x/a", "trace": "t"}}
    found = debugging(readings(*attempts), links, "mlflow", opens=True)
    assert (found.failing, found.queries, found.seconds) == (2, 3.0, 2.0)
    assert (found.prompt, found.completion, found.error) == (1.0, 1.0, 1.0)
    assert (found.linked, found.opens) == (0.5, True)


def test_texts_that_did_not_come_back_lower_their_share():
    lost = stored(WRONG, prompt=None, completion="return 2", error=["something else"])
    found = debugging(readings(reading(WRONG), reading(WRONG, lost)), {}, "mlflow", opens=None)
    assert (found.prompt, found.completion, found.error, found.linked) == (0.5, 0.5, 0.5, 0.0)


def test_without_a_failing_attempt_there_is_nothing_to_debug():
    found = debugging(readings(reading(record("a"))), {}, "mlflow", opens=None)
    assert (found.failing, found.queries, found.seconds, found.prompt) == (0, None, None, None)


def test_a_text_is_found_through_layers_of_json():
    text = 'say "a"\nand b'
    inner = msgspec.json.encode([{"content": text}]).decode()
    outer = msgspec.json.encode({"parts": inner}).decode()
    assert holds(text, text)
    assert holds([{"x": inner}], text)
    assert holds(outer, text)
    assert not holds(outer, "say c")
    assert not holds(None, text)
    assert not holds("[broken", text)


def test_what_is_not_on_record_is_not_looked_for():
    assert wanted(record("a", text="", prompt=()), "completion") == ()
    assert wanted(unanswered("a"), "error") == ("EndpointError: gone",)
    assert wanted(WRONG, "error") == ("trim > expected b",)


def test_granularity_is_the_mean_of_what_came_back():
    two = replace(stored(record("a")), logs=2)
    found = granularity(
        readings(reading(record("a"), two), reading(record("b"), None), run_figures=7)
    )
    assert (found.spans, found.attributes, found.logs) == (4.0, 40.0, 2.0)
    assert (found.events, found.scores, found.run_figures) == (1.0, 3.0, 7)
    nothing = granularity(readings(reading(record("b"), None)))
    assert (nothing.spans, nothing.resolution_ns, nothing.token_kinds) == (0.0, None, ())


@pytest.mark.parametrize(
    ("times", "unit"),
    [
        ([], None),
        ([2_000_000_000], 1_000_000_000),
        ([2_000_000_000, 1_500_000_000], 1_000_000),
        ([1_500_000_000, 1_000], 1_000),
        ([1_500_000_000, 1], 1),
    ],
)
def test_time_resolution_is_the_largest_unit_that_fits_all_times(times, unit):
    assert resolution(times) == unit


def test_a_share_is_never_rounded_up_to_all():
    assert share(0.9999) == "99.9 %"
    assert share(1.0) == "100 %"
    assert share(None) == number(None) == "-"
    assert (number(1234.5), number(3.0), number(100, 0)) == ("1,234.5", "3", "100")


class Shelf:
    """A backend that has what it is given; its search may lead elsewhere."""

    def __init__(self, traces, found=None):
        self.seen = Seen()
        self._traces, self._found = traces, found

    def find(self, case):
        self.seen.queries += 1
        return tuple(self._traces if self._found is None else self._found.get(case, ()))

    def fetch(self, trace):
        self.seen.queries += 2
        return self._traces.get(trace)

    def figures(self):
        return 3


def test_attempts_are_found_by_their_case_and_queries_are_those_of_each():
    records = [record("a", 0), record("a", 1), record("b")]
    ids = [trace_id(RUN.id, one.case, one.sample) for one in records]
    whole = {identity: stored(one) for identity, one in zip(ids, records, strict=True)}
    strange = "e" * 32
    whole[strange] = stored(record("z"))
    shelf = Shelf(whole, {"a": (ids[0], ids[1], strange), "b": ()})
    found = read_back(shelf, RUN, records)
    assert [one.queries for one in found.attempts] == [3, 3, 1]
    assert [one.stored is None for one in found.attempts] == [False, False, True]
    assert len(found.strange) == 1
    assert found.run_figures == 3
    assert traceability(found).unexpected_spans == 4


def compared(**values):
    one = readings(reading(WRONG))
    tool = Tool(
        name="mlflow",
        where="http://127.0.0.1:5000",
        measured_on="server",
        footprint=FOOTPRINTS["mlflow"],
        traceability=traceability(one),
        debugging=debugging(one, {}, "mlflow", opens=None),
        granularity=granularity(one),
    )
    return Compared(**{"run": RUN.id, "measured": 1.5, "tools": (tool,), **values})


def test_a_comparison_is_kept_beside_the_run_and_read_back_the_same(tmp_path):
    assert read(tmp_path) is None
    assert write(tmp_path, compared()) == tmp_path / FILE
    assert read(tmp_path) == compared()


@pytest.mark.parametrize("text", ["", "{", '{"format": 1}', "[]"])
def test_a_broken_file_is_an_error_that_names_it(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(SinkError, match=FILE):
        read(tmp_path)


def test_a_file_of_another_version_is_refused(tmp_path):
    write(tmp_path, compared(format=2))
    with pytest.raises(SinkError, match="format 2"):
        read(tmp_path)
