"""Collect, dataset, train, register: each stage brings those before it up to date.

A stage is skipped, and says so, while its settings and inputs have not changed. The folder of work
holds `runs/` (sessions), `data/` (the dataset) and `trainings/KEY/` (adapters, by the digest of
everything that decides their weights); it may be deleted at any time.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from pytest_llmops.runs.reading import RecordedRun

from .card import Saving
from .collect import collect, repaired
from .dataset import make_dataset
from .display import Display
from .errors import FinetuneError
from .project import Base, Project, find_base
from .register import (
    CONFIG,
    HISTORY,
    WEIGHTS,
    Place,
    Registered,
    Trained,
    files_sha256,
    register,
)
from .settings import TRAINING_VERSION, Settings
from .stored import Notes
from .tracking import track

STAGES = ("collect", "dataset", "train", "register")

SAVINGS = "savings.json"
"""In the folder of work: what the study found of each adapter, by its digest."""

SavingRuns = tuple[RecordedRun, RecordedRun]
"""Of a base and of an adapter on it."""

TrainCall = Callable[[Path, Path, Path, Settings, Display], None]
"""Trains: dataset, folder of the base, folder to write, settings, where to show progress."""


class Work(msgspec.Struct, frozen=True):
    """One adapter in the making."""

    project: Project
    settings: Settings
    folder: Path
    """Of the work; several adapters of a study share one."""
    display: Display

    def collect(self) -> tuple[RecordedRun, ...]:
        """Bring the runs up to date."""
        self.display.say("collect", f"split train of {', '.join(self.settings.collect.suites)}")
        runs, made = collect(self.project, self.settings, self.folder / "runs")
        passed = sum(one.solved for run in runs for one in run.records)
        total = sum(len(run.records) for run in runs)
        found = f"{passed} of {total} samples passed" if runs else "no samples wanted"
        if mended := repaired(runs):
            found += f", {mended} of them after a first answer that was wrong"
        self.display.say("collect", f"{found}{'' if made else ' (unchanged, skipped)'}")
        return runs

    def dataset(self, runs: tuple[RecordedRun, ...]) -> Notes:
        """Bring the dataset up to date."""
        with self.display.bar("dataset") as report:
            notes, made = make_dataset(
                self.project, self.settings, runs, output=self.data, report=report
            )
        rows = ", ".join(f"{count} {split}" for split, count in notes.rows.items())
        guarded = f"no leak of {notes.guarded['cases']} evaluation cases"
        self.display.say(
            "dataset", f"{rows} rows, {guarded}{'' if made else ' (unchanged, skipped)'}"
        )
        for suite, reason in notes.unguarded.items():
            self.display.say("dataset", f"NOT checked against {suite}: {reason}")
        return notes

    @property
    def data(self) -> Path:
        """The dataset of this adapter."""
        return self.folder / "data" / self.settings.name

    def training(self, notes: Notes, base: Base) -> Path:
        """The folder of the trained weights, there or not."""
        return self.folder / "trainings" / training_key(self.settings, notes, base)

    def train(self, notes: Notes, base: Base, call: TrainCall) -> Trained:
        """Bring the trained weights up to date."""
        output = self.training(notes, base)
        if not (whole := _is_whole(output)):
            call(self.data, base.folder, output, self.settings, self.display)
        self.display.say("train", f"{output}{' (unchanged, skipped)' if whole else ''}")
        return Trained(
            folder=output,
            settings=self.settings,
            data=notes,
            saving=self.savings().get(files_sha256(output / CONFIG, output / WEIGHTS)),
        )

    def register(self, trained: Trained, base: Base, place: Place) -> Registered:
        """Bring the registered adapter up to date."""
        with self.display.bar("register") as report:
            report("writing", 0, 1)
            done = register(trained, base, place)
            report("written", 1, 1)
        state = "" if done.changed else " (unchanged, skipped)"
        self.display.say("register", f"--model={self.settings.name}, {done.folder}{state}")
        return done

    def savings(self) -> dict[str, Saving]:
        """What is known of the adapters of this work."""
        path = self.folder / SAVINGS
        if not path.is_file():
            return {}
        try:
            return msgspec.json.decode(path.read_bytes(), type=dict[str, Saving])
        except msgspec.DecodeError as error:
            raise FinetuneError(
                f"{path}: cannot be read ({error}); delete it, and measure again what cards tell"
            ) from None

    def keep_saving(self, adapter_sha256: str, saving: Saving) -> None:
        """Remember what an adapter saves, for its card."""
        known = self.savings() | {adapter_sha256: saving}
        self.folder.mkdir(parents=True, exist_ok=True)
        making = self.folder / f"{SAVINGS}.new"
        making.write_bytes(msgspec.json.encode(known))
        making.replace(self.folder / SAVINGS)

    def measure(self, notes: Notes, base: Base, runs: SavingRuns) -> None:
        """Let the card of an adapter that is trained tell what two runs say of it.

        Args:
            notes: What it was trained on.
            base: What it was trained on top of.
            runs: Of the base and of the adapter, over the same evaluation cases.

        Raises:
            FinetuneError: Nothing was trained with these settings, or a run is another model's or
                over other cases than those of split `eval`.
            CompareError: The runs cannot be compared.
        """
        # Here, because statistics take a second to import.
        from .findings import find  # noqa: PLC0415

        output, name = self.training(notes, base), self.settings.name
        if not _is_whole(output):
            raise FinetuneError(
                f"{output}: no adapter was trained with these settings, so none to tell of;"
                " give the options it was trained with (--settings, --name, --method, --seed,"
                " --run, --work)"
            )
        digest = files_sha256(output / CONFIG, output / WEIGHTS)
        of_base, of_adapter = runs
        _expect(of_base, self.settings.base, base, adapter="")
        _expect(of_adapter, name, base, adapter=digest)
        saving = find(name, of_base, of_adapter).saving(of_base.run.id)
        if not saving.known:
            raise FinetuneError(
                f"{of_adapter.path}: has too few source files to estimate what {name} saves; run"
                " more cases"
            )
        self.keep_saving(digest, saving)


def run_pipeline(
    work: Work,
    stage: str,
    place: Place,
    call: TrainCall,
    saving: SavingRuns | None = None,
) -> None:
    """Bring everything up to a stage up to date.

    Args:
        work: The adapter.
        stage: The last one of `STAGES` to do.
        place: Where to register.
        call: Trains.
        saving: Runs of base and adapter that the card shall tell of.

    Raises:
        LlmopsError: A stage cannot go on; what was finished stays.
    """
    if stage == "register":
        place.check(work.settings)  # before an hour's work, not after it
    runs = work.collect()
    if stage == "collect":
        return
    notes = work.dataset(runs)
    if stage == "dataset":
        return
    base = find_base(work.project, work.settings.base)
    if saving:
        work.measure(notes, base, saving)
    trained = work.train(notes, base, call)
    if stage == "train":
        return
    done = work.register(trained, base, place)
    if said := track(done, work.settings):
        work.display.say("register", said)


def _is_whole(trained: Path) -> bool:
    return all((trained / name).is_file() for name in (CONFIG, WEIGHTS, HISTORY))


def _expect(run: RecordedRun, name: str, base: Base, *, adapter: str) -> None:
    """Refuse a run that does not tell what a model does to the evaluation cases."""
    identity = run.run.identity
    if run.run.split != "eval":
        raise FinetuneError(f"{run.path}: of split {run.run.split}; a saving is one on split eval")
    wanted = (base.weights_sha256(), adapter, base.model.instruction)
    if (identity.weights_sha256, identity.adapter_sha256, identity.instruction) != wanted:
        found = [
            f"weights {identity.weights_sha256[:12] or '(none)'}",
            f"adapter {identity.adapter_sha256[:12] or '(none)'}",
            *([f"told {identity.instruction!r}"] if identity.instruction else []),
        ]
        raise FinetuneError(
            f"{run.path}: answered by {', '.join(found)}; [{name}] is weights {wanted[0][:12]},"
            f" adapter {adapter[:12] or '(none)'}; run `pytest benchmarks --model={name}`, and name"
            " that run"
        )


def training_key(settings: Settings, notes: Notes, base: Base) -> str:
    """Digest of what decides trained weights: code and settings of training, rows, base."""
    parts = (TRAINING_VERSION, settings.train, notes.sha256, base.weights_sha256())
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]
