"""Tokens a second, memory and loss of training against a plain TRL SFTTrainer, on the same data.

    python benchmarks/perf/training.py --trl-python PYTHON [--data FOLDER] [--epochs 0.5]
        [--rounds 1] [--batch-tokens N] [--dtype auto] [--seed 0] [--output FILE]

`--trl-python` names an interpreter that has TRL beside what the `finetune` extra installs; TRL is
no dependency of this project. `--data` is a dataset as `python -m finetune dataset` writes it;
without one it is made of the references of the starter suite's split `train`, every eighth held
out.

Both train on the same examples as the same tokens, with the same LoRA, optimizer, schedule,
dtype, seed and number of steps, without activation checkpointing. A batch of the rival has as many
examples as a row of ours on average, padded to the longest of them, as its defaults do; its loss is
on completions alone, and only those go through its head, as its newest version does by itself.

Each training is a process of its own, one after the other, in each round in the other order.
Tokens are those of the examples that each has seen, without padding; loading is not timed. Beside
seconds there are CPU seconds, which another load of the machine changes less. The loss is that of
the adapters over the held-out examples, computed for both by plain PEFT.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from finetune.packing import Prepared, pack, plan
from finetune.settings import Train
from pytest_llmops.cases import load_suites
from pytest_llmops.engine.weights import DEFAULT, embedded_folder
from pytest_llmops.manifests import load_cases
from pytest_llmops.models import resolve
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.prompts.prompt import build_messages
from pytest_llmops.tasks.sources import open_source

ROOT = Path(__file__).parents[2]
RIVALS = Path(__file__).with_name("training_rivals.py")
Found = dict[str, Any]


def reference_rows() -> list[Found]:
    """Return one example for every case of the starter suite's split `train`."""
    suite = load_suites(ROOT / "cases" / "suites.toml")["starter"]
    tree = open_source(suite)
    model, _ = resolve("base", ROOT / "models.toml")
    budget = getattr(model, "context_tokens", 1000)
    rows = []
    for case in load_cases(suite):
        if case.split == "train":
            task = materialize(case, tree)
            messages = build_messages(task, context_tokens=budget)
            rows.append(
                {
                    "messages": [{"role": m.role, "content": m.content} for m in messages],
                    "completion": f"```typescript\n{task.reference.strip()}\n```",
                }
            )
    return rows


def write_dataset(rows: list[Found], folder: Path) -> Path:
    """Write rows as the dataset stage does, every eighth held out."""
    import datasets

    splits = {
        "train": [row for place, row in enumerate(rows) if place % 8],
        "validation": rows[::8],
    }
    made = {name: datasets.Dataset.from_list(found) for name, found in splits.items()}
    datasets.DatasetDict(made).save_to_disk(str(folder))
    return folder


def flat(split: Prepared) -> list[dict[str, list[int]]]:
    """Return every example with its labels; -100 where there is no loss."""
    return [
        {
            "input_ids": [*bundle.prompt, *answer],
            "labels": [-100] * len(bundle.prompt) + [*answer],
        }
        for bundle in split.bundles
        for answer in bundle.answers
    ]


def train_ours(settings: Found) -> Found:
    """Train with this project, without validation, as the rival does."""
    from finetune.train import train

    marks: list[tuple[float, float]] = []

    def mark(_: object) -> None:
        marks.append((time.perf_counter(), time.process_time()))

    output = Path(settings["output"])
    wanted = msgspec.convert(settings["train"], Train)
    result = train(Path(settings["data"]), Path(settings["base"]), output, wanted, report=mark)
    # The first step is in `seconds` but before the first mark; its CPU time is taken for the mean.
    processor = (marks[-1][1] - marks[0][1]) * len(marks) / max(1, len(marks) - 1)
    return {
        "seconds": result.seconds,
        "cpu_seconds": processor,
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "steps": result.steps,
        "tokens": result.tokens,
        "train_loss": result.train_loss,
        "computed_tokens": result.computed_tokens,
    }


def run_process(command: list[str], settings: Found, folder: Path) -> Found:
    """Run a contender and return what it prints."""
    path = folder / "settings.json"
    path.write_text(json.dumps(settings))
    ended = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{command[-1]} ended with {ended.returncode}:\n{ended.stderr[-3000:]}")
    found: Found = json.loads(ended.stdout.splitlines()[-1])
    return found


