"""The answers of a recorded run, each read from its file when somebody wants it."""

from array import array
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Lock

from pytest_llmops.completions import Completion
from pytest_llmops.errors import RecordError
from pytest_llmops.runs.lines import Place, decode_record
from pytest_llmops.runs.stored import stored


class RecordedAnswers(Mapping[tuple[str, int], Completion]):
    """Completions by case and sample; texts stay in the file. Safe for any thread."""

    def __init__(self, path: Path) -> None:
        """Open the records file.

        Raises:
            RecordError: It cannot be read.
        """
        self._path = path
        self._places: dict[tuple[str, int], int] = {}
        self._bounds = array("Q")
        self._reading = Lock()
        self._open = ExitStack()
        self._file = self._open.enter_context(stored(path))

    def note(self, key: tuple[str, int], place: Place) -> None:
        """Say where the record of an answer is."""
        self._places[key] = len(self._bounds)
        self._bounds.extend(place)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._places)

    def __getitem__(self, key: tuple[str, int]) -> Completion:
        at = self._places[key]
        place = Place(*self._bounds[at : at + 3])
        with self._reading:
            raw = self._file.read(place.start, place.end)
        answer = decode_record(self._path, place, raw).completion()
        if answer is None:
            raise RecordError(f"{self._path}:{place.number}: has changed since it was read")
        return answer

    def close(self) -> None:
        """Let go of the file; safe to repeat."""
        self._open.close()
