"""Training as a whole, on a tiny random model: what changes, what not, what a kill costs."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the `local` extra")
pytest.importorskip("transformers", reason="needs the `local` extra")
peft = pytest.importorskip("peft", reason="needs the `local` extra")
datasets = pytest.importorskip("datasets", reason="needs the `local` extra")
pytest.importorskip("accelerate", reason="needs the `finetune` extra")

from accelerate import Accelerator  # noqa: E402
from tiny_models import (  # noqa: E402
    Collected,
    asked,
    generated,
    prompts_of,
    save_tiny,
    tiny_model,
)

from finetune.checkpoint import (  # noqa: E402
    Checkpoint,
    Standing,
    newest_checkpoint,
    save_checkpoint,
)
from finetune.errors import FinetuneError  # noqa: E402
from finetune.objective import Objective  # noqa: E402
from finetune.packing import Bundle, plan  # noqa: E402
from finetune.settings import Train  # noqa: E402
from finetune.splits import read_splits  # noqa: E402
from finetune.stepping import Worker, do_step, learning_rate, stepped, validated  # noqa: E402
from finetune.train import train  # noqa: E402
from finetune.trainee import load_trainee, weights_of  # noqa: E402
from pytest_llmops.engine.adapters import read_adapter  # noqa: E402
from pytest_llmops.engine.load import load  # noqa: E402
from pytest_llmops.engine.runners import build_runner  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    # PEFT reads a property that transformers renamed.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

SETTINGS = {
    "method": "sft-shortest",
    "rank": 4,
    "alpha": 8.0,
    "learning_rate": 0.01,
    "epochs": 2.0,
    "batch_tokens": 120,
    "max_tokens": 120,
    "dtype": "float32",
    "checkpoint_every": 2,
}
STEPS = 6
"""Of a training with these settings on the data below."""
WEIGHTS = "adapter_model.safetensors"
HERE = Path(__file__).parent


def sft_row(number, completion):
    content = f"write function number {number} please"
    return {"messages": [{"role": "user", "content": content}], "completion": completion}


def pair_row(number, chosen, rejected):
    row = sft_row(number, "")
    del row["completion"]
    return row | {"chosen": chosen, "rejected": rejected, "rejected_stopped": number % 2 == 0}


SFT = [
    sft_row(i, text)
    for i in range(6)
    for text in (f"return {i}", f"const value = {i}\nreturn value")[: 1 + i % 2]
]
HELD_OUT = [sft_row(90 + i, f"return {90 + i}") for i in range(3)]
PAIRS = [pair_row(i, f"return {i}", f"Certainly! number {i} is {i}") for i in range(6)]


def save_data(folder: Path, rows, held_out=()):
    splits = {"train": datasets.Dataset.from_list(list(rows))}
    if held_out:
        splits["validation"] = datasets.Dataset.from_list(list(held_out))
    datasets.DatasetDict(splits).save_to_disk(str(folder))
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("bases") / "tiny")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return save_data(tmp_path_factory.mktemp("data") / "sft", SFT, HELD_OUT)


@pytest.fixture(scope="module")
def straight(tmp_path_factory, base, data):
    """The folder of a training that nothing interrupted."""
    output = tmp_path_factory.mktemp("straight")
    train(data, base, output, Train(**SETTINGS))
    return output


def trained(base, data, output, **changes):
    told = []
    result = train(data, base, output, Train(**SETTINGS | changes), report=told.append)
    return result, told


def messages(told):
    return [one.message for one in told if one.message]


class InterruptionError(Exception):
    """Raised by a report, as Ctrl-C would."""


def interrupt_at(step):
    def report(progress):
        if progress.step == step:
            raise InterruptionError

    return report


def test_training_learns_and_says_how(straight):
    outcome = json.loads((straight / "training.json").read_text())
    curve = outcome["curve"]
    losses = [point["train_loss"] for point in curve]
    validations = [p["validation_loss"] for p in curve if p.get("validation_loss") is not None]
    assert losses[-1] < 0.9 * losses[0]
    assert outcome["steps"] == len(curve) == STEPS
    assert len(validations) == 3
    assert outcome["validation_loss"] == min(validations)
    assert outcome["tokens"] > outcome["computed_tokens"] > 0
    assert outcome["peak_memory"] > 1e6
    assert outcome["identity"]["train.rank"] == "4"
    assert {"torch", "peft", "python"} <= outcome["versions"].keys()
    assert sorted(path.name for path in straight.iterdir()) == [
        "adapter_config.json",
        WEIGHTS,
        "training.json",
    ]


def bundles():
    """Bundles of 40 tokens each, with answers of very different length."""
    texts = iter(prompts_of([30, 11, 20, 21, 35, 6, 10, 31] * 2))
    return [Bundle(tuple(next(texts)), (tuple(next(texts)),)) for _ in range(8)]


def steps_on(base, *, batch_tokens, accumulate):
    """Weights after one pass over `bundles`, and the trainee."""
    settings = Train(**SETTINGS)
    trainee = load_trainee(base, settings, torch.float32)
    before = {name: tensor.clone() for name, tensor in trainee.state_dict().items()}
    weights = [weight for _, weight in weights_of(trainee)]
    worker = Worker(Accelerator(mixed_precision="no"), trainee, Objective(settings))
    # Not Adam: where a gradient is nearly 0, it makes a whole step of what is only rounding.
    optimizer = torch.optim.SGD(weights)
    wanted = {"batch_tokens": batch_tokens, "rows": accumulate, "epochs": 1, "seed": 0}
    for rows in plan(bundles(), **wanted):
        assert len(rows) == accumulate
        do_step(worker, optimizer, rows, rate=0.05, max_norm=1.0)
    return before, trainee


def test_only_lora_weights_change(base):
    before, trainee = steps_on(base, batch_tokens=80, accumulate=2)
    changed = {
        name
        for name, tensor in trainee.state_dict().items()
        if not torch.equal(tensor, before[name])
    }
    assert changed == {name for name in before if ".lora_A." in name or ".lora_B." in name}
    assert len(changed) == 2 * 7 * 2
    frozen = [weight for weight in trainee.parameters() if not weight.requires_grad]
    assert all(weight.grad is None for weight in frozen)


def test_two_rows_a_step_are_the_same_as_both_in_one(base):
    _, one = steps_on(base, batch_tokens=80, accumulate=1)
    _, two = steps_on(base, batch_tokens=40, accumulate=2)
    for (name, weight), (_, other) in zip(weights_of(one), weights_of(two), strict=True):
        assert torch.allclose(weight, other, rtol=1e-4, atol=1e-6), name


def test_an_interrupted_training_ends_as_one_that_ran_through(tmp_path, base, data, straight):
    with pytest.raises(InterruptionError):
        train(data, base, tmp_path, Train(**SETTINGS), report=interrupt_at(3))
    assert not (tmp_path / WEIGHTS).exists()
    result, told = trained(base, data, tmp_path)
    assert messages(told) == ["going on after step 2"]
    assert [one.step for one in told if not one.message] == [3, 4, 5, 6]
    assert (tmp_path / WEIGHTS).read_bytes() == (straight / WEIGHTS).read_bytes()
    there = json.loads((straight / "training.json").read_text())
    here = json.loads((tmp_path / "training.json").read_text())
    targets = json.loads((tmp_path / "adapter_config.json").read_text())["target_modules"]
    assert targets == sorted(targets)
    assert here["curve"] == there["curve"]
    assert (result.tokens, result.best_step) == (there["tokens"], there["best_step"])


def test_dropout_goes_on_where_it_was(tmp_path, base, data):
    settings = Train(**SETTINGS, dropout=0.3)
    with pytest.raises(InterruptionError):
        train(data, base, tmp_path / "a", settings, report=interrupt_at(4))
    trained(base, data, tmp_path / "a", dropout=0.3)
    trained(base, data, tmp_path / "b", dropout=0.3)
    assert (tmp_path / "a" / WEIGHTS).read_bytes() == (tmp_path / "b" / WEIGHTS).read_bytes()


def test_a_training_in_bf16_goes_on_to_the_same_weights_too(tmp_path, base, data):
    settings = Train(**SETTINGS | {"dtype": "bfloat16"})
    with pytest.raises(InterruptionError):
        train(data, base, tmp_path / "a", settings, report=interrupt_at(3))
    for name in ("a", "b"):
        train(data, base, tmp_path / name, settings)
    assert (tmp_path / "a" / WEIGHTS).read_bytes() == (tmp_path / "b" / WEIGHTS).read_bytes()


KILLED = """
import os, signal, sys
from pathlib import Path
import msgspec
from finetune.settings import Train
from finetune.train import train

