"""The texts of a run that was read without them, for a page that shows them."""

from pathlib import Path

import msgspec

from pytest_llmops.runs.reading import RecordedRun, read_run
from pytest_llmops.runs.record import Record
from pytest_llmops.runs.stored import records_file


def with_texts(found: RecordedRun, folder: Path) -> RecordedRun:
    """A run with prompts and answers, as far as they are on record.

    A run is compared without its texts, which take most of the memory. The file of a baseline has
    none; the run that it was made of has them, where it still exists.

    Args:
        found: The run, as a comparison read it.
        folder: Where runs are kept.

    Raises:
        RecordError: The file of the run is broken.
    """
    if found.run.harness:
        return found
    kept = records_file(folder / found.run.id)
    source = read_run(kept if kept.is_file() else found.path)
    if source.run.id != found.run.id:
        return found
    texts = {(record.case, record.sample): record for record in source.records}
    records = tuple(_with_text(one, texts.get((one.case, one.sample))) for one in found.records)
    run = msgspec.structs.replace(found.run, content=source.run.content)
    return msgspec.structs.replace(found, run=run, records=records)


def _with_text(record: Record, source: Record | None) -> Record:
    if source is None or source.text_sha256 != record.text_sha256:
        return record
    return msgspec.structs.replace(record, prompt=source.prompt, text=source.text)
