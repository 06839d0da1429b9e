"""A study with the work of others done by doubles: what it asks for, compares, keeps and tells."""

import hashlib
import json
import shutil
import tomllib
from io import StringIO
from pathlib import Path

import msgspec
import numpy as np
import pytest
from finetuning import CLAMP, fenced, make_project, write_run
from made_tasks import make_task
from records import IDENTITY, RUN, grade
from rich.console import Console
from safetensors.numpy import save_file

pytest.importorskip("torch", reason="needs the `local` extra")

from tiny_models import save_tiny

from finetune.arms import ARMS, find_arms
from finetune.card import History
from finetune.display import Display
from finetune.errors import FinetuneError
from finetune.findings import find
from finetune.pipeline import Work, run_pipeline
from finetune.project import find_base
from finetune.register import Place, files_sha256
from finetune.settings import Collect, Data, Settings, Study, Train
from finetune.study import Means, run_study
from finetune.suite import Session
from finetune.tables import HEADER, cells, markdown, table
from pytest_llmops.compare.values import Interval
from pytest_llmops.completions import Timing, Usage
from pytest_llmops.models import AdapterModel, LocalModel, load_models
from pytest_llmops.runs.reading import RecordedRun, read_run
from pytest_llmops.runs.record import End, Record, RecordFile
from pytest_llmops.tasks.prompts.prompt import build_messages

pytestmark = pytest.mark.torch

SHORT = fenced("function clamp(a, b, c) { return Math.min(Math.max(a, b), c); }")
LONG = fenced(
    "// bounds\nfunction clamp(a, b, c) { if (a < b) { return b; }\nreturn a > c ? c : a; }"
)
SAMPLES = [(CLAMP, LONG, "solved", "stop"), (CLAMP, SHORT, "solved", "stop")]
CASES = 24
TOKENS = {"base": 100, "base-code-only": 80}
"""Output tokens per attempt, by model; an adapter has half of the base's."""


class Trainer:
    """Writes weights that depend on data and settings; counts how often it is asked."""

    def __init__(self):
        self.calls = []

    def __call__(self, data, _base, output, settings, _display):
        self.calls.append(settings.name)
        output.mkdir(parents=True)
        (output / "adapter_config.json").write_text('{"peft_type": "LORA"}')
        rows = json.loads((data / "data.json").read_text())["sha256"]
        digest = hashlib.sha256(f"{rows} {settings.train}".encode()).digest()
        weights = np.frombuffer(digest, np.uint8).astype(np.float32)
        save_file({"m.lora_A.weight": weights}, output / "adapter_model.safetensors")
        history = History(steps=1, best_step=1, seconds=1.0, tokens=9, peak_memory=2**20)
        (output / "training.json").write_bytes(msgspec.json.encode(history))


class Sessions:
    """Records a run as a session would; knows models from the models file it is given."""

    def __init__(self, sends=True, tokens=TOKENS):
        self.asked = []
        self.sends = sends
        self.tokens = tokens

    def __call__(self, session, *, runs, **_):
        self.asked.append(session)
        model = load_models(Path(session.models_file))[session.model]
        identity = msgspec.structs.replace(
            IDENTITY,
            model=session.model,
            adapter_sha256=digest(model),
            instruction=model.instruction if self.sends and isinstance(model, LocalModel) else "",
        )
        run = msgspec.structs.replace(
            RUN, id=session.model, identity=identity, cases=CASES, attempts=CASES, samples=1
        )
        shutil.rmtree(runs / session.model, ignore_errors=True)
        file = RecordFile(runs, run)
        for at in range(CASES):
            tokens = self.tokens.get(session.model, 50) + at
            asked = hashlib.sha256(f"{at} {identity.instruction}".encode()).hexdigest()
            found = attempt(at, tokens, solved=at < 2)
            file.write(msgspec.structs.replace(found, prompt_sha256=asked))
        file.write(End(finished=9.0, exit_status=0))
        file.close()
        return read_run(file.path), True


