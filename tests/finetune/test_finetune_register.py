"""A trained adapter in its place: what is written, what is refused, and that engines load it."""

import json
import pickle
import shutil
import tomllib
from pathlib import Path

import msgspec
import pytest

torch = pytest.importorskip("torch", reason="needs the `local` extra")
pytest.importorskip("peft", reason="needs the `local` extra")

from safetensors.torch import load_file, save_file  # noqa: E402
from tiny_models import save_adapter, save_tiny  # noqa: E402

from finetune.card import History, Point, Saving, sparkline, thinned  # noqa: E402
from finetune.entries import write_entry  # noqa: E402
from finetune.errors import FinetuneError  # noqa: E402
from finetune.project import Project, find_base  # noqa: E402
from finetune.register import Place, Trained, read_history, register  # noqa: E402
from finetune.settings import Settings, Train  # noqa: E402
from finetune.stored import Notes, UsedRun  # noqa: E402
from finetune.tracking import VARIABLE, track  # noqa: E402
from pytest_llmops.engine.adapters import read_adapter  # noqa: E402
from pytest_llmops.engine.load import load  # noqa: E402
from pytest_llmops.errors import ModelError  # noqa: E402
from pytest_llmops.models import resolve  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    # PEFT reads a property that transformers renamed.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

MODELS = """# Who can be asked.

[base]  # ours
weights = "tiny"
context_tokens = 150  # short

# [lora-v1]
# base = "base"
"""
HISTORY = History(
    steps=30,
    best_step=20,
    seconds=12.5,
    tokens=34_567,
    peak_memory=300 * 2**20,
    curve=tuple(Point(step, 2.0 / step, 1.5 if step % 10 == 0 else None) for step in range(1, 31)),
    versions={"torch": "2.13.0", "peft": "0.21.2"},
)
DATA = Notes(
    kind="sft",
    inputs="i" * 64,
    sha256="d" * 64,
    rows={"train": 90, "validation": 10},
    cases={"train": 80, "validation": 9},
    output_tokens={"train": 5000, "validation": 500},
    considered={"sample, wrong": 700, "sample, passed": 20},
    used={"record": 20, "reference": 80},
    tabbed=0,
    settings=Settings().data,
    seed=0,
    validation_share=0.1,
    prompt_version="1",
    context_tokens=150,
    instruction="",
    training_hash="t" * 16,
    guarded={"suites": "starter", "cases": "263", "hash": "e" * 16},
    unguarded={"cline": "no network"},
    runs=(
        UsedRun(
            id="20260101-1",
            model="base",
            weights_sha256="w" * 64,
            adapter_sha256="",
            records_sha256="r" * 64,
        ),
    ),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A base and an adapter on it, as PEFT saves them."""
    root = tmp_path_factory.mktemp("made")
    save_tiny(root / "tiny")
    save_adapter(root / "trained", 1)
    (root / "trained" / "training.json").write_bytes(msgspec.json.encode(HISTORY))
    (root / "models.toml").write_text(MODELS)
    return root


@pytest.fixture
def project(tmp_path, made):
    shutil.copytree(made, tmp_path / "p")
    return Project(tmp_path / "p")


def place(project, **fields):
    return Place(models_file=project.models_file, adapters=project.adapters, **fields)


def trained(project, **fields):
    values = {"settings": Settings(), "data": DATA}
    return Trained(folder=project.root / "trained", **{**values, **fields})


def run(project, *, replace=False, **fields):
    base = find_base(project, "base")
    return register(trained(project, **fields), base, place(project, replace=replace))


def text(project, name="README.md"):
    return (project.adapters / "lora-v1" / name).read_text()


class TestRegistering:
    def test_makes_a_folder_and_an_entry_that_the_engine_takes(self, project):
        done = run(project)
        assert done.changed
        assert sorted(path.name for path in done.folder.iterdir()) == [
            "README.md",
            "adapter_config.json",
            "adapter_model.safetensors",
            "base.json",
            "data.json",
            "training.json",
        ]
        model, base = resolve("lora-v1", project.models_file)
        loaded = load(base.weights, "float32")
        adapter = read_adapter(done.folder, loaded, "base")
        assert str(done.folder) == model.adapter
        assert adapter.sha256 == done.adapter_sha256
        pins = json.loads(text(project, "base.json"))
        assert pins == {"sha256": loaded.sha256, "tokenizer_sha256": loaded.tokenizer_sha256}

    def test_keeps_all_else_in_the_models_file(self, project):
        run(project)
        added = '\n[lora-v1]\nbase = "base"\nadapter = "adapters/lora-v1"\n'
        assert project.models_file.read_text() == MODELS + added

    def test_again_changes_nothing(self, project):
        first = run(project)
        stamp = (first.folder / "README.md").stat().st_mtime_ns
        again = run(project)
        assert again == msgspec.structs.replace(first, changed=False)
        assert (first.folder / "README.md").stat().st_mtime_ns == stamp

    def test_a_retrained_adapter_takes_its_own_place(self, project):
        first = run(project)
        save_adapter(project.root / "trained", 1, lora_alpha=16)
        again = run(project)
        assert again.changed
        assert again.adapter_sha256 != first.adapter_sha256
        assert not list(project.adapters.glob(".making-*"))

    def test_outside_of_the_project_is_named_in_full(self, project, tmp_path):
        elsewhere = Place(models_file=project.models_file, adapters=tmp_path / "far")
        register(trained(project), find_base(project, "base"), elsewhere)
        model, _ = resolve("lora-v1", project.models_file)
        assert model.adapter == str(tmp_path / "far" / "lora-v1")


class TestRefusals:
    def test_a_name_that_is_another_model(self, project):
        taken = '\n[lora-v1]\nbase = "base"\nadapter = "elsewhere"  # mine\n'
        project.models_file.write_text(MODELS + taken)
        with pytest.raises(FinetuneError, match=r"\[lora-v1\] is there and says base = 'base'"):
            run(project)
        assert not project.adapters.exists()
        assert project.models_file.read_text() == MODELS + taken
        run(project, replace=True)
        assert 'adapter = "adapters/lora-v1"' in project.models_file.read_text()

    def test_a_name_that_is_a_base(self, project):
        settings = Settings(name="base")
        with pytest.raises(FinetuneError, match=r"\[base\] is there and says weights = 'tiny'"):
            run(project, settings=settings)

    @pytest.mark.parametrize(
        "name",
        ["adapter_model.bin", "optimizer.pt", "deep/er/state.pkl", "model.py", "x.ckpt"],
    )
    def test_pickles_and_code(self, project, name):
        path = project.root / "trained" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps({}))
        with pytest.raises(FinetuneError, match="pickles and code are never registered"):
            run(project)

    def test_a_pickle_by_the_name_of_safetensors(self, project):
        path = project.root / "trained" / "adapter_model.safetensors"
        path.write_bytes(pickle.dumps({"weight": [1.0]}))
        with pytest.raises(FinetuneError, match="not safetensors"):
            run(project)

    def test_weights_that_are_not_lora(self, project):
        path = project.root / "trained" / "adapter_model.safetensors"
        save_file({**load_file(path), "lm_head.weight": torch.zeros(2)}, path)
        with pytest.raises(FinetuneError, match="holds 'lm_head.weight'; only LoRA weights"):
            run(project)

    def test_no_weights_at_all(self, project):
        save_file({}, project.root / "trained" / "adapter_model.safetensors")
        with pytest.raises(FinetuneError, match="holds nothing"):
            run(project)

    @pytest.mark.parametrize(
        "name", ["adapter_config.json", "adapter_model.safetensors", "training.json"]
    )
    def test_a_folder_that_lacks_something(self, project, name):
        (project.root / "trained" / name).unlink()
        with pytest.raises(FinetuneError, match=f"no {name}; train the adapter first"):
            run(project)

    @pytest.mark.parametrize("left", ["", "{", '{"steps": "many"}'])
    def test_a_history_that_is_none(self, project, left):
        (project.root / "trained" / "training.json").write_text(left)
        with pytest.raises(FinetuneError, match=r"training.json: cannot be read"):
            run(project)

    def test_a_models_file_that_is_no_toml(self, project):
        base = find_base(project, "base")
        project.models_file.write_text("[base\n")
        with pytest.raises(FinetuneError, match="not TOML"):
            register(trained(project), base, place(project))

    def test_the_engine_refuses_it_on_another_base_or_tokenizer(self, project):
        done = run(project)
        loaded = load(str(project.root / "tiny"), "float32")
        other = loaded._replace(sha256="0" * 64)
        with pytest.raises(ModelError, match="trained on a base with digest"):
            read_adapter(done.folder, other, "base")
        other = loaded._replace(tokenizer_sha256="0" * 64)
        with pytest.raises(ModelError, match="trained with a tokenizer of digest"):
            read_adapter(done.folder, other, "base")


class TestTheCard:
    def test_tells_how_many_cases_were_shown_with_tabs(self, project):
        run(project)
        assert "tabs |" not in text(project)
        run(project, data=msgspec.structs.replace(DATA, tabbed=7))
        assert "| cases shown with tabs | 7 |" in text(project)

    def test_tells_what_it_was_made_from(self, project):
        done = run(project)
        card = text(project)
        pins = json.loads(text(project, "base.json"))
        for said in (
            "base_model: tiny\n",
            "`pytest benchmarks --model=lora-v1`",
            pins["sha256"],
            pins["tokenizer_sha256"],
            done.adapter_sha256,
            "d" * 64,
            "90 train; 10 validation",
            "20 record; 80 reference",
            "20260101-1",
            "263 cases of starter (hash eeeeeeeeeeeeeeee)",
            "| not checked against | cline |",
            "data 0, training 0",
            "| torch | 2.13.0 |",
            "30 steps, best at 20; 34,567 tokens in 12 s; peak memory 300 MiB",
            f"learning_rate = {Settings().train.learning_rate}\n",
        ):
            assert said in card, said
        assert str(project.root) not in card

    def test_draws_the_curve(self, project):
        run(project)
        card = text(project)
        assert "train loss `█" in card
        assert "` 2.000 to 0.067" in card
        assert "| 30 | 0.0667 | 1.5000 |" in card

    def test_says_what_it_saves_or_that_nobody_has_measured_it(self, project):
        run(project)
        assert "Not measured when this card was written" in text(project)
        saving = Saving(
            suites="starter",
            cases=263,
            ratio=(0.35, 0.4, 0.45),
            solved=(-0.01, 0.005, 0.02),
            runs=("a", "b"),
        )
        assert run(project, saving=saving).changed
        assert (
            "60.0% fewer output tokens per case (95 % interval 55.0% to 65.0%), solve rate "
            "+0.5 points (-1.0 to +2.0), on 263 cases of starter; runs a and b."
        ) in text(project)

    def test_holds_settings_that_can_be_read_again(self, project):
        settings = Settings(train=Train(rank=4, seed=9))
        run(project, settings=settings)
        block = text(project).split("```toml\n")[1].split("```")[0]
        assert msgspec.convert(tomllib.loads(block), Settings) == settings


class TestSparklines:
    def test_go_from_low_to_high(self):
        assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"

    def test_of_one_value_or_none(self):
        assert sparkline([3.0, 3.0]) == "▁▁"
        assert sparkline([]) == ""

    def test_show_what_is_no_number(self):
        assert sparkline([1.0, float("nan"), 2.0]) == "▁?█"
        assert sparkline([float("inf")]) == ""

    def test_are_bounded_and_keep_both_ends(self):
        assert len(sparkline(range(1000))) == 48
        assert thinned(range(100), 3) == [0, 50, 99]


class TestEntries:
    def write(self, path, before, *, replace=False):
        path.write_text(before)
        changed = write_entry(path, "x", {"base": "b", "adapter": "c"}, replace=replace)
        return changed, path.read_text()

    def test_are_added_at_the_end(self, tmp_path):
        path = tmp_path / "m.toml"
        expected = '[a]\nweights = "w" # so\n\n[x]\nbase = "b"\nadapter = "c"\n'
        assert self.write(path, '[a]\nweights = "w" # so\n') == (True, expected)

    def test_make_the_file_where_there_is_none(self, tmp_path):
        write_entry(tmp_path / "m.toml", "x", {"base": "b"}, replace=False)
        assert (tmp_path / "m.toml").read_text() == '[x]\nbase = "b"\n'

    def test_that_say_the_same_are_left_alone(self, tmp_path):
        before = '[x] # mine\nadapter = "c"\nbase = "b"\n'
        assert self.write(tmp_path / "m.toml", before) == (False, before)

    def test_are_replaced_with_their_place_and_comments_kept(self, tmp_path):
        before = '[x] # mine\nweights = "w"\nbase = "o" # old\n\n[y]\nurl = "u"\n'
        changed, after = self.write(tmp_path / "m.toml", before, replace=True)
        assert changed
        assert after == '[x] # mine\nbase = "b" # old\nadapter = "c"\n\n[y]\nurl = "u"\n'

    def test_a_value_in_the_way_is_told(self, tmp_path):
        with pytest.raises(FinetuneError, match="says value = 3"):
            self.write(tmp_path / "m.toml", "x = 3\n")


class TestTracking:
    def test_is_nothing_without_a_server(self, project, monkeypatch):
        monkeypatch.delenv(VARIABLE, raising=False)
        assert track(run(project), Settings()) == ""

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore")  # MLflow's own
    def test_makes_one_version_an_adapter_and_moves_the_alias(self, project, monkeypatch, tmp_path):
        mlflow = pytest.importorskip("mlflow", reason="needs the `mlflow` extra")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv(VARIABLE, f"sqlite:///{tmp_path}/mlflow.db")
        done = run(project)
        assert track(done, Settings()) == "MLflow: lora-v1 version 1, alias candidate"
        (done.folder / "README.md").write_text("It saves tokens.")
        assert "is this adapter already" in track(done, Settings())
        save_adapter(project.root / "trained", 1, lora_alpha=16)
        assert "version 2" in track(run(project), Settings())
        client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/mlflow.db")
        first = client.get_model_version("lora-v1", "1").run_id
        card = client.download_artifacts(first, "adapter/README.md", str(tmp_path))
        assert Path(card).read_text() == "It saves tokens."
        version = client.get_model_version_by_alias("lora-v1", "candidate")
        assert str(version.version) == "2"
        logged = client.get_run(version.run_id)
        assert logged.data.params["train.rank"] == "16"
        assert logged.data.metrics["best_step"] == 20
        names = [one.path for one in client.list_artifacts(version.run_id, "adapter")]
        assert "adapter/adapter_model.safetensors" in names


def test_the_history_is_read_as_training_writes_it(project):
    assert read_history(project.root / "trained") == HISTORY
