"""A dataset on disk: a Hugging Face `datasets` folder with `data.json`, which explains it.

The folder has the split `train` and, unless nothing is held out, `validation`. It appears by one
rename, so a killed stage leaves none that looks finished.
"""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from .errors import FinetuneError
from .examples import Answer
from .pairs import Pair
from .settings import Data

VERSION = 5
"""Of the selection and of the rows; raised with every change that makes other rows."""

NOTES = "data.json"

Kind = Literal["sft", "preference"]
Row = dict[str, Any]
Rows = dict[str, list[Row]]
"""By split."""


class UsedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that answers came from."""

    id: str
    model: str
    weights_sha256: str
    adapter_sha256: str
    records_sha256: str
    """Of the records file."""


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """`data.json`: what a dataset was made from, and what came of it."""

    version: int = VERSION
    kind: Kind
    inputs: str
    """Digest of all that decides the rows; the stage is skipped while it stays."""
    sha256: str
    """Of the rows of both splits."""
    rows: dict[str, int]
    """By split."""
    cases: dict[str, int]
    """With rows, by split."""
    output_tokens: dict[str, int]
    """Tokens of the completions, of chosen and rejected ones together, by split."""
    considered: dict[str, int]
    """Answers that there were, by what became of them."""
    used: dict[str, int]
    """Answers in the rows, by source."""
    tabbed: int
    """Cases that are shown with tabs."""
    settings: Data
    seed: int
    validation_share: float
    prompt_version: str
    context_tokens: int
    instruction: str
    training_hash: str
    """`suite_hash` of the training cases."""
    guarded: dict[str, str]
    """Evaluation cases that were proved not to be in the rows: `cases`, `hash`, `suites`."""
    unguarded: dict[str, str]
    """Suites whose evaluation cases could not be read, with the reason."""
    runs: tuple[UsedRun, ...]


def read_notes(folder: Path) -> Notes | None:
    """The notes of a finished dataset; None where there is none of this version."""
    try:
        return msgspec.json.decode((folder / NOTES).read_bytes(), type=Notes)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def add_counts(
    notes: Notes, answers: Iterable[Answer], chosen: Sequence[Answer] | Sequence[Pair]
) -> Notes:
    """Say how many answers there were, and which of them are used."""
    used = {
        answer
        for one in chosen
        for answer in ((one,) if isinstance(one, Answer) else (one.chosen, one.rejected))
    }
    return msgspec.structs.replace(
        notes,
        considered=_counts(map(_fate, answers)),
        used=_counts(map(_fate, used)),
    )


def _fate(one: Answer) -> str:
    if one.source == "reference":
        return f"reference, {one.form}"
    if not one.solved:
        return "sample, wrong"
    return "sample, passed" if one.stopped else "sample, passed but truncated"


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def row_of(one: Answer | Pair) -> Row:
    """One row: where it is from, what was asked, and the answer or both answers."""
    first = one if isinstance(one, Answer) else one.chosen
    row: Row = {
        "case": first.question.case,
        "cluster": first.question.cluster,
        "suite": first.question.suite,
        "source": first.source,
        "form": first.form,
        "run": first.run,
        "sample": first.sample,
        "record_sha256": first.record_sha256,
        "messages": [{"role": m.role, "content": m.content} for m in first.question.messages],
    }
    if isinstance(one, Answer):
        return {**row, "completion": one.completion, "output_tokens": one.output_tokens}
    return {
        **row,
        "chosen": one.chosen.completion,
        "rejected": one.rejected.completion,
        "output_tokens": one.chosen.output_tokens,
        "indent": first.indent,
        "rejected_kind": one.kind,
        "rejected_stopped": one.rejected.stopped,
        "rejected_tokens": one.rejected.output_tokens,
        "rejected_source": one.rejected.source,
        "rejected_run": one.rejected.run,
        "rejected_sample": one.rejected.sample,
        "rejected_record_sha256": one.rejected.record_sha256,
    }


def write_data(rows: Rows, notes: Notes, folder: Path) -> Notes:
    """Write both splits and the notes, in place of what is there.

    Returns:
        The notes with the counts and the digest of the rows.

    Raises:
        FinetuneError: The disk is full or the folder cannot be written.
    """
    notes = msgspec.structs.replace(
        notes,
        sha256=hashlib.sha256(msgspec.json.encode(rows, order="sorted")).hexdigest(),
        rows={split: len(found) for split, found in rows.items()},
        cases={split: len({row["case"] for row in found}) for split, found in rows.items()},
        output_tokens={split: sum(map(_tokens, found)) for split, found in rows.items()},
        tabbed=len({row["case"] for found in rows.values() for row in found if row.get("indent")}),
    )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=folder.parent) as making:
            _save(rows, notes.kind, Path(making) / "data")
            text = msgspec.json.format(msgspec.json.encode(notes), indent=2)
            (Path(making) / "data" / NOTES).write_bytes(text + b"\n")
            if folder.exists():
                folder.rename(Path(making) / "old")
            (Path(making) / "data").rename(folder)
    except OSError as error:
        raise FinetuneError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return notes


def _tokens(row: Row) -> int:
    return int(row["output_tokens"] + row.get("rejected_tokens", 0))


def _save(rows: Rows, kind: Kind, folder: Path) -> None:
    # Here, because it takes seconds to import and a dataset that is there needs none of it.
    import datasets  # noqa: PLC0415

    text, number = datasets.Value("string"), datasets.Value("int64")
    names = ["case", "cluster", "suite", "source", "form", "run", "record_sha256"]
    features = dict.fromkeys(names, text) | {"sample": number, "output_tokens": number}
    features["messages"] = datasets.List({"role": text, "content": text})
    if kind == "sft":
        features["completion"] = text
    else:
        features |= {"chosen": text, "rejected": text, "indent": text}
        kinds = ["kind", "source", "run", "record_sha256"]
        features |= {f"rejected_{name}": text for name in kinds}
        features |= {"rejected_tokens": number, "rejected_sample": number}
        features["rejected_stopped"] = datasets.Value("bool")
    schema = datasets.Features(features)
    splits = {
        split: datasets.Dataset.from_dict(
            {name: [row[name] for row in found] for name in features}, features=schema, split=split
        )
        for split, found in rows.items()
        if found  # an empty split cannot be read back
    }
    shown = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        datasets.DatasetDict(splits).save_to_disk(str(folder))
    finally:
        if shown:
            datasets.enable_progress_bars()