def digest(model):
    if not isinstance(model, AdapterModel):
        return ""
    folder = Path(model.adapter)
    return files_sha256(folder / "adapter_config.json", folder / "adapter_model.safetensors")


def attempt(at, tokens, *, solved):
    return Record(
        case=f"mini:eval/f{at}#f",
        suite="mini",
        split="eval",
        difficulty="easy",
        cluster=f"eval/f{at // 2}.ts",
        sample=0,
        text="x",
        finish_reason="stop" if solved else "length",
        usage=Usage(input=10, output=tokens),
        timing=Timing(started=1.0, queue=0.1, first_token=0.2, total=0.5),
        grade=grade("solved" if solved else "truncated"),
    )


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("tiny") / "tiny")


@pytest.fixture
def project(tmp_path, tiny):
    made = make_project(tmp_path)
    shutil.copytree(tiny, tmp_path / "tiny", dirs_exist_ok=True)
    write_run(made, SAMPLES)
    return made


def altered(run, **fields):
    """The run with other fields of its head or of its identity."""
    head = {name: fields.pop(name) for name in ("split",) if name in fields}
    identity = msgspec.structs.replace(run.run.identity, **fields)
    head = msgspec.structs.replace(run.run, identity=identity, **head)
    return msgspec.structs.replace(run, run=head)


def in_one_file(run):
    records = [msgspec.structs.replace(one, cluster="eval/f.ts") for one in run.records]
    return msgspec.structs.replace(run, records=tuple(records))


def work_of(project, *arms, **fields):
    values = {
        "collect": Collect(suites=("mini",), runs=("sampled",)),
        "data": Data(reference_suites=("mini",), per_case=1),
        "train": Train(validation_share=0.0, method="sft-shortest"),
        "study": Study(arms=arms, suites=("mini",)),
    }
    settings = Settings(**{**values, **fields})
    console = Console(width=200, file=StringIO())
    return Work(project, settings, project.work("lora-v1"), Display(console))


def study(project, *arms, trainer=None, sessions=None, **fields):
    work = work_of(project, *arms, **fields)
    means = Means(trainer or Trainer(), sessions or Sessions())
    return run_study(work, means)


class TestTheArms:
    def test_begin_with_the_base_in_a_fixed_order(self):
        names = [arm.name for arm in find_arms(("second-seed", "random", "code-only"))]
        assert names == ["base", "code-only", "random", "second-seed"]

    def test_that_do_not_exist_are_refused(self):
        with pytest.raises(FinetuneError, match="no arm 'longer'; there is base, code-only"):
            find_arms(("longer",))

    def test_differ_from_the_settings_in_one_thing_each(self):
        settings = Settings(train=Train(method="sft-shortest"))
        for name, changed in {
            "shortest": {},
            "random": {"data": {"select": "random"}},
            "longest": {"data": {"select": "longest"}},
            "second-seed": {"train": {"seed": 1}},
            "own-shortest": {"data": {"references": False}},
            "own-longest": {"data": {"references": False, "select": "longest"}},
        }.items():
            expected = msgspec.to_builtins(settings)
            expected["name"] = f"lora-v1-{name}"
            for group, fields in changed.items():
                expected[group] |= fields
            assert msgspec.to_builtins(ARMS[name].settings(settings)) == expected

    def test_of_preferences_differ_in_the_method(self):
        shortest, pairs = (ARMS[name].settings(Settings()) for name in ("shortest", "preference"))
        assert (shortest.train.method, pairs.train.method) == ("sft-shortest", "preference")
        assert pairs.data == shortest.data

    def test_name_their_method_whatever_the_settings_say(self):
        for method in ("preference", "sft-shortest"):
            settings = Settings(train=Train(method=method))
            found = {name: arm.settings(settings).train.method for name, arm in ARMS.items()}
            pairs = {name for name, used in found.items() if used == "preference"}
            assert pairs == {"preference"}

    def test_of_the_defaults_exist(self):
        assert {arm.name for arm in find_arms(Settings().study.arms)} == set(Study().arms)


