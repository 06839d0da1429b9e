"""How well written the answers of a session are, measured when all are there."""

from pathlib import Path

from pytest_llmops.errors import LlmopsError
from pytest_llmops.runs.run import Run
from pytest_llmops.session.options import Options


def prepare(options: Options) -> None:
    """Have the tools there before a model is asked.

    Raises:
        QualityError: They cannot be installed; says why.
    """
    if options.quality:
        from pytest_llmops.quality.tools import install

        install()


def measure_run(path: Path, run: Run, options: Options) -> list[str]:
    """Measure a run that has ended; returns why it was not measured, which changes no verdict.

    Args:
        path: Its records file.
        run: The run.
        options: The command line.
    """
    from pytest_llmops.quality.batches import measure_all
    from pytest_llmops.quality.stored import store
    from pytest_llmops.runs.reading import read_run

    try:
        records = read_run(path).records
        suites, isolation = options.choice.suites_file, options.sandbox
        store(path, run, measure_all(records, suites, isolation=isolation))
    except LlmopsError as error:
        return [f"code quality was not measured: {error}; try again: llmops quality {run.id}"]
    return []
