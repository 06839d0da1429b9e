import json

import msgspec
import pytest
from records import IDENTITY, RUN, grade, record, unanswered

from pytest_llmops.completions import Message, Timing, Usage
from pytest_llmops.errors import SinkError
from pytest_llmops.report.subject import read_links as report_links
from pytest_llmops.runs.record import RECORDS, End
from pytest_llmops.runs.traces import trace_id
from pytest_llmops.seeds import SEED_SCHEME, derive_seed
from pytest_llmops.sinks.delivery.ledger import LEDGER, Entry, Ledger
from pytest_llmops.sinks.dialects import langfuse, mlflow
from pytest_llmops.sinks.links import LINKS, read_links, write_links
from pytest_llmops.sinks.mlflow.registry import alias_name, model_name
from pytest_llmops.sinks.openllmetry.metrics import SECOND_BOUNDS, TOKEN_BOUNDS, metrics_of
from pytest_llmops.sinks.openllmetry.otlp import resource
from pytest_llmops.sinks.scores import scores
from pytest_llmops.sinks.settings import bare, names_of, read
from pytest_llmops.sinks.spans import trace_of
from pytest_llmops.sinks.withhold import clean_record, clean_run, redactor

LIVE = Timing(started=RUN.started + 5, queue=0.5, first_token=0.25, total=2.0)
SECOND = 10**9
START = round((RUN.started + 5) * SECOND)


def by_kind(trace):
    return {span.kind: span for span in trace.spans}


def test_a_trace_is_case_attempt_call_and_grade_at_the_times_of_the_record():
    spans = by_kind(trace_of(RUN, record(timing=LIVE)))
    times = {kind: (span.start - START, span.end - START) for kind, span in spans.items()}
    assert times == {
        "case": (0, 2_600_000_000),
        "attempt": (0, 2_600_000_000),
        "chat": (500_000_000, 2_500_000_000),
        "grade": (2_500_000_000, 2_600_000_000),
    }
    assert spans["chat"].events[0].time == START + 750_000_000
    parents = {kind: span.parent for kind, span in spans.items()}
    attempt = spans["attempt"].id
    assert parents == {
        "case": "",
        "attempt": spans["case"].id,
        "chat": attempt,
        "grade": attempt,
    }


def test_grading_is_shown_when_it_happened_not_right_behind_the_answer():
    late = msgspec.structs.replace(grade(), started=RUN.started + 30)
    spans = by_kind(trace_of(RUN, record(timing=LIVE, grade=late)))
    begun = round((RUN.started + 30) * SECOND)
    assert (spans["grade"].start, spans["grade"].end) == (begun, begun + SECOND // 10)
    assert spans["case"].end == spans["attempt"].end == spans["grade"].end
    assert spans["chat"].end == START + 2_500_000_000
    # An answer that was moved to the start of the run may end after it was graded.
    early = msgspec.structs.replace(grade(), started=RUN.started + 0.5)
    spans = by_kind(trace_of(RUN, record(timing=LIVE, grade=early)))
    assert spans["grade"].start == spans["chat"].end


def test_the_attempts_at_a_case_have_a_trace_each_and_a_group_in_common():
    found = [trace_of(RUN, record(sample=number)) for number in range(3)]
    assert len({trace.id for trace in found}) == 3
    (group,) = {trace.root.attributes["llmops.case.group"] for trace in found}
    other_run = msgspec.structs.replace(RUN, id="other")
    others = (trace_of(RUN, record("b")), trace_of(other_run, record()))
    assert all(group != trace.root.attributes["llmops.case.group"] for trace in others)
    for words in (mlflow(record(), found[0]), langfuse(RUN, record(), found[0], "d", "e")):
        assert group in words["case"].values()


def test_ids_depend_on_run_case_and_sample_alone():
    one, again = trace_of(RUN, record()), trace_of(RUN, record(output=99))
    assert one.id == again.id == trace_id(RUN.id, "starter:eval/text#trim", 0)
    assert [span.id for span in one.spans] == [span.id for span in again.spans]
    other = msgspec.structs.replace(RUN, id="other")
    ids = {trace_of(other, record()).id, trace_of(RUN, record(sample=1)).id, one.id}
    assert len(ids) == 3
    assert trace_id("a", "b", 1) != trace_id("a", "b1", 1)
    assert all(len(span.id) == 16 for span in one.spans)


def test_the_call_speaks_the_genai_conventions():
    made = record(
        timing=LIVE,
        usage=Usage(input=100, output=40, cached=10, reasoning=3),
        prompt=(Message("system", "Be brief."), Message("user", 'Say "hi".')),
        served_model="tiny-1",
    )
    found = by_kind(trace_of(RUN, made))["chat"].attributes
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "base",
        "gen_ai.response.model": "tiny-1",
        "gen_ai.request.max_tokens": 64,
        "gen_ai.request.seed": 0,
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 40,
        "gen_ai.usage.cache_read.input_tokens": 10,
        "gen_ai.usage.reasoning.output_tokens": 3,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.time_to_first_chunk": 0.25,
    }
    assert {name: found[name] for name in expected} == expected
    assert json.loads(found["gen_ai.input.messages"])[1] == {
        "role": "user",
        "parts": [{"type": "text", "content": 'Say "hi".'}],
    }
    assert json.loads(found["gen_ai.output.messages"])[0]["finish_reason"] == "stop"


