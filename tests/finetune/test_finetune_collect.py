import shutil

import msgspec
import pytest
from finetuning import CLAMP, LETTERS, fenced, make_project, write_run
from project import ADD, write_answers, write_benchmark

from finetune.collect import collect, collecting
from finetune.errors import FinetuneError
from finetune.project import Base, find_base
from finetune.settings import Collect, Data, Settings, Train
from finetune.suite import Session, complete_run, run_session
from pytest_llmops.errors import CaseError, ModelError, RecordError
from pytest_llmops.models import LocalModel

ANSWER = (CLAMP, fenced("function clamp(a) { return a; }"), "solved", "stop")


@pytest.fixture(scope="module")
def training(mined, tmp_path_factory):
    """The small suite, its cases all of split `train`."""
    folder = tmp_path_factory.mktemp("training")
    shutil.copytree(mined, folder, dirs_exist_ok=True)
    manifest = folder / "cases" / "mini.jsonl"
    manifest.write_text(manifest.read_text().replace('"split":"eval"', '"split":"train"'))
    write_benchmark(folder)
    return folder


@pytest.fixture
def root(tmp_path, training, monkeypatch):
    """A project whose model answers from a recorded run."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shutil.copytree(training, tmp_path, dirs_exist_ok=True)
    write_answers(tmp_path, samples=2)
    return tmp_path


def session(root, **fields):
    values = {
        "model": "recorded",
        "models_file": str(root / "models.toml"),
        "identity": "one",
        "suites": ("mini",),
        "split": "train",
        "samples": 2,
        "temperature": 0.8,
        "max_tokens": 64,
        "arguments": ("-q",),
    }
    return Session(**{**values, **fields})


def run(root, **fields):
    return run_session(
        session(root, **fields),
        root=root,
        suites_file=root / "cases" / "suites.toml",
        runs=root / "work" / "runs",
    )


class TestASession:
    def test_is_the_suite_itself_and_is_repeated_only_when_its_run_is_broken(self, root):
        found, made = run(root)
        assert made
        assert (found.run.split, found.run.samples, len(found.records)) == ("train", 2, 6)
        assert {record.case for record in found.records if record.solved} == {ADD}
        assert run(root) == (found, False)
        assert len(list((root / "work" / "runs").glob("*/records.jsonl"))) == 1
        lines = found.path.read_bytes().splitlines(keepends=True)
        found.path.write_bytes(b"".join(lines[:-1]))
        again, made = run(root)
        assert made
        assert again.run.id != found.run.id

    def test_that_fails_is_an_error_with_its_command(self, root):
        with pytest.raises(FinetuneError) as caught:
            run(root, model="nobody")
        said = str(caught.value)
        assert "pytest benchmarks --llmops-model=nobody" in said
        assert "ended with 4: it could not start" in said

    def test_with_a_fault_of_the_harness_is_an_error(self, root):
        with pytest.raises(FinetuneError, match="ended with 1: attempts failed in the harness"):
            run(root, samples=3)  # the recorded run holds two
        assert not (root / "work" / "runs" / "sessions").exists()

    def test_over_an_unknown_suite_is_an_error_before_anything_runs(self, root):
        with pytest.raises(CaseError, match="'other' is not in"):
            run(root, suites=("other",))


class TestTheCommand:
    def test_samples_the_training_split_as_the_settings_say(self, tmp_path):
        base = Base(model=LocalModel(weights="tiny", name="base"), folder=tmp_path)
        (tmp_path / "model.safetensors").write_bytes(b"weights")
        project = make_project(tmp_path)
        options = Collect(suites=("mini",), samples=3, max_tokens=99, arguments=("-n", "4"))
        asked = collecting(project, Settings(collect=options), base)
        command = asked.command(tmp_path / "runs")
        assert command[1:4] == ["-m", "pytest", "benchmarks"]
        assert {
            "--llmops-model=base",
            "--llmops-suite=mini",
            "--llmops-split=train",
            "--llmops-samples=3",
            "--llmops-temperature=0.8",
            "--llmops-max-tokens=99",
            f"--llmops-runs={tmp_path / 'runs'}",
        } <= set(command)
        assert command[-2:] == ["-n", "4"]

    def test_other_weights_or_another_prompt_make_another_session(self, tmp_path):
        project = make_project(tmp_path)
        weights = tmp_path / "tiny" / "model.safetensors"
        weights.write_bytes(b"weights")
        base = find_base(project, "base")
        first = collecting(project, Settings(), base)
        assert collecting(project, Settings(), base) == first
        weights.write_bytes(b"others")
        assert collecting(project, Settings(), base) != first
        weights.write_bytes(b"weights")
        short = msgspec.structs.replace(base.model, context_tokens=1)
        other = msgspec.structs.replace(base, model=short)
        assert collecting(project, Settings(), other) != first


class TestNamedRuns:
    @pytest.fixture
    def project(self, tmp_path):
        return make_project(tmp_path)

    def named(self, project, *names):
        settings = Settings(collect=Collect(suites=("mini",), runs=names))
        return collect(project, settings, project.root / "none")

    def test_are_taken_instead_of_sampling(self, project):
        write_run(project, [ANSWER], run="one")
        write_run(project, [ANSWER], run="two")
        runs, made = self.named(project, "one", "two")
        assert [found.run.id for found in runs] == ["one", "two"]
        assert not made

    def test_count_once_however_they_are_named(self, project):
        path = write_run(project, [ANSWER], run="one")
        runs, _ = self.named(project, "one", str(path), "latest")
        assert len(runs) == 1

    def test_that_were_interrupted_are_refused(self, project):
        write_run(project, [ANSWER], run="one", end=False)
        with pytest.raises(FinetuneError, match=r"not a complete run \(interrupted, 0 attempts"):
            self.named(project, "one")

    def test_that_lack_attempts_are_refused(self, project):
        write_run(project, [ANSWER], run="one", attempts=5)
        with pytest.raises(FinetuneError, match="4 attempts missing"):
            self.named(project, "one")

    def test_of_the_evaluation_are_refused(self, project):
        write_run(project, [(LETTERS, "x", "wrong", "stop")], run="one", split="eval")
        with pytest.raises(FinetuneError, match="not of split train"):
            self.named(project, "one")

    def test_that_do_not_exist_are_an_error(self, project):
        with pytest.raises(RecordError, match="no such run"):
            self.named(project, "none")

    def test_are_not_needed_where_references_are_all(self, project):
        settings = Settings(data=Data(per_case=0), train=Train(method="sft-shortest"))
        assert collect(project, settings, project.runs) == ((), False)


class TestTheBase:
    def test_has_its_folder_and_counts_tokens(self, tmp_path):
        base = find_base(make_project(tmp_path), "base")
        assert base.folder == tmp_path / "tiny"
        assert base.counter()("three words here") == 4
        assert base.counter()("") == 1

    def test_without_a_tokenizer_is_an_error(self, tmp_path):
        project = make_project(tmp_path)
        (tmp_path / "tiny" / "tokenizer.json").write_text("{}")
        with pytest.raises(FinetuneError, match="not a tokenizer"):
            find_base(project, "base").counter()
        (tmp_path / "tiny" / "tokenizer.json").unlink()
        with pytest.raises(FinetuneError, match="no such file"):
            find_base(project, "base").counter()

    def test_without_weights_has_no_digest(self, tmp_path):
        with pytest.raises(FinetuneError, match=r"no \*.safetensors"):
            find_base(make_project(tmp_path), "base").weights_sha256()

    def test_must_be_a_local_model(self, root):
        (root / "models.toml").write_text('[base]\nurl = "http://x/v1"\nmodel = "m"\n')
        project = make_project(root / "other")
        project.models_file.write_text((root / "models.toml").read_text())
        with pytest.raises(FinetuneError, match=r"\[base\] is no local model"):
            find_base(project, "base")
        with pytest.raises(ModelError, match="'none' is not in"):
            find_base(project, "none")


def test_a_complete_run_is_one_that_every_attempt_is_in(tmp_path):
    project = make_project(tmp_path)
    assert len(complete_run(write_run(project, [ANSWER])).records) == 1
