import json
import re

import msgspec
import pytest
from chat_server import ChatServer, hang, keyed, request, serving
from project import ADD, ANSWERS, DOUBLE, write_answers
from records import IDENTITY, RUN, record, unanswered

from pytest_llmops.caches import completions_file
from pytest_llmops.completions import Sampling
from pytest_llmops.errors import EndpointError, ModelError, RecordError
from pytest_llmops.generation.replay import Replay
from pytest_llmops.models import resolve
from pytest_llmops.runs.record import RecordFile
from pytest_llmops.session.answering.identities import engine_of
from pytest_llmops.session.answering.source import open_answers
from pytest_llmops.session.models import engine_spec
from pytest_llmops.session.options import Options
from pytest_llmops.tasks.prompts import PROMPT_VERSION
from pytest_llmops.tasks.selection import Choice

KEY = "sk-secret"
SAMPLING = Sampling()
MODELS = """
[base]
weights = "embedded:tiny"
dtype = "float32"
max_batch = 8

[lora]
base = "base"
adapter = "adapters/lora"

[hosted]
url = "https://api.example.com/v1"
model = "mini-2"
api_key_env = "LLMOPS_TEST_KEY"
context_tokens = 77
prices = { input = 1.0, output = 4.0 }

[changed]
url = "https://api.example.com/v1"
model = "mini-2"
extra = { top_k = 1, reasoning_effort = "low" }
omit = ["temperature"]

[reordered]
url = "https://api.example.com/v1"
model = "mini-2"
extra = { reasoning_effort = "low", top_k = 1 }
omit = ["temperature"]
"""


@pytest.fixture
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LLMOPS_TEST_KEY", KEY)
    path = tmp_path / "models.toml"
    path.write_text(MODELS)
    return path


@pytest.fixture
def opened(models):
    """Open answers that are closed when the test ends."""
    made = []

    def make(name, sampling=SAMPLING, *, cache=False, agent=None, bench=None):
        choice = Choice(suites_file=models.parent / "suites.toml", sampling=sampling)
        options = Options(
            model=name,
            models_file=models,
            choice=choice,
            cache=cache,
            runs=models.parent,
            root=models.parent,
        )
        made.append(open_answers(options, agent, bench))
        return made[-1]

    yield make
    for answers in made:
        answers.close()


def write_run(folder, *records, **identity):
    changed = msgspec.structs.replace(IDENTITY, **{"prompt_version": PROMPT_VERSION, **identity})
    file = RecordFile(folder, msgspec.structs.replace(RUN, identity=changed))
    for one in records:
        file.write(one)
    file.close()


def test_a_recorded_run_answers_again_under_its_own_identity(opened, models):
    write_answers(models.parent)
    answers = opened("replay:recorded", Sampling(max_tokens=9))
    answers.source.start(keyed([request(ADD), request(DOUBLE)]))
    assert answers.source.await_completion((DOUBLE, 0)).text == ANSWERS[DOUBLE]
    assert answers.source.await_completion((ADD, 0)).text == ANSWERS[ADD]
    assert (answers.identity.model, answers.identity.sampling.max_tokens) == ("base", 64)
    assert (answers.prices, answers.engine) == (None, None)


def test_a_replay_leaves_the_cache_alone(opened, models):
    write_answers(models.parent)
    assert opened("replay:recorded", cache=True).cache is None
    assert not completions_file().exists()


def test_a_run_of_another_prompt_version_is_refused(opened, models):
    write_run(models.parent, record(), prompt_version="0")
    with pytest.raises(
        ModelError,
        match=f"records.jsonl: its prompts have version 0, this is {PROMPT_VERSION}; its answers",
    ):
        opened(f"replay:{RUN.id}")


GONE = "EndpointError: a (sample 0): m at http://h/v1: not reachable for 10 s: connection refused"


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ([], "holds no attempts; the session ended before the first"),
        (
            [unanswered(error=GONE), unanswered("b", error=GONE)],
            r"all 2 attempts of this run failed before an answer came \(connection refused\)",
        ),
        (
            [record(text="", prompt=()), record(sample=1, text="", prompt=())],
            r"holds no texts to grade again \(recorded with --no-content\?\)",
        ),
    ],
    ids=["no records", "errors alone", "hashes alone"],
)
def test_a_run_without_answers_is_refused(records, why, opened, models):
    write_run(models.parent, *records)
    with pytest.raises(ModelError, match=f"records.jsonl: {why}"):
        opened(f"replay:{RUN.id}")


def test_an_attempt_that_got_no_answer_is_missing_alone(opened, models):
    write_run(models.parent, record(ADD, text="a"), unanswered(DOUBLE))
    source = opened("replay:latest").source
    source.start(keyed([request(ADD), request(DOUBLE)]))
    assert source.await_completion((ADD, 0)).text == "a"
    with pytest.raises(EndpointError, match="the recorded run holds no completion of it"):
        source.await_completion((DOUBLE, 0))


def test_an_answer_to_a_prompt_that_has_changed_is_not_used(opened, models):
    same = request(DOUBLE).prompt_sha256
    write_run(
        models.parent,
        record(ADD, prompt_sha256="0" * 64),
        record(DOUBLE, prompt_sha256=same, text="same"),
    )
    source = opened("replay:latest").source
    source.start(keyed([request(ADD), request(DOUBLE)]))
    assert source.await_completion((DOUBLE, 0)).text == "same"
    with pytest.raises(EndpointError, match="its prompt has changed since it was recorded"):
        source.await_completion((ADD, 0))