def test_local_weights_are_of_our_own_provider_and_attempts_have_seeds_of_their_own():
    local = msgspec.structs.replace(IDENTITY, weights_sha256="b" * 64, seed_scheme=SEED_SCHEME)
    run = msgspec.structs.replace(RUN, identity=local)
    spans = by_kind(trace_of(run, record(sample=3)))
    assert spans["chat"].attributes["gen_ai.provider.name"] == "pytest-llmops"
    asked = derive_seed(0, record().case, 3)
    assert spans["chat"].attributes["gen_ai.request.seed"] == asked != 3
    before = by_kind(
        trace_of(RUN, record(sample=3))
    )  # recorded before attempts had seeds of their own
    assert before["chat"].attributes["gen_ai.request.seed"] == 3
    assert spans["case"].attributes["llmops.weights_sha256"] == "b" * 64


def test_an_answer_of_an_earlier_day_is_moved_to_the_start_of_the_run():
    old = Timing(started=1.0, queue=0.0, first_token=0.1, total=3.0)
    spans = by_kind(trace_of(RUN, record(timing=old, from_cache=True)))
    assert spans["chat"].start == round(RUN.started * SECOND)
    assert spans["chat"].end - spans["chat"].start == 3 * SECOND
    assert spans["chat"].attributes["llmops.from_cache"] is True
    assert spans["chat"].attributes["llmops.call.started"] == 1.0


def test_an_attempt_without_an_answer_is_two_spans_with_the_error():
    trace = trace_of(RUN, unanswered(error="EndpointError: gone"))
    assert [span.kind for span in trace.spans] == ["case", "attempt"]
    assert trace.root.error == "EndpointError: gone"
    (event,) = trace.root.events
    assert event.attributes == {"exception.type": "EndpointError", "exception.message": "gone"}
    assert trace.root.attributes["llmops.outcome"] == "error"


def test_a_wrong_answer_is_no_error():
    trace = trace_of(RUN, record(outcome="wrong"))
    assert not any(span.error for span in trace.spans)
    assert trace.root.attributes["llmops.score.solved"] is False


def test_scores_say_solved_and_outcome_even_of_what_was_not_graded():
    assert {one.name: one.value for one in scores(unanswered())} == {
        "solved": False,
        "outcome": "error",
    }
    half = {one.name: one.value for one in scores(record(grade=grade("wrong", 2, 4)))}
    assert half["tests"] == 0.5
    assert {one.kind for one in scores(record())} == {"BOOLEAN", "CATEGORICAL", "NUMERIC"}


def test_metrics_are_the_same_points_whenever_they_are_made():
    end = End(finished=RUN.started + 9, exit_status=0)
    made = [record(), record("b", output=5, timing=LIVE), unanswered("c")]
    first, again = (metrics_of(RUN, made, end, resource()) for _ in range(2))
    metrics = {one.name: one.data for one in first.resource_metrics[0].scope_metrics[0].metrics}
    assert first.to_json() == again.to_json()
    outputs = metrics["gen_ai.client.token.usage"].data_points[1]
    assert (outputs.count, outputs.sum, outputs.min, outputs.max) == (2, 45, 5, 40)
    assert sum(outputs.bucket_counts) == 2
    assert outputs.bucket_counts[3] == outputs.bucket_counts[4 - 1] == 1  # 5 is in (4, 16]
    assert outputs.start_time_unix_nano == round(RUN.started * SECOND)
    assert outputs.time_unix_nano == round((RUN.started + 9) * SECOND)
    assert metrics["llmops.solve_rate"].data_points[0].value == 2 / 3
    assert metrics["llmops.cost_of_pass"].data_points[0].value == 22.5


