"""LoRA adapters by name: PEFT's own numbers, and every refusal."""

import dataclasses
import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the `local` extra")
peft = pytest.importorskip("peft", reason="needs the `local` extra")

from safetensors.torch import load_file, save_file  # noqa: E402
from tiny_models import (  # noqa: E402
    CONFIGS,
    EVERY_LINEAR,
    Collected,
    asked,
    generated,
    prompts_of,
    save_adapter,
    save_tiny,
    tiny_model,
)

from pytest_llmops.engine.adapter_config import (  # noqa: E402
    BASE,
    COMPUTED,
    CONFIG,
    HARMLESS,
    OFF,
    WEIGHTS,
)
from pytest_llmops.engine.adapters import read_adapter  # noqa: E402
from pytest_llmops.engine.load import load  # noqa: E402
from pytest_llmops.engine.runners import build_runner  # noqa: E402
from pytest_llmops.errors import ModelError  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    # PEFT reads a property that transformers renamed.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]


@pytest.fixture
def base_folder(tmp_path):
    return save_tiny(tmp_path / "tiny")


def edit(folder: Path, **changes):
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("name", ["llama", "qwen3", "gpt2"])
def test_a_mixed_batch_gives_what_peft_gives_for_each_adapter(tmp_path, name):
    folder = save_tiny(tmp_path / "tiny", name)
    parts = [["c_attn", "c_fc"], ["c_proj"]] if name == "gpt2" else [EVERY_LINEAR, ["v_proj"]]
    changes = {"fan_in_fan_out": True} if name == "gpt2" else {}
    settings = [
        {"target_modules": parts[0], **changes},
        {"target_modules": parts[1], "r": 9, "use_rslora": True, **changes},
    ]
    models = {"": tiny_model(name)} | {
        f"lora-{i}": save_adapter(tmp_path / f"lora-{i}", i, name, **one)
        for i, one in enumerate(settings)
    }
    base = load(str(folder), "float32")
    pairs = {
        adapter: read_adapter(tmp_path / adapter, base, "models/tiny").pairs
        for adapter in models
        if adapter
    }
    answers = Collected(build_runner(lambda: tiny_model(name), pairs), max_batch=6)
    prompts = prompts_of([5, 90, 64, 12, 140, 30, 8, 71, 3])
    jobs = [
        answers.batcher.submit(asked(prompt, adapter=list(models)[i % 3]))
        for i, prompt in enumerate(prompts)
    ]
    answers.wait(jobs)
    answers.batcher.close()
    for job, prompt in zip(jobs, prompts, strict=True):
        assert job.tokens[len(prompt) :] == generated(models[job.asked.adapter], prompt, 24)
    one = prompts[1]
    assert len({tuple(generated(model, one, 24)) for model in models.values()}) == 3


def test_a_prefix_is_never_shared_between_adapters(tmp_path, base_folder):
    adapted = save_adapter(tmp_path / "a", 1)
    pairs = {"a": read_adapter(tmp_path / "a", load(str(base_folder), "float32"), "tiny").pairs}
    answers = Collected(build_runner(tiny_model, pairs))
    prompt = prompts_of([100])[0]
    first = answers.batcher.submit(asked(prompt))
    answers.wait([first])
    second = answers.batcher.submit(asked(prompt, adapter="a"))
    answers.wait([second])
    answers.batcher.close()
    assert second.cached == 0
    assert second.tokens[100:] == generated(adapted, prompt, 24) != first.tokens[100:]


def test_alpha_patterns_count_as_in_peft(tmp_path, base_folder):
    save_adapter(tmp_path / "a", 1, alpha_pattern={"layers.1.mlp.up_proj": 3, "q_proj": 20})
    pairs = read_adapter(tmp_path / "a", load(str(base_folder), "float32"), "tiny").pairs
    assert pairs["model.layers.0.mlp.up_proj"].scaling == 3
    assert pairs["model.layers.1.mlp.up_proj"].scaling == 0.75
    assert pairs["model.layers.1.self_attn.q_proj"].scaling == 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"use_dora": True}, "use_dora"),
        ({"bias": "all"}, "bias 'all'"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"peft_type": "IA3"}, "peft_type 'IA3'"),
        ({"base_model_name_or_path": "ORG/other"}, "'ORG/other', the base served is"),
        ({"lora_alpha": "many"}, "lora_alpha"),
    ],
)
def test_a_configuration_that_would_be_served_half_is_refused(tmp_path, base_folder, changes, said):
    save_adapter(tmp_path / "a", 1)
    edit(tmp_path / "a", **changes)
    with pytest.raises(ModelError, match=said) as refusal:
        read_adapter(tmp_path / "a", load(str(base_folder), "float32"), "models/tiny")
    assert str(tmp_path / "a") in str(refusal.value)