def test_a_run_that_is_not_there_is_named(opened):
    with pytest.raises(RecordError, match="nope: no such run or records file"):
        opened("replay:nope")


def test_the_identity_of_a_hosted_model_tells_all_but_secrets(opened):
    sampling = Sampling(max_tokens=9, temperature=0.5)
    answers = opened("hosted", sampling)
    identity = answers.identity
    assert (identity.model, identity.served) == ("hosted", "mini-2 at https://api.example.com/v1")
    assert (identity.context_tokens, identity.sampling) == (77, sampling)
    assert (identity.prompt_version, identity.body_changes) == (PROMPT_VERSION, "")
    assert (answers.prices.output, answers.engine) == (4.0, None)
    for secret in (KEY, "hidden", "LLMOPS_TEST_KEY"):
        assert secret not in identity.key
        assert secret not in repr(answers)


def test_another_key_is_no_other_identity(opened, monkeypatch):
    before = opened("hosted").identity
    monkeypatch.setenv("LLMOPS_TEST_KEY", "sk-other")
    assert opened("hosted").identity == before


def test_changes_of_request_bodies_are_part_of_the_identity(opened):
    changed, reordered = opened("changed").identity, opened("reordered").identity
    assert json.loads(changed.body_changes) == [
        {"reasoning_effort": "low", "top_k": 1},
        ["temperature"],
    ]
    assert reordered.body_changes == changed.body_changes


@pytest.mark.parametrize("cache", [True, False])
def test_a_hosted_model_uses_the_cache_where_it_is_wanted(cache, opened):
    answers = opened("hosted", cache=cache)
    assert (answers.cache is not None) == completions_file().exists() == cache
    assert not isinstance(answers.source, Replay)


def test_the_cache_lies_in_the_cache_folder_of_the_user(models):
    assert completions_file() == models.parent / "cache" / "pytest-llmops" / "completions.sqlite"


def test_answers_may_be_closed_twice(opened):
    answers = opened("hosted", cache=True)
    answers.close()
    answers.close()
    with pytest.raises(EndpointError):
        answers.source.await_completion((ADD, 0), timeout=1)


def test_without_its_key_nothing_is_opened(opened, monkeypatch):
    monkeypatch.delenv("LLMOPS_TEST_KEY")
    with pytest.raises(ModelError, match="LLMOPS_TEST_KEY is not set"):
        opened("hosted", cache=True)
    assert not completions_file().exists()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("base", ("embedded:tiny", "base", {}, "float32", 8)),
        ("lora", ("embedded:tiny", "base", {"lora": "adapters/lora"}, "float32", 8)),
        ("hf:ORG/NAME", ("hf:ORG/NAME", "hf:ORG/NAME", {}, "auto", 32)),
    ],
)
def test_an_engine_serves_the_base_and_the_adapter_asked_for(name, expected, models):
    weights, base_name, adapters, dtype, max_batch = expected
    spec = engine_spec(*resolve(name, models))
    assert (spec.base, spec.base_name) == (weights, base_name)
    assert spec.adapters == {
        adapter: str(models.parent / folder) for adapter, folder in adapters.items()
    }
    assert (spec.dtype, spec.max_batch) == (dtype, max_batch)
    assert (spec.host, spec.port) == ("127.0.0.1", 0)


def test_an_engine_listens_where_it_is_told(models):
    spec = engine_spec(*resolve("base", models), host="0.0.0.0", port=8080)
    assert (spec.host, spec.port) == ("0.0.0.0", 8080)


@pytest.mark.parametrize(
    ("listed", "session", "reads"),
    [
        ([{"id": "mini-2"}], {"judged": False, "trusted": False}, True),
        ([{"id": "mini-2"}], {"judged": True, "trusted": False}, False),
        (None, {"judged": False, "trusted": False}, False),
        (None, {"judged": False, "trusted": True}, True),
        ([{"id": "mini-2"}], {"judged": True, "trusted": True}, True),
    ],
    ids=["listed", "judged", "unlisted", "unlisted but trusted", "judged but trusted"],
)
def test_cached_answers_of_an_endpoint_are_used_where_it_is_known_or_the_user_says_so(
    listed, session, reads, opened, models
):
    with serving(ChatServer(hang, models=listed)) as (url, _):
        models.write_text(f'[there]\nurl = "{url}"\nmodel = "mini-2"\n')
        answers = opened("there", cache=True)
        answers.meet(**session)
    assert answers.source.reads is reads
    assert answers.source.identity == answers.identity.key
    assert answers.identity.server == ('[{"id":"mini-2"}]' if listed else "")


def test_a_local_engine_is_known_by_its_code_and_what_it_computes_with():
    with_ = "".join(rf"(, {name} \S+)?" for name in ("torch", "transformers", "numba"))
    assert re.match(rf"pytest-llmops [0-9a-f]{{12}}{with_}$", engine_of())


def test_all_rooms_of_an_engine_belong_to_its_code(tmp_path, monkeypatch):
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "rows.py").write_text("one = 1\n")
    monkeypatch.setattr("pytest_llmops.engine.__file__", str(tmp_path / "__init__.py"))
    before = engine_of()
    (tmp_path / "kernels" / "rows.py").write_text("one = 2\n")
    assert engine_of() != before