class TestAStudy:
    def test_compares_every_arm_with_the_base(self, project):
        found = study(project, "code-only", "shortest")
        assert found.failures == ()
        assert [one.arm for one in found.findings] == ["base", "code-only", "shortest"]
        assert found.failures == ()
        base, prompt, adapter = found.findings
        assert base.ratio.estimate == 1
        assert prompt.ratio.low < prompt.ratio.estimate < prompt.ratio.high < 1
        assert adapter.ratio.estimate < prompt.ratio.estimate
        assert adapter.output_tokens == sum(50 + at for at in range(CASES))
        assert adapter.cost_of_pass == adapter.output_tokens / 2
        assert (adapter.solve_change.low, adapter.solve_change.high) == (0, 0)
        assert (adapter.truncated, adapter.examples) == (CASES - 2, 5)

    def test_asks_for_the_same_attempts_of_every_arm(self, project):
        sessions = Sessions()
        study(project, "code-only", "shortest", sessions=sessions)
        assert [one.model for one in sessions.asked] == [
            "base",
            "base-code-only",
            "lora-v1-shortest",
        ]
        same = {
            (one.suites, one.split, one.samples, one.temperature, one.max_tokens)
            for one in sessions.asked
        }
        assert same == {(("mini",), "eval", 1, 0.0, 512)}

    def test_keeps_its_names_out_of_the_models_file(self, project):
        before = project.models_file.read_text()
        study(project, "code-only", "shortest")
        assert project.models_file.read_text() == before
        assert not project.adapters.exists()
        folder = project.work("lora-v1") / "study"
        models = tomllib.loads((folder / "models.toml").read_text())
        assert set(models) == {"base", "base-code-only", "lora-v1-shortest"}
        assert models["base"]["context_tokens"] == 150
        assert models["base-code-only"]["instruction"] == Study().instruction

    def test_trains_each_arm_on_its_own_selection(self, project):
        trainer = Trainer()
        study(project, "shortest", "longest", "second-seed", trainer=trainer)
        assert trainer.calls == ["lora-v1-shortest", "lora-v1-longest", "lora-v1-second-seed"]
        data = project.work("lora-v1") / "data"
        notes = {
            path.parent.name: json.loads(path.read_text()) for path in data.glob("*/data.json")
        }
        assert notes["lora-v1-longest"]["settings"]["select"] == "longest"
        same = {notes[f"lora-v1-{name}"]["sha256"] for name in ("shortest", "second-seed")}
        assert len(same) == 1

    def test_goes_on_where_it_stopped(self, project):
        trainer = Trainer()
        study(project, "shortest", trainer=trainer)
        study(project, "shortest", "random", trainer=trainer)
        assert trainer.calls.count("lora-v1-shortest") == 1

    def test_goes_on_after_an_arm_that_fails(self, project):
        wrong = [(CLAMP, "no", "wrong", "stop")]
        write_run(project, wrong, run="nothing")
        found = study(
            project,
            "own-shortest",
            "shortest",
            collect=Collect(suites=("mini",), runs=("nothing",)),
        )
        assert [one.arm for one in found.findings] == ["base", "shortest"]
        (failure,) = found.failures
        assert failure.arm == "own-shortest"
        assert "nothing to train on" in failure.reason
        text = (project.work("lora-v1") / "study" / "study.md").read_text()
        assert "`own-shortest` has no result: nothing to train on" in text

    def test_refuses_an_instruction_that_was_not_sent(self, project):
        found = study(project, "code-only", sessions=Sessions(sends=False))
        assert [one.arm for one in found.findings] == ["base"]
        assert "was not sent with the questions" in found.failures[0].reason

    def test_writes_a_page_and_a_document(self, project):
        found = study(project, "shortest")
        folder = project.work("lora-v1") / "study"
        page = (folder / "study.md").read_text()
        assert page == markdown(found.findings, found.failures)
        assert page.startswith("24 cases of starter, 24 attempts an arm\n")
        document = json.loads((folder / "study.json").read_text())
        assert [one["arm"] for one in document["arms"]] == ["base", "shortest"]
        assert document["arms"][1]["ratio"]["estimate"] == pytest.approx(
            found.findings[1].ratio.estimate
        )

    def test_checks_the_sign_of_the_selection(self, project):
        sessions = Sessions(tokens=TOKENS | {"lora-v1-longest": 70})
        found = study(project, "shortest", "longest", sessions=sessions)
        (sign,) = found.signs
        assert (sign.shorter, sign.longer) == ("lora-v1-shortest", "lora-v1-longest")
        assert 1 < sign.ratio.low < sign.ratio.estimate < 1.4
        assert sign.of_base == found.findings[2].ratio
        assert "choosing short answers is what shortens. Tokens of `lora-v1-longest` fell" in str(
            sign
        )
        folder = project.work("lora-v1") / "study"
        assert str(sign) in (folder / "study.md").read_text()
        assert len(json.loads((folder / "study.json").read_text())["signs"]) == 1

    def test_says_where_the_sign_is_wrong_or_not_shown(self, project):
        (sign,) = study(project, "shortest", "longest").signs
        assert "no effect of the selection is shown" in str(sign)
        turned = msgspec.structs.replace(sign, ratio=Interval(0.7, 0.8, 0.9))
        assert "the WRONG sign: choosing long answers shortens" in str(turned)
        risen = msgspec.structs.replace(sign, of_base=Interval(0.9, 1.1, 1.2))
        assert "did not fall against the base" in str(risen)

    def test_tells_the_card_of_the_adapter_what_it_saves(self, project):
        trainer = Trainer()
        study(project, "shortest", trainer=trainer)
        work = work_of(project)
        place = Place(models_file=project.models_file, adapters=project.adapters)
        run_pipeline(work, "register", place, trainer)
        card = (project.adapters / "lora-v1" / "README.md").read_text()
        assert "fewer output tokens per case (95 % interval" in card
        assert trainer.calls == ["lora-v1-shortest"]  # the same weights serve both names


