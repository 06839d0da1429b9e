"""Whatever changes an answer or its counts makes another identity, and nothing else does."""

from types import SimpleNamespace

import msgspec
import pytest

from pytest_llmops.completions import Sampling
from pytest_llmops.engine.spec import ServedModel
from pytest_llmops.local_models import AdapterModel, LocalModel
from pytest_llmops.models import EndpointModel, Prices
from pytest_llmops.session.answering.identities import hosted, local

HOSTED = EndpointModel(url="https://x.example/v1", model="m", name="mine")
CHANGES = {
    "url": "https://y.example/v1",
    "model": "n",
    "name": "other",
    "context_tokens": 7,
    "instruction": "Be brief.",
    "extra": {"reasoning_effort": "low"},
    "omit": ("seed",),
}
HARMLESS = {
    "prices": Prices(input=1.0, output=2.0),
    "timeout": 7.0,
    "concurrency": 7,
    "cutoff": "2025-03",
    "api_key_env": "LLMOPS_API_KEY",
}
SERVED = ServedModel(
    sha256="w", tokenizer_sha256="t", dtype="bfloat16", device="cpu", base="b", settings_sha256="s"
)
BASE = LocalModel(weights="hf:x/y", name="base")
LOCAL_CHANGES = {"context": 1024, "context_tokens": 7, "instruction": "Be brief."}
LOCAL_HARMLESS = {"concurrency": 7, "cutoff": "2025-03", "max_batch": 7}
TOLD = {"weights", "engine", "program", "engine_args", "dtype"}
"""Fields whose effect the engine tells, by digests, its version and its arguments."""


def key(model, sampling=Sampling()):  # noqa: B008 a frozen value
    return hosted(model, sampling)[1].key


def key_of_local(base, served=SERVED, **more):
    engine = SimpleNamespace(models={"base": served, "lora": served}, url="http://127.0.0.1:1/v1")
    return local(more.get("model", base), base, engine, Sampling())[1].key


@pytest.mark.parametrize("field", CHANGES)
def test_what_changes_an_endpoint_s_answers_is_part_of_its_identity(field):
    assert key(msgspec.structs.replace(HOSTED, **{field: CHANGES[field]})) != key(HOSTED)


@pytest.mark.parametrize("field", HARMLESS)
def test_what_changes_no_answer_of_an_endpoint_is_no_part_of_it(field):
    assert key(msgspec.structs.replace(HOSTED, **{field: HARMLESS[field]})) == key(HOSTED)


def test_every_field_of_an_endpoint_has_been_thought_of():
    assert {*CHANGES, *HARMLESS, "tokenizer"} == {*EndpointModel.__struct_fields__}


def test_the_tokenizer_that_counts_is_part_of_an_identity_by_what_it_holds(tmp_path):
    tokenizers = pytest.importorskip("tokenizers", reason="the extra `local` is not installed")
    pytest.importorskip("transformers", reason="the extra `local` is not installed")
    keys = []
    for number in (0, 1):
        words = {"[UNK]": 0, f"w{number}": 1}
        made = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
        made.save(str(tmp_path / f"{number}.json"))
        (tmp_path / f"copy{number}.json").write_bytes((tmp_path / f"{number}.json").read_bytes())
        names = (str(tmp_path / f"{prefix}{number}.json") for prefix in ("", "copy"))
        keys += [key(msgspec.structs.replace(HOSTED, tokenizer=name)) for name in names]
    one, its_copy, other, _ = keys
    assert one == its_copy
    assert len({key(HOSTED), one, other}) == 3


@pytest.mark.parametrize("field", LOCAL_CHANGES)
def test_what_changes_a_local_model_s_answers_is_part_of_its_identity(field):
    changed = msgspec.structs.replace(BASE, **{field: LOCAL_CHANGES[field]})
    assert key_of_local(changed) != key_of_local(BASE)


@pytest.mark.parametrize("field", LOCAL_HARMLESS)
def test_what_changes_no_answer_of_a_local_model_is_no_part_of_it(field):
    changed = msgspec.structs.replace(BASE, **{field: LOCAL_HARMLESS[field]})
    assert key_of_local(changed) == key_of_local(BASE)


@pytest.mark.parametrize(
    "field", [name for name in ServedModel.__struct_fields__ if name != "base"]
)
def test_all_that_an_engine_tells_is_part_of_an_identity(field):
    assert key_of_local(BASE, msgspec.structs.replace(SERVED, **{field: "other"})) != key_of_local(
        BASE
    )


def test_every_field_of_a_local_model_has_been_thought_of():
    known = {*LOCAL_CHANGES, *LOCAL_HARMLESS, *TOLD, "name"}
    assert known == {*LocalModel.__struct_fields__}


def test_an_adapter_is_known_by_its_digest_and_not_by_its_name():
    lora = AdapterModel(base="base", adapter="a", name="lora")
    served = msgspec.structs.replace(SERVED, adapter_sha256="a")
    one = key_of_local(BASE, served, model=lora)
    assert one == key_of_local(BASE, served)
    assert one != key_of_local(
        BASE, msgspec.structs.replace(served, adapter_sha256="b"), model=lora
    )
    assert one != key_of_local(BASE)