ON = {
    "task_type": "SEQ_CLS",
    "bias": "lora_only",
    "init_lora_weights": "pissa",
    "modules_to_save": ["lm_head"],
    "alora_invocation_tokens": [10, 11],
    "trainable_token_indices": [1],
    "layer_replication": [[0, 1], [0, 2]],
    "target_parameters": ["experts.up"],
}
"""A value with which each field matters; True or a table for those not named."""


@pytest.mark.parametrize("name", sorted(OFF))
def test_every_field_that_changes_what_is_computed_is_refused_by_name(tmp_path, base_folder, name):
    save_adapter(tmp_path / "a", 1)
    edit(tmp_path / "a", **{name: ON.get(name, {"x": 1} if "config" in name else True)})
    with pytest.raises(ModelError, match=f"a: {name} .* cannot be served as an adapter; merge"):
        read_adapter(tmp_path / "a", load(str(base_folder), "float32"), "models/tiny")


@pytest.mark.parametrize(
    "kind", ["pissa", "pissa_niter_4", "olora", "corda", "loftq", "lora_ga", "mica", "new"]
)
def test_an_initialization_that_changes_the_base_is_refused_by_name(tmp_path, base_folder, kind):
    save_adapter(tmp_path / "a", 1)
    edit(tmp_path / "a", init_lora_weights=kind)
    with pytest.raises(ModelError, match=f"init_lora_weights '{kind}'"):
        read_adapter(tmp_path / "a", load(str(base_folder), "float32"), "models/tiny")


def test_every_field_of_peft_is_known_and_a_newer_one_is_refused(tmp_path, base_folder):
    """A field that an update of PEFT brings fails here: say in `adapter_config` what it does."""
    fields = {field.name for field in dataclasses.fields(peft.LoraConfig)}
    fields -= {field for field in fields if field.startswith("_")}
    assert fields - COMPUTED - HARMLESS - OFF.keys() == set()
    save_adapter(tmp_path / "a", 1)
    edit(tmp_path / "a", shiny=None, shinier={})
    read_adapter(tmp_path / "a", load(str(base_folder), "float32"), "models/tiny")
    edit(tmp_path / "a", shiny=4)
    with pytest.raises(ModelError, match="shiny 4, a field that is not known here"):
        read_adapter(tmp_path / "a", load(str(base_folder), "float32"), "models/tiny")


@pytest.mark.filterwarnings("ignore:`init_lora_weights` is 'eva' but:UserWarning")
@pytest.mark.parametrize(
    "changes",
    [
        {"rank_pattern": {"q_proj": 8}, "alpha_pattern": {"q_proj": 2}},
        {"alpha_pattern": {r"^model.layers.0.self_attn.q_proj": 7}, "use_rslora": True},
        {"init_lora_weights": "gaussian"},
        {"init_lora_weights": "orthogonal"},
        {"init_lora_weights": "eva"},
        {"layers_to_transform": [0], "layers_pattern": "layers"},
        {"exclude_modules": ["q_proj"], "target_modules": "all-linear"},
        {"target_modules": r".*\.(q|v)_proj"},
        {"lora_dropout": 0.3},
    ],
    ids=str,
)
def test_what_is_served_computes_what_peft_loads(tmp_path, base_folder, changes):
    init = changes.pop("init_lora_weights", None)
    save_adapter(tmp_path / "a", 1, **changes)
    if init:
        edit(tmp_path / "a", init_lora_weights=init)
    expected = peft.PeftModel.from_pretrained(tiny_model(), tmp_path / "a").eval()
    base = load(str(base_folder), "float32")
    for path, pair in read_adapter(tmp_path / "a", base, "models/tiny").pairs.items():
        base.model.get_submodule(path).weight += pair.scaling * pair.up @ pair.down
    tokens = torch.arange(5, 25)[None]
    with torch.no_grad():
        wanted, found = expected(input_ids=tokens).logits, base.model(input_ids=tokens).logits
    assert (wanted - found).abs().max() < 1e-3 * wanted.abs().max()


def test_a_pickle_is_refused_unread(tmp_path, base_folder):
    save_adapter(tmp_path / "a", 1)
    (tmp_path / "a" / WEIGHTS).rename(tmp_path / "a" / "adapter_model.bin")
    with pytest.raises(ModelError, match=r"a pickle, adapter_model\.bin, is not read"):
        read_adapter(tmp_path / "a", load(str(base_folder), "float32"), "models/tiny")