class TestThePipeline:
    def run(self, project, stage, trainer=None, saving=None, **fields):
        work = work_of(project, **fields)
        place = Place(models_file=project.models_file, adapters=project.adapters)
        run_pipeline(work, stage, place, trainer or Trainer(), saving)
        return work.display.console.file.getvalue()

    def test_runs_up_to_a_stage(self, project):
        assert "2 of 2 samples passed" in self.run(project, "collect")
        assert not project.work("lora-v1").exists()
        assert "5 train, 0 validation rows, no leak of 1 eval" in self.run(project, "dataset")
        assert (project.work("lora-v1") / "data" / "lora-v1" / "data.json").is_file()
        self.run(project, "train")
        assert not project.adapters.exists()
        assert "--model=lora-v1" in self.run(project, "register")
        assert "[lora-v1]" in project.models_file.read_text()

    def test_lets_the_card_tell_what_two_runs_say(self, project):
        trainer = Trainer()
        self.run(project, "register", trainer)
        card = project.adapters / "lora-v1" / "README.md"
        assert "Not measured when this card was written" in card.read_text()
        base, adapted = self.measured(project)
        self.run(project, "register", trainer, saving=(base, adapted))
        assert f"runs {base.run.id} and {adapted.run.id}." in card.read_text()
        assert len(trainer.calls) == 1

    @pytest.mark.parametrize(
        ("changed", "fields", "message"),
        [
            (0, {"adapter_sha256": "e" * 64}, r"adapter eeeeeeeeeeee; \[base\] is weights"),
            (0, {"weights_sha256": "e" * 64}, r"by weights eeeeeeeeeeee.*; \[base\] is"),
            (0, {"instruction": "Be short."}, "told 'Be short.'"),
            (0, {"split": "train"}, "of split train; a saving is one on split eval"),
            (1, {"adapter_sha256": "e" * 64}, r"adapter eeeeeeeeeeee; \[lora-v1\] is weights"),
            (1, {"adapter_sha256": ""}, r"adapter \(none\); \[lora-v1\] is weights"),
            (1, {"split": "train"}, "of split train"),
        ],
    )
    def test_refuses_runs_of_others(self, project, changed, fields, message):
        trainer = Trainer()
        self.run(project, "register", trainer)
        runs = self.measured(project)
        runs[changed] = altered(runs[changed], **fields)
        with pytest.raises(FinetuneError, match=message):
            self.run(project, "register", trainer, saving=tuple(runs))
        card = (project.adapters / "lora-v1" / "README.md").read_text()
        assert "Not measured when this card was written" in card

    def test_trains_nothing_to_tell_of_it(self, project):
        trainer = Trainer()
        self.run(project, "register", trainer)
        saving = tuple(self.measured(project))
        with pytest.raises(FinetuneError, match="no adapter was trained with these settings"):
            self.run(project, "register", trainer, saving=saving, train=Train(rank=4))
        assert len(trainer.calls) == 1

    def test_tells_no_saving_that_cannot_be_estimated(self, project):
        trainer = Trainer()
        self.run(project, "register", trainer)
        one_file = [in_one_file(run) for run in self.measured(project)]
        with pytest.raises(FinetuneError, match="too few source files to estimate"):
            self.run(project, "register", trainer, saving=tuple(one_file))
        assert "register: --model=lora-v1" in self.run(project, "register", trainer)

    def test_names_a_file_of_savings_that_cannot_be_read(self, project):
        self.run(project, "dataset")
        (project.work("lora-v1") / "savings.json").write_text('{"a": ')
        with pytest.raises(FinetuneError, match=r"savings.json: cannot be read .*; delete it"):
            self.run(project, "train")

    def measured(self, project):
        """Runs of base and adapter on the evaluation cases."""
        runs = project.root / "evaluations"
        models = str(project.models_file)
        made = [
            Sessions()(
                Session(model=m, models_file=models, identity="", suites=("mini",), split="eval"),
                runs=runs,
            )[0]
            for m in ("base", "lora-v1")
        ]
        weights = find_base(project, "base").weights_sha256()
        return [altered(one, weights_sha256=weights) for one in made]

    def test_says_what_it_skips(self, project):
        trainer = Trainer()
        self.run(project, "register", trainer)
        text = self.run(project, "register", trainer)
        assert text.count("(unchanged, skipped)") == 4
        assert len(trainer.calls) == 1

    def test_trains_again_for_other_settings_data_or_base(self, project):
        trainer = Trainer()
        self.run(project, "train", trainer)
        self.run(project, "train", trainer, train=Train(validation_share=0.0, rank=4))
        self.run(project, "train", trainer, data=Data(reference_suites=("mini",), per_case=0))
        path = project.root / "tiny" / "model.safetensors"
        save_file({"other": np.zeros(3, np.float32)}, path)
        self.run(project, "train", trainer)
        assert len(trainer.calls) == 4
        self.run(project, "train", trainer, data=Data(reference_suites=("mini",), per_case=0))
        assert len(trainer.calls) == 5  # the base has changed for this one, too


