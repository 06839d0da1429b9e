"""The first line of runs that nobody recorded, for what is measured on records alone."""

from pytest_llmops.completions import Sampling
from pytest_llmops.runs.machine import Machine
from pytest_llmops.runs.record import Identity, Run


def made_up_run(
    name: str, *, model: str, cases: int, samples: int = 1, started: float = 0.0
) -> Run:
    """A run of the suite `made` with an identity that compares with its like.

    Args:
        name: Its id.
        model: Name of the model.
        cases: Number of cases.
        samples: Attempts per case.
        started: Unix time, seconds.
    """
    identity = Identity(
        model=model,
        served="made-up",
        weights_sha256="b" * 64,
        tokenizer_sha256="c" * 64,
        prompt_version="1",
        context_tokens=1000,
        sampling=Sampling(),
    )
    return Run(
        id=name,
        started=started,
        identity=identity,
        suites=("made",),
        split="eval",
        samples=samples,
        suite_hash="0" * 16,
        cases=cases,
        attempts=cases * samples,
        sandbox="bwrap",
        content=True,
        versions={},
        machine=Machine.here(),
    )