def prepare_settings(options: argparse.Namespace, folder: Path) -> Found:
    """Return what both contenders are told, with the examples as tokens."""
    import datasets

    from finetune.splits import read_splits
    from finetune.trainee import dtype_of

    base = embedded_folder(DEFAULT)
    data = options.data or write_dataset(reference_rows(), folder / "data")
    train = Train(
        method="sft-shortest",
        epochs=options.epochs,
        batch_tokens=options.batch_tokens,
        dtype=options.dtype,
        seed=options.seed,
        checkpoint_every=10**6,
    )
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype = str(dtype_of(train, device)).removeprefix("torch.")
    training, validation = read_splits(data, base, train)
    alone = folder / "train-only"
    only = datasets.load_from_disk(str(data))["train"]
    datasets.DatasetDict({"train": only}).save_to_disk(str(alone))
    examples = flat(training)
    steps = plan(
        training.bundles,
        batch_tokens=train.batch_tokens,
        rows=train.accumulate,
        epochs=train.epochs,
        seed=train.seed,
    )
    rows = len(pack(training.bundles, train.batch_tokens))
    return {
        "base": str(base),
        "data": str(alone),
        "train": msgspec.to_builtins(train) | {"dtype": dtype},
        "dtype": dtype,
        "examples": examples,
        "held_out": flat(validation),
        "batch": max(1, round(len(examples) / rows)),
        "steps": len(steps),
    }


def measure(options: argparse.Namespace, folder: Path) -> Found:
    """Run all rounds and return every result."""
    settings = prepare_settings(options, folder)
    mine = [sys.executable, __file__, "--ours"]
    commands = {"ours": mine, "trl": [options.trl_python, str(RIVALS), "trl"]}
    rounds: dict[str, list[Found]] = {name: [] for name in commands}
    for number in range(options.rounds):
        names = list(commands)[:: -1 if number % 2 else 1]
        for name in names:
            told = settings | {"output": str(folder / f"{name}-{number}")}
            rounds[name].append(run_process(commands[name], told, folder))
            print(name, json.dumps(rounds[name][-1]), file=sys.stderr, flush=True)
    adapters = {name: str(folder / f"{name}-0") for name in commands} | {"base": ""}
    told = settings | {"examples": settings["held_out"], "adapters": adapters}
    losses = run_process([sys.executable, str(RIVALS), "peft"], told, folder)
    kept = ("train", "batch", "steps", "dtype")
    return {
        "settings": {name: settings[name] for name in kept},
        "examples": len(settings["examples"]),
        "load": os.getloadavg(),
        "rounds": rounds,
        "losses": losses,
    }


def rows_of(found: Found) -> Iterator[tuple[str, str, str, str]]:
    """Yield the table: figure, ours, the rival's, ratio (above 1 is better for ours)."""

    def median(name: str, key: str, of: str = "") -> float:
        rounds = found["rounds"][name]
        return float(statistics.median(one[key] / (one[of] if of else 1) for one in rounds))

    for key, label in (("seconds", "tokens/s"), ("cpu_seconds", "tokens/CPU s")):
        ours, rival = (median(name, "tokens", key) for name in ("ours", "trl"))
        yield label, f"{ours:.0f}", f"{rival:.0f}", f"{ours / rival:.2f}"
    ours, rival = (median(name, "peak_memory") / 2**20 for name in ("ours", "trl"))
    yield "peak memory, MiB", f"{ours:.0f}", f"{rival:.0f}", f"{rival / ours:.2f}"
    losses = found["losses"]
    ours, rival = losses["ours"], losses["trl"]
    label = f"held-out loss (base {losses['base']:.4f})"
    yield label, f"{ours:.4f}", f"{rival:.4f}", f"{rival / ours:.3f}"
    ours, rival = (median(name, "train_loss") for name in ("ours", "trl"))
    yield "last training loss", f"{ours:.4f}", f"{rival:.4f}", ""


def main() -> None:
    """Measure, print the table, and write all results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trl-python", help="interpreter that has TRL")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--epochs", type=float, default=0.5)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--batch-tokens", type=int, default=Train().batch_tokens)
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--seed", type=int, default=0, help="of both: how far losses scatter")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        print(json.dumps(train_ours(json.loads(options.ours.read_text()))))
        return
    if not options.trl_python:
        parser.error("--trl-python is needed: an interpreter that has trl, torch and peft")
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options, Path(folder))
    table = Table("", "ours", "TRL", "ratio")
    for row in rows_of(found):
        table.add_row(*row)
    Console().print(table)
    if options.output:
        options.output.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