class TestFindings:
    def runs(self, *pairs):
        """Two runs: (tokens, solved) of each case, base first."""
        made = []
        for side in (0, 1):
            records = tuple(
                attempt(at, pair[side][0], solved=pair[side][1]) for at, pair in enumerate(pairs)
            )
            name = ("run-of-the-base", "run-of-the-arm")[side]
            run = msgspec.structs.replace(RUN, id=name, cases=len(pairs), attempts=len(pairs))
            made.append(_recorded(run, records))
        return made

    def test_solve_rates_are_compared_by_case_with_an_interval(self):
        pairs = [((10, at % 2 == 0), (5, True)) for at in range(CASES)]
        finding = find("a", *self.runs(*pairs))
        assert finding.solve_change.estimate == 0.5
        assert finding.solve_change.low <= 0.5 <= finding.solve_change.high
        assert finding.ratio.estimate == pytest.approx(0.5)

    def test_a_base_that_solves_nothing_has_no_cost_of_pass(self):
        pairs = [((10, False), (5, at == 0)) for at in range(CASES)]
        base, run = self.runs(*pairs)
        finding = find("a", base, run)
        assert cells(find("base", base, base))[5] == "no solves"
        row = dict(zip(HEADER, cells(finding), strict=True))
        assert row["tokens per solved"] == "120"
        assert row["of base"] == "-"
        assert row["solved"] == "1 of 24 (4.2%)"
        assert row["change, points"].startswith("+4.2 (")

    def test_the_terminal_shows_every_arm(self):
        pairs = [((10, True), (5, True)) for _ in range(CASES)]
        base, run = self.runs(*pairs)
        console = Console(width=80, file=StringIO())
        console.print(table([find("base", base, base), find("x", base, run)]))
        text = console.file.getvalue()
        assert "…" not in text
        base, arm = (line.split() for line in text.splitlines()[2:])
        assert base == ["base", "240", "24", "100.0%", "10", "0%"]
        assert arm[:4] == ["x", "120", "0.50", "0.50..0.50"]

    def test_the_terminal_shows_the_widest_line_that_is_likely(self):
        pairs = [((10, at % 2 == 0), (5, at % 3 == 0)) for at in range(CASES)]
        base, run = self.runs(*pairs)
        finding = msgspec.structs.replace(
            find("own-shortest", base, run),
            output_tokens=358_985,
            attempts=263,
            solve_rate=0.456,
            solve_change=Interval(-0.222, -0.111, 0.333),
            cost_of_pass=123_456.0,
            truncated=263,
        )
        console = Console(width=80, file=StringIO())
        console.print(table([find("base", base, base), finding]))
        text = console.file.getvalue()
        assert "…" not in text
        assert len(text.splitlines()) == 4  # nothing is wrapped
        assert "-22.2..+33.3" in text

    def test_the_page_tells_the_notes_of_every_arm_but_the_base(self):
        pairs = [((10, True), (5, True)) for _ in range(CASES)]
        base, run = self.runs(*pairs)
        identity = msgspec.structs.replace(IDENTITY, dtype="float16")
        crashed = msgspec.structs.replace(run.records[0], usage=None, error="boom")
        records = (crashed, *run.records[1:])
        other = _recorded(msgspec.structs.replace(run.run, identity=identity), records)
        text = markdown([find("base", base, base), find("x", base, other)], [])
        assert "- `x`: dtype differs: '' -> 'float16'" in text
        assert "- `x`: 1 cases without token counts (crashed) are left out" in text
        assert "- `base`: base, run" in text
        assert "nothing is estimated" not in text


