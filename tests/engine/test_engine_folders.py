"""Weights that are not those of the model are refused by name, before anything is measured."""

import json

import pytest

pytest.importorskip("torch", reason="needs the `local` extra")

import torch
from safetensors.torch import load_file, save_file
from tiny_models import save_tiny, tiny_model

from pytest_llmops.engine.load import load
from pytest_llmops.errors import ModelError

pytestmark = pytest.mark.torch

FILE = "model.safetensors"
INDEX = "model.safetensors.index.json"
UP = "model.layers.1.mlp.up_proj.weight"


@pytest.fixture
def folder(tmp_path):
    return save_tiny(tmp_path / "tiny")


@pytest.fixture
def sharded(folder):
    tiny_model().save_pretrained(folder, max_shard_size="100KB")
    (folder / FILE).unlink()
    assert len(list(folder.glob("model-0*.safetensors"))) > 1
    load(str(folder), "float32")
    return folder


def refusal(folder):
    with pytest.raises(ModelError) as refused:
        load(str(folder), "float32")
    assert str(folder) in str(refused.value)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def rewrite(folder, change):
    tensors = load_file(folder / FILE)
    change(tensors)
    save_file(tensors, folder / FILE, {"format": "pt"})


def test_a_tensor_that_is_missing_is_named_instead_of_drawn_at_random(folder):
    rewrite(folder, lambda tensors: tensors.pop(UP))
    assert f"tensors missing: {UP}" in refusal(folder)


def test_a_tensor_that_no_layer_takes_is_named(folder):
    rewrite(folder, lambda t: t.update({"model.layers.7.mlp.up_proj.weight": torch.zeros(80, 48)}))
    assert "unexpected: model.layers.7.mlp.up_proj.weight" in refusal(folder)


def test_a_tensor_of_another_shape_is_named_with_both(folder):
    rewrite(folder, lambda tensors: tensors.update({UP: torch.zeros(81, 48)}))
    assert f"{UP} (file [81, 48], model [80, 48])" in refusal(folder)


def test_many_tensors_are_counted(folder):
    rewrite(folder, lambda tensors: [tensors.pop(name) for name in list(tensors) if "mlp" in name])
    assert " and 2 more" in refusal(folder)


def test_a_tied_head_is_not_missed(tmp_path):
    config = tiny_model().config
    config.tie_word_embeddings = True
    folder = save_tiny(tmp_path / "tied")
    (folder / "config.json").write_text(config.to_json_string())
    rewrite(folder, lambda tensors: tensors.pop("lm_head.weight"))
    assert load(str(folder), "float32").model.lm_head.weight.shape == (400, 48)


@pytest.mark.parametrize("left", [0, 7, 5000])
def test_a_truncated_file_is_named(folder, left):
    whole = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(whole[: len(whole) - 100] if left == 5000 else whole[:left])
    assert f"{folder / FILE}: cannot be read, is it whole?" in refusal(folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"weight_map": 3}', '{"weight_map": {}}', "{}"])
def test_a_broken_index_is_named(sharded, text):
    (sharded / INDEX).write_text(text)
    assert str(sharded / INDEX) in refusal(sharded)


def test_an_index_that_leaves_the_folder_is_refused(sharded):
    (sharded / INDEX).write_text('{"weight_map": {"a": "../secret.safetensors"}}')
    assert "'../secret.safetensors', which is no file of this folder" in refusal(sharded)


def test_a_file_that_the_index_names_and_a_tensor_it_lacks_are_named(sharded):
    weights = json.loads((sharded / INDEX).read_text())["weight_map"]
    file = weights[UP]
    (sharded / file).rename(sharded / "away")
    assert f"{sharded / file}: is missing" in refusal(sharded)
    tensors = load_file(sharded / "away")
    tensors.pop(UP)
    save_file(tensors, sharded / file, {"format": "pt"})
    assert f"{sharded / file}: lacks {UP}, which {INDEX} lists" in refusal(sharded)


@pytest.mark.parametrize(
    "changes", [{"hidden_size": "many"}, {"num_attention_heads": 7}, {"rope_parameters": "x"}]
)
def test_a_configuration_that_makes_no_sense_is_a_model_error(folder, changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
    refusal(folder)


def test_an_adapter_is_told_from_a_model(folder):
    (folder / "adapter_config.json").write_text("{}")
    assert "is a LoRA adapter; give it a table with 'base' and 'adapter'" in refusal(folder)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("generation_config.json", {"repetition_penalty": 1.2}),
        ("tokenizer_config.json", {"bos_token": "?"}),
    ],
)
def test_what_the_configuration_says_is_part_of_what_identifies_a_model(folder, file, change):
    before = load(str(folder), "float32")
    assert load(f"hf:{folder}", "float32").settings_sha256 == before.settings_sha256
    settings = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps(settings | change))
    after = load(str(folder), "float32")
    assert after.sha256 == before.sha256
    assert after.settings_sha256 != before.settings_sha256
