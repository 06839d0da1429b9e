"""The commands of fine-tuning from end to end on a tiny random model: nothing is a double here."""

import json
import shutil

import pytest
from finetuning import make_project
from project import BENCHMARK

pytest.importorskip("torch", reason="needs the `local` extra")
pytest.importorskip("peft", reason="needs the `local` extra")
pytest.importorskip("datasets", reason="needs the `local` extra")
pytest.importorskip("accelerate", reason="needs the `finetune` extra")

from safetensors.numpy import load_file
from tiny_models import save_tiny

from finetune.__main__ import main
from pytest_llmops.runs.reading import read_run

pytestmark = [
    pytest.mark.torch,
    pytest.mark.slow,
    # PEFT reads a property that transformers renamed.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

SETTINGS = """
[collect]
suites = ["mini"]
samples = 2
max_tokens = 12
[data]
reference_suites = ["mini"]
[train]
rank = 4
learning_rate = 0.01
epochs = 1.0
batch_tokens = 2048
dtype = "float32"
validation_share = 0.0
[study]
suites = ["mini"]
max_tokens = 12
"""
MORE = {
    f"eval/step{at}.ts": "".join(
        f"/** Returns {at} times the number, {more} more. */\n"
        f"export function step{at}{name}(value: number): number {{\n"
        f"  return value * {at} + {more};\n}}\n"
        for name, more in (("A", 1), ("B", 2))
    )
    for at in range(2, 12)
}
"""Cases enough for intervals: two in each of ten files."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("tiny") / "tiny")


@pytest.fixture
def project(tmp_path, tiny, monkeypatch):
    made = make_project(tmp_path, MORE)
    shutil.copytree(tiny, tmp_path / "tiny", dirs_exist_ok=True)
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "test_functions.py").write_text(BENCHMARK)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = -p no:cacheprovider -q\nllmops_models = models.toml\n"
    )
    (tmp_path / "finetune.toml").write_text(SETTINGS)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return made


@pytest.mark.parametrize("method", ["sft-shortest", "preference"])
def test_one_command_samples_trains_and_registers(project, method, capfd):
    assert main(["--method", method]) == 0
    said = " ".join(capfd.readouterr().out.split())
    assert "collect: 0 of 8 samples passed" in said
    assert "no leak of 21 evaluation cases" in said
    assert "register: --model=lora-v1" in said
    folder = project.adapters / "lora-v1"
    weights = load_file(folder / "adapter_model.safetensors")
    assert any(weight.any() for name, weight in weights.items() if "lora_B" in name)
    history = json.loads((folder / "training.json").read_text())
    assert history["steps"] >= 1
    assert history["identity"]["train.method"] == method
    data = json.loads((folder / "data.json").read_text())
    assert data["rows"]["train"] >= 4
    (run,) = data["runs"]
    assert (
        len(read_run(project.work("lora-v1") / "runs" / run["id"] / "records.jsonl").records) == 8
    )


def test_a_study_runs_its_arms_and_ends_with_1_where_one_has_no_result(project, capfd):
    assert main(["study", "--arm", "shortest"]) == 0
    page = project.work("lora-v1") / "study" / "study.md"
    assert "| shortest |" in page.read_text()
    assert "no result" not in page.read_text()
    capfd.readouterr()
    assert main(["study", "--arm", "shortest", "--arm", "own-shortest"]) == 1
    said = capfd.readouterr().out
    assert "no result for own-shortest: nothing to train on" in said
    assert said.count("(unchanged, skipped)") >= 5