def test_a_run_in_which_nothing_was_solved_has_no_cost_of_pass():
    found = metrics_of(RUN, [record(outcome="wrong")], None, resource())
    names = {one.name for one in found.resource_metrics[0].scope_metrics[0].metrics}
    assert "llmops.cost_of_pass" not in names
    assert "llmops.solve_rate" in names


def test_bounds_are_those_of_the_conventions():
    assert TOKEN_BOUNDS[:4] == (1, 4, 16, 64)
    assert TOKEN_BOUNDS[-1] == 67108864
    assert (SECOND_BOUNDS[0], SECOND_BOUNDS[-1]) == (0.01, 81.92)


def test_settings_come_from_the_environment_with_the_names_of_the_tools():
    langfuse = read(
        "langfuse",
        {
            "LANGFUSE_BASE_URL": "https://lf.example/",
            "LANGFUSE_PUBLIC_KEY": "pk",
            "LANGFUSE_SECRET_KEY": "sk",
        },
    )
    assert (langfuse.url, langfuse.secret_key) == ("https://lf.example", "sk")
    mlflow = read("mlflow", {"MLFLOW_TRACKING_URI": "https://me:p%40ss@ml.example:5000"})
    assert (mlflow.uri, mlflow.user, mlflow.password) == ("https://ml.example:5000", "me", "p@ss")
    assert read("mlflow", {}).uri.endswith("/mlflow.db")
    assert read("mlflow", {}).local
    collector = read(
        "openllmetry",
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "TRACELOOP_HEADERS": "X-A=1%202,y=z"},
    )
    assert (collector.url, collector.headers) == ("http://c:4318", {"x-a": "1 2", "y": "z"})