def kill(event, arguments):
    if event == "os.rename" and "step-000004" in str(arguments):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(kill)
data, base, output, settings = sys.argv[1:]
train(Path(data), Path(base), Path(output), msgspec.json.decode(settings, type=Train))
"""


def test_a_kill_in_the_middle_of_a_checkpoint_costs_only_the_steps_since(
    tmp_path, base, data, straight
):
    arguments = [str(data), str(base), str(tmp_path), json.dumps(SETTINGS)]
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLED, *arguments],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert names == [".making-step-000004", "step-000002"]
    _, told = trained(base, data, tmp_path)
    assert messages(told) == ["going on after step 2"]
    assert (tmp_path / WEIGHTS).read_bytes() == (straight / WEIGHTS).read_bytes()


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: cut(folder / "state.safetensors"),
        lambda folder: cut(folder / "state.json"),
        lambda folder: (folder / "state.safetensors").unlink(),
        lambda folder: (folder / "state.json").write_text("{}"),
    ],
)
def test_a_damaged_checkpoint_is_passed_over_with_a_message(tmp_path, base, data, straight, damage):
    with pytest.raises(InterruptionError):
        train(data, base, tmp_path, Train(**SETTINGS), report=interrupt_at(5))
    damage(tmp_path / "checkpoints" / "step-000004")
    _, told = trained(base, data, tmp_path)
    damaged, resumed = messages(told)
    assert "step-000004: damaged" in damaged
    assert resumed == "going on after step 2"
    assert (tmp_path / WEIGHTS).read_bytes() == (straight / WEIGHTS).read_bytes()


def test_another_training_is_refused_by_name(tmp_path, base, data):
    with pytest.raises(InterruptionError):
        train(data, base, tmp_path, Train(**SETTINGS), report=interrupt_at(2))
    other = save_data(tmp_path / "other", SFT[1:], HELD_OUT)
    with pytest.raises(FinetuneError, match=r"of another training \(train.rank 4 there, 8 now\)"):
        trained(base, data, tmp_path, rank=8)
    with pytest.raises(FinetuneError, match=r"of another training \(training data [0-9a-f]{64}"):
        trained(base, other, tmp_path)
    bigger = save_tiny(tmp_path / "bigger")
    model = tiny_model()
    model.lm_head.weight.mul_(1.01)
    model.save_pretrained(bigger)
    with pytest.raises(FinetuneError, match=r"of another training \(base [0-9a-f]{64}"):
        trained(bigger, data, tmp_path)


def test_a_finished_training_is_not_done_again(base, data, straight):
    before = (straight / WEIGHTS).stat().st_mtime_ns
    result, told = trained(base, data, straight)
    assert result.steps == STEPS
    assert not told
    assert (straight / WEIGHTS).stat().st_mtime_ns == before
    with pytest.raises(FinetuneError, match="train.seed 0 there, 1 now"):
        trained(base, data, straight, seed=1)


def test_the_adapter_is_the_same_in_peft_and_in_the_engine(base, straight):
    adapted = peft.PeftModel.from_pretrained(tiny_model(), str(straight)).eval()
    pairs = read_adapter(straight, load(str(base), "float32"), "models/tiny").pairs
    answers = Collected(build_runner(tiny_model, {"lora": pairs}))
    prompt = prompts_of([40])[0]
    job = answers.batcher.submit(asked(prompt, adapter="lora"))
    answers.wait([job])
    answers.batcher.close()
    assert job.tokens[40:] == generated(adapted, prompt, 24) != generated(tiny_model(), prompt, 24)


def test_the_validation_loss_is_that_of_the_saved_adapter_in_peft(base, data, straight):
    outcome = json.loads((straight / "training.json").read_text())
    adapted = peft.PeftModel.from_pretrained(tiny_model(), str(straight)).eval()
    _, held_out = read_splits(data, base, Train(**SETTINGS))
    losses = []
    for bundle in held_out.bundles:
        ids = torch.tensor([[*bundle.prompt, *bundle.answers[0]]])
        labels = ids.clone()
        labels[0, : len(bundle.prompt)] = -100
        loss = adapted(input_ids=ids, labels=labels).loss.item()
        losses += [loss] * len(bundle.answers[0])
    assert outcome["validation_loss"] == pytest.approx(sum(losses) / len(losses), rel=1e-4)


def test_preference_training_lowers_its_loss(tmp_path, base):
    data = save_data(tmp_path / "pairs", PAIRS)
    result, _ = trained(base, data, tmp_path / "out", method="preference", pair_epochs=3.0)
    losses = [point.train_loss for point in result.curve]
    assert losses[-1] < 0.8 * losses[0]
    once, _ = trained(base, data, tmp_path / "once", method="preference", pair_epochs=1.0)
    assert result.steps == 3 * once.steps  # passes over pairs, and not `epochs`
    assert result.validation_loss is None
    assert result.best_step == result.steps


def test_training_stops_when_validation_gets_no_better(tmp_path, base):
    contrary = [sft_row(i, f"}}{{ {i}") for i in range(3)]
    data = save_data(tmp_path / "data", SFT, contrary)
    changes = {"epochs": 40.0, "checkpoint_every": 1, "patience": 2, "learning_rate": 0.05}
    result, told = trained(base, data, tmp_path / "out", **changes)
    assert result.steps == result.best_step + 2 < 40
    assert messages(told) == [f"stopped early: no better loss since step {result.best_step}"]
    validations = [point.validation_loss for point in result.curve]
    assert result.validation_loss == min(validations) == validations[result.best_step - 1]


def test_examples_that_are_too_long_are_left_out_and_told(tmp_path, base):
    data = save_data(tmp_path / "data", [*SFT, sft_row(50, "word " * 200)])
    _, told = trained(base, data, tmp_path / "out")
    assert messages(told) == ["1 examples left out: longer than 120 tokens"]


def test_a_loss_that_is_no_number_ends_the_training(tmp_path, base, data):
    with pytest.raises(FinetuneError, match="training has diverged; lower train.learning_rate"):
        trained(base, data, tmp_path, learning_rate=1e30, epochs=4.0)
    assert not (tmp_path / WEIGHTS).exists()


def test_what_cannot_be_trained_on_is_refused(tmp_path, base, data):
    pairs = save_data(tmp_path / "pairs", PAIRS)
    with pytest.raises(FinetuneError, match="no dataset that can be read"):
        trained(base, tmp_path / "nothing", tmp_path)
    with pytest.raises(FinetuneError, match="has no completion, which train.method = 'sft-short"):
        trained(base, pairs, tmp_path)
    with pytest.raises(FinetuneError, match="has no chosen, rejected"):
        trained(base, data, tmp_path, method="preference")
    with pytest.raises(FinetuneError, match="nothing to train on, 9 examples are longer than 5"):
        trained(base, data, tmp_path, max_tokens=5)
    single = tmp_path / "single"
    datasets.Dataset.from_list(SFT).save_to_disk(str(single))
    with pytest.raises(FinetuneError, match="without splits"):
        trained(base, single, tmp_path)


def test_weights_other_than_safetensors_are_refused(tmp_path, base, data):
    pickled = save_tiny(tmp_path / "tiny")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(FinetuneError, match=r"no \*.safetensors"):
        trained(pickled, data, tmp_path / "out")


def test_the_last_two_checkpoints_are_kept(tmp_path):
    for step in (50, 100, 1_000_000, 150):
        state = Checkpoint(Standing(step=step), {"weight/a": torch.full((2,), float(step))})
        save_checkpoint(tmp_path, state, {"train.rank": "4"})
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["step-000150", "step-1000000"]
    found = newest_checkpoint(tmp_path, {"train.rank": "4"})
    assert (found.standing.step, found.tensors["weight/a"].tolist()) == (1_000_000, [1e6, 1e6])


def test_a_disk_that_refuses_is_an_error_that_says_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FinetuneError, match="training goes on from the last whole checkpoint"):
        save_checkpoint(tmp_path / "file" / "folder", Checkpoint(Standing(), {}), {})


def test_the_rate_rises_in_a_line_and_falls_along_a_cosine():
    settings = Train(learning_rate=1.0, warmup_share=0.2)
    rates = [learning_rate(step, 10, settings) for step in range(10)]
    assert rates[:3] == [0.5, 1.0, 1.0]
    assert rates[6] == pytest.approx(0.5)
    assert rates == sorted(rates[:2]) + sorted(rates[2:], reverse=True)
    assert learning_rate(0, 1, Train(learning_rate=1.0, warmup_share=0.0)) == 1.0


def test_validations_without_a_better_loss_are_counted():
    standing = Standing()
    for loss in (3.0, 2.0, 2.5, float("nan")):
        standing = validated(stepped(standing, [], 1.0, seconds=0.0), loss)
    assert (standing.best_step, standing.best_loss, standing.worse) == (2, 2.0, 2)
    assert validated(stepped(standing, [], 1.0, seconds=0.0), 1.0).worse == 0