class TestTheInstruction:
    """What the arm `code-only` stands on: a sentence of models.toml in every question."""

    def test_stands_behind_what_is_asked(self):
        task = make_task("cut")
        (plain,) = build_messages(task, context_tokens=0)
        (told,) = build_messages(task, context_tokens=0, instruction="Be brief.")
        assert told.content == plain.content.replace("no imports.", "no imports. Be brief.")

    def test_is_part_of_the_identity(self):
        told = msgspec.structs.replace(IDENTITY, instruction="Be brief.")
        assert json.loads(told.key) == json.loads(IDENTITY.key) | {"instruction": "Be brief."}
        fields = json.loads(msgspec.json.encode(IDENTITY))
        for empty in ("agent_sha256", "counter_sha256"):  # no agent, counted by the server
            assert not fields.pop(empty)
        del fields["asked_as"]
        assert json.loads(IDENTITY.key) == fields | {"served": IDENTITY.place}

    def test_does_not_forbid_what_a_study_compares_and_is_told(self):
        pairs = [((10, True), (5, True)) for _ in range(CASES)]
        base, run = TestFindings().runs(*pairs)
        identity = msgspec.structs.replace(IDENTITY, model="b", instruction="Be brief.")
        run = _recorded(msgspec.structs.replace(run.run, identity=identity), run.records)
        finding = find("code-only", base, run)
        assert "b was told: Be brief." in finding.notes
        assert "b was told: Be brief." in markdown([find("base", base, base), finding], [])


def _recorded(run, records):
    return RecordedRun(path=None, run=run, records=records, end=End(finished=1.0, exit_status=0))
