"""The settings of fine-tuning: frozen values, read from TOML, with every field documented.

`finetune.toml` spells the defaults out. Unknown names are refused, so a misspelt setting is an
error and never a silent default.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from pytest_llmops import tables

from .errors import FinetuneError

TRAINING_VERSION = "2"
"""Raised with every change of the code after which the same settings give other weights."""

Method = Literal["sft-shortest", "preference"]
Selecting = Literal["shortest", "random", "longest"]

Positive = Annotated[int, msgspec.Meta(ge=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Above = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
NonNegative = Annotated[float, msgspec.Meta(ge=0)]
Name = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="letters and digits, then also dots, - and _, at most 64 in all",
    ),
]
"""Of a model and of the folders made for it: no separator, nothing a shell or a path reads."""


class Collect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where completions come from: the suite itself, on the split `train`."""

    suites: tuple[str, ...] = ("starter",)
    """Suites to sample; each has a split `train`."""
    samples: Positive = 8
    """Completions per case."""
    temperature: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.8
    """0 is greedy, and all samples of a case are then the same."""
    max_tokens: Positive = 256
    """Limit of output tokens per completion; one that hits it is never trained on."""
    agent: str = ""
    """`repair` or `repair:N`: a wrong answer gets the messages of the failing tests, and what is
    right in the end becomes an example without the turns before it; empty for single answers."""
    arguments: tuple[str, ...] = ()
    """Further arguments of pytest, such as `-n 4` or `-k text`."""
    runs: tuple[str, ...] = ()
    """Recorded runs (id, folder or file) to take instead of sampling anew."""


class Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which answers become training examples."""

    select: Selecting = "shortest"
    """Which of the passing completions of a case; `random` and `longest` are controls of the study.
    The method `preference` does not use it."""
    per_case: Count = 2
    """How many completions per case; the method `preference` uses `pairs_per_case`."""
    references: bool = True
    """Add the reference solutions of the cases of split `train`."""
    reference_suites: tuple[str, ...] = ("starter",)
    """Suites whose reference solutions may be used; only embedded suites."""
    eval_suites: tuple[str, ...] = ()
    """Suites whose split `eval` must not leak in; if empty, every suite that can be reached."""
    pairs_per_case: Positive = 2
    """Most preference pairs per case; `preference` only."""
    tabs_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    """Share of training cases shown with tabs as indentation; `preference` only."""


class Train(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the adapter is trained."""

    method: Method = "preference"
    """`preference`: pairs of answers (shorter and longer correct, wrong), supervised on the better
    one as well; `sft-shortest`: supervised on the shortest alone."""
    rank: Positive = 16
    """LoRA rank, on all linear layers."""
    alpha: Above = 32.0
    """LoRA scaling; alpha over rank multiplies the update."""
    dropout: Share = 0.0
    """LoRA dropout."""
    learning_rate: Above = 1e-3
    """Peak of the learning rate; a cosine schedule goes down to 0 from there."""
    epochs: Above = 2.0
    """Passes over the training examples, at most; see `patience`."""
    pair_epochs: Above = 1.0
    """Passes over the pairs, at most; `preference` only."""
    batch_tokens: Positive = 2048
    """Tokens of a packed row: one micro-batch."""
    accumulate: Positive = 1
    """Micro-batches per optimizer step."""
    warmup_share: Share = 0.05
    """Share of the steps over which the rate rises from 0."""
    max_tokens: Positive = 1024
    """Longest example, prompt and completion; longer ones are left out and counted."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of the base; `auto` takes the faster one on this machine."""
    checkpoint_every: Positive = 20
    """Steps between checkpoints, which survive a kill."""
    patience: Positive = 2
    """Validations without a better loss before training stops; the best weights are kept."""
    validation_share: Share = 0.1
    """Share of the training cases held out to validate, by whole clusters."""
    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass: less memory, more time."""
    beta: Above = 10.0
    """SimPO: scale of the reward. The larger, the smaller a lead of the chosen answer is enough."""
    gamma: NonNegative = 3.0
    """SimPO: margin by which the scaled reward of the chosen answer must be larger."""
    sft_weight: NonNegative = 1.0
    """`preference`: weight of the likelihood of the chosen answer beside SimPO's loss."""
    seed: Count = 0
    """Seed of the initial LoRA weights, the order of examples and dropout."""
    weight_decay: NonNegative = 0.0
    """Weight decay of AdamW."""
    max_grad_norm: Above = 1.0
    """Gradients are clipped to this norm."""

    @property
    def passes(self) -> float:
        """Passes of the method, at most."""
        return self.pair_epochs if self.method == "preference" else self.epochs


class Study(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the arms of a study are measured on."""

    arms: tuple[str, ...] = (
        "base",
        "code-only",
        "shortest",
        "random",
        "longest",
        "second-seed",
        "preference",
    )
    """Which arms to train and measure ([fine-tuning](finetune.md))."""
    suites: tuple[str, ...] = ("starter",)
    """Suites whose split `eval` is attempted."""
    samples: Positive = 1
    """Attempts per case."""
    temperature: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    """0 is greedy."""
    max_tokens: Positive = 512
    """Limit of output tokens per attempt."""
    instruction: str = "Answer with the code only: no comments, no explanation, no examples."
    """Sentence that the arm `code-only` adds to every question."""
    arguments: tuple[str, ...] = ()
    """Further arguments of pytest."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that decides what the adapter becomes."""

    name: Name = "lora-v1"
    """Name of the adapter: its entry in models.toml and its folders."""
    base: str = "base"
    """The local model in models.toml to train on."""
    seed: Count = 0
    """Seed of what is drawn for the dataset: validation clusters, random selection, rejected
    answers, cases that are shown with tabs."""
    collect: Collect = Collect()
    data: Data = Data()
    train: Train = Train()
    study: Study = Study()


def load_settings(path: Path | None) -> Settings:
    """Read settings; None gives the defaults.

    Raises:
        FinetuneError: The file is missing, no TOML, or holds a setting that does not exist or
            has another form; names file and setting.
    """
    if path is None:
        return Settings()
    found = tables.read(path, FinetuneError)
    if found is None:
        raise FinetuneError(f"{path}: cannot be read: no such file")
    return tables.value_of(Settings, found, str(path), FinetuneError)


def override(
    settings: Settings,
    *,
    name: str | None = None,
    method: str | None = None,
    seed: int | None = None,
) -> Settings:
    """Replace what a command line may; None keeps what is there.

    Args:
        settings: As read.
        name: See `Settings.name`.
        method: See `Train.method`.
        seed: Of the dataset's draws and of training alike.

    Raises:
        FinetuneError: A value does not fit; names the option.
    """
    changed = msgspec.to_builtins(settings)
    if name is not None:
        changed["name"] = name
    if method is not None:
        changed["train"]["method"] = method
    if seed is not None:
        changed["seed"] = changed["train"]["seed"] = seed
    return tables.value_of(Settings, changed, "command line", FinetuneError)