KEYS = {"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}


@pytest.mark.parametrize("name", ["Bad Env", "langfuse-x", "e" * 41, "Prod", "a.b", "é"])
def test_an_environment_that_langfuse_would_rename_is_refused(name):
    with pytest.raises(SinkError, match="LLMOPS_LANGFUSE_ENVIRONMENT is .* server would change"):
        read("langfuse", {**KEYS, "LLMOPS_LANGFUSE_ENVIRONMENT": name})


def test_an_environment_that_langfuse_keeps_is_taken():
    for name in ("sdk-experiment", "e" * 40, "bench_1"):
        found = read("langfuse", {**KEYS, "LLMOPS_LANGFUSE_ENVIRONMENT": name})
        assert found.environment == name
    assert read("langfuse", KEYS).environment == "sdk-experiment"


@pytest.mark.parametrize("url", ["localhost:4318", "ftp://host", "http://", "http://h:x", "-"])
def test_an_address_that_is_none_is_told_with_its_variable(url):
    with pytest.raises(SinkError, match="TRACELOOP_BASE_URL"):
        read("openllmetry", {"TRACELOOP_BASE_URL": url})


def test_names_of_sinks_are_checked_and_all_stands_for_all():
    assert names_of(["mlflow", "all", "mlflow"]) == ("mlflow", "langfuse", "openllmetry")
    assert names_of([]) == ()
    with pytest.raises(SinkError, match="'jaeger' is none of langfuse, mlflow, openllmetry, all"):
        names_of(["jaeger"])


def test_an_address_is_shown_without_what_is_secret_in_it():
    assert bare("https://me:secret@host:8/path?key=1#x") == "https://host:8/path"


def test_secrets_of_the_environment_are_taken_out_of_what_is_sent():
    hide = redactor(
        {
            "MY_API_KEY": "abcdefgh1",
            "SHORT_KEY": "abc",
            "LANGFUSE_PUBLIC_KEY": "pk-lf-public",
            "PLAIN": "plainplain",
            "DB": "postgres://u:passpass1@h/d",
            "TRACELOOP_HEADERS": "authorization=Bearer zzzzzzzz,b=yyyyyyyyy",
        }
    )
    told = "abcdefgh1 abc pk-lf-public plainplain passpass1 Bearer zzzzzzzz yyyyyyyyy"
    assert hide(told) == "(hidden) abc pk-lf-public plainplain (hidden) Bearer (hidden) (hidden)"
    assert hide("zzzzzzzz is refused") == "(hidden) is refused"
    made = record(text="x abcdefgh1", error="E: http://u:p@h/ abcdefgh1", refusal="abcdefgh1")
    clean = clean_record(made, hide, content=True)
    assert (clean.text, clean.refusal) == ("x (hidden)", "(hidden)")
    assert clean.error == "E: http://h/ (hidden)"
    bare_record = clean_record(made, hide, content=False)
    assert (bare_record.text, bare_record.prompt, bare_record.refusal) == ("", (), "")
    served = msgspec.structs.replace(
        IDENTITY,
        served="m at http://u:abcdefgh1@h/v1",
        instruction="Say abcdefgh1.",
        body_changes='{"key": "abcdefgh1"}',
    )
    run = clean_run(msgspec.structs.replace(RUN, identity=served), hide)
    assert run.identity.served == "m at http://h/v1"
    assert run.identity.instruction == "Say (hidden)."
    assert run.identity.body_changes == '{"key": "(hidden)"}'


@pytest.mark.parametrize(
    "name",
    ["HF_PAT", "GITHUB_AUTH", "AWS_CREDENTIAL", "AWS_CREDENTIALS", "X_HEADER", "DB_PASS", "A_KEYS"],
)
def test_names_that_usually_hold_a_secret_are_known(name):
    assert redactor({name: "abcdefgh1"})("x abcdefgh1") == "x (hidden)"


@pytest.mark.parametrize("name", ["COMPAT", "BYPASS", "AUTHOR", "PUBLIC_KEY", "KEYBOARD"])
def test_names_that_only_look_like_it_hide_nothing(name):
    assert redactor({name: "abcdefgh1"})("x abcdefgh1") == "x abcdefgh1"


def test_a_ledger_knows_what_was_taken_where_and_survives_a_torn_line(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.add(Entry(sink="mlflow", where="http://a"))
    ledger.add(Entry(sink="mlflow", where="http://a", attempts=(("c", 0), ("d", 1))))
    with (tmp_path / LEDGER).open("ab") as file:
        file.write(b'{"sink":"mlf')
    again = Ledger(tmp_path)
    again.add(Entry(sink="langfuse", where="http://b", finished=True))
    read_back = Ledger(tmp_path)
    assert read_back.sinks() == ("mlflow", "langfuse")
    assert read_back.delivered("mlflow", "http://a") == {("c", 0), ("d", 1)}
    assert read_back.delivered("mlflow", "http://elsewhere") == set()
    assert read_back.finished("langfuse", "http://b")
    assert not read_back.finished("mlflow", "http://a")


def test_a_broken_ledger_is_told_with_its_line(tmp_path):
    (tmp_path / LEDGER).write_text('{"sink":"mlflow","where":"x"}\nnonsense\n')
    with pytest.raises(SinkError, match=r"delivery\.jsonl:2"):
        Ledger(tmp_path)


def test_links_of_several_sinks_are_kept_together(tmp_path):
    assert read_links(tmp_path) == {}
    write_links(tmp_path, RUN, {"mlflow": {("a", 0): "http://m"}})
    write_links(tmp_path, RUN, {"langfuse": {("a", 0): "http://l"}, "mlflow": {}})
    assert read_links(tmp_path) == {
        "a@0": {"trace": trace_id(RUN.id, "a", 0), "mlflow": "http://m", "langfuse": "http://l"}
    }
    # What is written with the links and is none, the report leaves out.
    assert report_links(tmp_path / RECORDS) == {
        "a@0": {"mlflow": "http://m", "langfuse": "http://l"}
    }
    (tmp_path / LINKS).write_text("[]")
    with pytest.raises(SinkError, match="sync"):
        read_links(tmp_path)


@pytest.mark.parametrize(
    ("model", "alias"),
    [("lora-v1", "lora-v1"), ("latest", "model-latest"), ("v2", "model-v2"), ("a/b:c", "a-b-c")],
)
def test_a_model_is_an_alias_that_the_registry_takes(model, alias):
    assert alias_name(model) == alias


@pytest.mark.parametrize(
    ("served", "name"),
    [
        ("embedded:tiny", "tiny"),
        ("hf:org/name-1.5", "org-name-1-5"),
        ("/models/mine", "models-mine"),
    ],
)
def test_a_base_is_a_registered_model(served, name):
    assert model_name(msgspec.structs.replace(IDENTITY, served=served)) == name
