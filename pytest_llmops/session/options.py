"""The command line of a benchmark session: declared, and parsed at the edge."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from pytest_llmops.cases import SPLITS
from pytest_llmops.completions import Sampling
from pytest_llmops.errors import CaseError
from pytest_llmops.tasks.selection import Choice


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The command line, parsed."""

    model: str
    """As given to `--model`; "" where nothing can be run, only collected."""
    models_file: Path
    choice: Choice
    cache: bool = True
    grade: bool = True
    content: bool = True
    sandbox: Literal["bwrap", "process"] = "bwrap"
    runs: Path


def declare(add: Callable[..., None]) -> None:
    """Declare every option; `add` takes what argparse takes, defaults are those of the values."""
    add(
        "--model",
        metavar="NAME",
        help="model to benchmark: a name in models.toml, hf:ORG/NAME, openai:NAME@URL, replay:RUN",
    )
    add(
        "--suite",
        action="append",
        default=[],
        metavar="NAME",
        help="suite to run (repeatable); default: every suite whose source can be reached",
    )
    add("--split", choices=(*SPLITS, "all"), default="eval", help="part of the suites; eval")
    add("--samples", type=positive, default=1, metavar="K", help="attempts a case; 1")
    add(
        "--max-tokens",
        type=positive,
        default=Sampling().max_tokens,
        metavar="N",
        help=f"cap of output tokens an attempt; {Sampling().max_tokens}",
    )
    add("--temperature", type=_temperature, default=0.0, metavar="T", help="0, which is greedy")
    add("--source", default="", metavar="PATH|URL", help="take the source of the one --suite here")
    add("--no-cache", action="store_true", help="ask again what the completion cache holds")
    add("--no-grade", action="store_true", help="generate only; run no tests of the suites")
    add("--no-content", action="store_true", help="record hashes of prompts and completions alone")
    add(
        "--sandbox",
        choices=("bwrap", "process"),
        default="bwrap",
        help="`process` does without namespaces, and so lets candidates reach the network; bwrap",
    )
    add("--runs", type=Path, metavar="FOLDER", help="where runs are recorded; runs/")


def positive(text: str) -> int:
    """Parse a number of which there must be at least one."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


def _temperature(text: str) -> float:
    if not 0 <= (number := float(text)) <= 10:
        raise ValueError
    return number


def parse(values: Mapping[str, Any], root: Path, *, models: str, suites: str) -> Options:
    """Make sense of the command line.

    Args:
        values: The options by name, as argparse fills them.
        root: What relative names are relative to.
        models: File that names the models.
        suites: File that names the suites.

    Raises:
        CaseError: Options contradict each other.
    """
    if values["source"] and len(values["suite"]) != 1:
        raise CaseError("--source needs exactly one --suite, whose source it replaces")
    sampling = Sampling(max_tokens=values["max_tokens"], temperature=values["temperature"])
    return Options(
        model=values["model"] or "",
        models_file=root / models,
        choice=Choice(
            suites_file=root / suites,
            suites=tuple(values["suite"]),
            split=values["split"],
            samples=values["samples"],
            sampling=sampling,
            source=values["source"],
        ),
        cache=not values["no_cache"],
        grade=not values["no_grade"],
        content=not values["no_content"],
        sandbox=values["sandbox"],
        runs=values["runs"] or root / "runs",
    )
