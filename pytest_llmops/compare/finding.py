"""The runs that a gate compares, found by what the user named.

A name must stand for one thing. Where it could be two, a baseline and a folder beside it, say, it
is refused: which of them was meant decides the verdict.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from pytest_llmops.compare.baseline import file_name
from pytest_llmops.errors import CompareError, RecordError, nearest
from pytest_llmops.imports.assembly import run_of
from pytest_llmops.imports.logs import harness_of, read_log
from pytest_llmops.runs.packed import read_packed
from pytest_llmops.runs.reading import RecordedRun, find_run, first_lines, read_run
from pytest_llmops.runs.record import Run
from pytest_llmops.runs.stored import records_file


def find_baseline(  # noqa: PLR0913 - all but the first are given by name
    reference: str,
    *,
    baselines: Path,
    runs: Path,
    judged: Sequence[Run] = (),
    suite_hash: str = "",
    packed: bool = False,
) -> RecordedRun:
    """The run that a file, a name in `baselines`, a run's id or folder, or a model stands for.

    A model stands for its newest run, of the same cases if there is one, and never for a run that
    is judged: that one would be held against itself. Where the newest was broken off, or a gate did
    not let it pass, no older one takes its place.

    Args:
        reference: What the user named.
        baselines: Folder of baselines, `NAME.jsonl`.
        runs: Folder of recorded runs.
        judged: The runs that are compared with it, as far as they are known.
        suite_hash: Of the cases that are compared, where no run of them is known.
        packed: Keep only what a verdict looks at (`runs.packed`).

    Raises:
        CompareError: There is no such run, or more than one; names those there are.
        RecordError: It cannot be read; names the line.
    """
    found = _baseline(reference, baselines, runs, {run.id for run in judged})
    if isinstance(found, Path):
        return _read(found, packed=packed)
    cases = judged[0].suite_hash if judged else suite_hash
    same = [pair for pair in found if pair[0].suite_hash == cases]
    return _newest_that_may_judge(reference, same or found, packed=packed)


def require_known(reference: str, *, baselines: Path, runs: Path) -> None:
    """Refuse a baseline that cannot be found, before anything is started; reads no record.

    Raises:
        CompareError: There is no such run, or more than one; names those there are.
    """
    _baseline(reference, baselines, runs, ())


def _baseline(
    reference: str, baselines: Path, runs: Path, without: Collection[str]
) -> Path | list[tuple[Run, Path]]:
    """The file that a name stands for, or the runs of a model, at least one."""
    if not reference.strip():
        raise CompareError(
            "no baseline is named: the name is empty (from a variable that is not set?)"
        )
    blessed = baselines / f"{file_name(reference)}.jsonl"
    if path := _only(reference, [blessed, *_files(reference, runs)]):
        return path
    if of_model := _of_model(reference, runs, without):
        return of_model
    beside = " beside the one that is judged" if without else ""
    kept = sorted(path.stem for path in baselines.glob("*.jsonl"))
    models = _models(runs)
    if reference == "latest":
        raise CompareError(
            "latest: this names the run that is judged, never a baseline; name a run's id, a "
            f"model ({', '.join(models) or 'none'}) or a baseline ({', '.join(kept) or 'none'})"
        )
    raise CompareError(
        f"{reference}: no baseline in {baselines} (there: {', '.join(kept) or 'none'}), no run in "
        f"{runs}, and no model with a run there{beside} (models: {', '.join(models) or 'none'})"
        f"{nearest(reference, [*kept, *models])}; `llmops bless RUN` makes a baseline"
    )


def find_candidate(reference: str, *, runs: Path, packed: bool = False) -> RecordedRun:
    """The run that `latest`, a run's id or folder, a file, or a model's newest run stands for.

    Args:
        reference: What the user named.
        runs: Folder of recorded runs.
        packed: Keep only what a verdict looks at (`runs.packed`).

    Raises:
        CompareError: There is no such run, or more than one; names those there are.
        RecordError: It cannot be read; names the line.
    """
    of_model = _of_model(reference, runs)
    places = [*_files(reference, runs), *(path for _, path in of_model[-1:])]
    if reference.strip() and (path := _only(reference, places)):
        return _read(path, packed=packed)
    try:
        return _read(find_run(reference, runs), packed=packed)
    except RecordError:
        models = _models(runs)
        if reference == "latest" or not reference.strip() or not models:
            raise
    raise CompareError(
        f"{reference}: no run in {runs}, and no model with a run there (models: "
        f"{', '.join(models)}){nearest(reference, models)}"
    )


def _files(reference: str, runs: Path) -> list[Path]:
    named = Path(reference)
    if harness_of(named):
        return [named]
    return [named, records_file(named), records_file(runs / reference)]


def _read(path: Path, *, packed: bool) -> RecordedRun:
    """Read a records file, or the log of another harness."""
    if harness_of(path):
        return run_of(read_log(path))
    return read_packed(path) if packed else read_run(path, content=False)


def _only(reference: str, places: Sequence[Path]) -> Path | None:
    """The one file among the places; None where there is none.

    Raises:
        CompareError: There are several.
    """
    found = {
        path.resolve(): path for path in reversed(places) if path.is_file() or harness_of(path)
    }
    if len(found) > 1:
        named = " and ".join(str(path) for path in reversed(found.values()))
        raise CompareError(f"{reference} could be {named}; name the file that you mean")
    return next(iter(found.values()), None)


def _of_model(model: str, runs: Path, without: Collection[str] = ()) -> list[tuple[Run, Path]]:
    """The runs of a model, in the order in which they started."""
    return [
        (run, path)
        for run, path in first_lines(runs)
        if run and run.identity.model == model and run.id not in without
    ]


def _newest_that_may_judge(
    model: str, found: Sequence[tuple[Run, Path]], *, packed: bool
) -> RecordedRun:
    newest = _read(found[-1][1], packed=packed)
    if not (why := _unfit(newest)):
        return newest
    older = ", ".join(run.id for run, _ in found[-4:-1][::-1])
    instead = f"name an older run by its id ({older})" if older else "run it again"
    raise CompareError(
        f"{model}: its newest run {newest.run.id} {why}; {instead}, or a blessed baseline"
    )


def _unfit(found: RecordedRun) -> str:
    """Why a run that nobody named must not be what others are held against; "" where it may."""
    records, attempts, end = len(found.records), found.run.attempts, found.end
    if end is None:
        return f"was interrupted or still goes on, with {records} of {attempts} attempts"
    if end.gate and end.gate.verdict != "held" and end.exit_status:
        verdict = f"ended as {end.gate.verdict}" if end.gate.verdict else "ended without a verdict"
        return f"{verdict} against {end.gate.baseline}"
    if records < attempts:
        return f"has {records} of {attempts} attempts"
    return ""


def _models(runs: Path) -> list[str]:
    return sorted({run.identity.model for run, _ in first_lines(runs) if run})