def test_a_pickle_beside_the_weights_is_not_opened(tmp_path, base_folder):
    save_adapter(tmp_path / "a", 1)
    base = load(str(base_folder), "float32")
    alone = read_adapter(tmp_path / "a", base, "models/tiny").sha256
    (tmp_path / "a" / "adapter_model.bin").mkdir()  # to open it would fail
    assert read_adapter(tmp_path / "a", base, "models/tiny").sha256 == alone


def test_an_adapter_of_other_shapes_or_layers_is_refused(tmp_path, base_folder):
    base = load(str(base_folder), "float32")
    save_adapter(tmp_path / "a", 1)
    good = load_file(tmp_path / "a" / WEIGHTS)
    first = next(key for key in good if "lora_A" in key)
    changed = {
        "the base has": good | {first: torch.zeros(4, 7)},
        "the base does not have": {
            key.replace("layers.1", "layers.9"): t for key, t in good.items()
        },
        "no matching lora_A and lora_B": {k: t for k, t in good.items() if k != first},
        "is no LoRA weight": good | {"base_model.model.lm_head.weight": torch.zeros(2, 2)},
    }
    for said, tensors in changed.items():
        save_file(tensors, tmp_path / "a" / WEIGHTS)
        with pytest.raises(ModelError, match=said):
            read_adapter(tmp_path / "a", base, "models/tiny")
    (tmp_path / "a" / WEIGHTS).write_bytes(b"\x00" * 40)
    with pytest.raises(ModelError, match=WEIGHTS):
        read_adapter(tmp_path / "a", base, "models/tiny")


def test_the_digest_of_the_base_decides_where_the_adapter_names_one(tmp_path, base_folder):
    base = load(str(base_folder), "float32")
    save_adapter(tmp_path / "a", 1)
    edit(tmp_path / "a", base_model_name_or_path="renamed")
    (tmp_path / "a" / BASE).write_text(json.dumps({"sha256": base.sha256}))
    assert len(read_adapter(tmp_path / "a", base, "models/tiny").sha256) == 64
    (tmp_path / "a" / BASE).write_text(json.dumps({"sha256": "0" * 64}))
    with pytest.raises(ModelError, match=f"digest {'0' * 64}"):
        read_adapter(tmp_path / "a", base, "models/tiny")


def test_the_digest_of_the_tokenizer_decides_too(tmp_path, base_folder):
    base = load(str(base_folder), "float32")
    save_adapter(tmp_path / "a", 1)
    pins = {"sha256": base.sha256, "tokenizer_sha256": base.tokenizer_sha256}
    (tmp_path / "a" / BASE).write_text(json.dumps(pins))
    assert len(read_adapter(tmp_path / "a", base, "models/tiny").sha256) == 64
    (tmp_path / "a" / BASE).write_text(json.dumps(pins | {"tokenizer_sha256": "0" * 64}))
    with pytest.raises(ModelError, match=f"trained with a tokenizer of digest {'0' * 64}"):
        read_adapter(tmp_path / "a", base, "models/tiny")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"0" * 64,
        b"{",
        b"[]",
        b"{}",
        b'{"sha256": 5}',
        b'{"sha256": "\xff"}',
        b'{"sha256": "", "tokenizer_sha256": 5}',
    ],
)
def test_digests_that_cannot_be_read_are_refused(tmp_path, base_folder, text):
    save_adapter(tmp_path / "a", 1)
    (tmp_path / "a" / BASE).write_bytes(text)
    with pytest.raises(ModelError, match=rf"a/{BASE}: (?!trained)"):
        read_adapter(tmp_path / "a", load(str(base_folder), "float32"), "models/tiny")


def test_a_folder_that_is_no_adapter_is_refused(tmp_path, base_folder):
    with pytest.raises(ModelError, match=f"no {CONFIG}"):
        read_adapter(base_folder, load(str(base_folder), "float32"), "models/tiny")


def test_every_tiny_configuration_loads(tmp_path):
    assert all(config().vocab_size == 400 for config in (CONFIGS[name] for name in CONFIGS))


def test_an_adapter_that_was_not_trained_yet_is_refused_with_what_to_do(tmp_path, base_folder):
    base = load(str(base_folder), "float32")
    with pytest.raises(ModelError, match=r"lora-v1: no such folder; train the adapter first"):
        read_adapter(tmp_path / "lora-v1", base, str(base_folder))
