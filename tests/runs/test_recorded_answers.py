from concurrent.futures import ThreadPoolExecutor

import pytest
from records import RUN, record

from pytest_llmops.errors import RecordError
from pytest_llmops.runs.answers import RecordedAnswers
from pytest_llmops.runs.compact import compact
from pytest_llmops.runs.reading import placed_run_lines
from pytest_llmops.runs.record import End, RecordFile

COUNT = 50


@pytest.fixture
def path(tmp_path):
    file = RecordFile(tmp_path, RUN)
    for number in range(COUNT):
        file.write(record(f"suite:m#f{number}", 0, text=f"answer {number} " * 50))
    file.write(End(finished=2.0, exit_status=0))
    file.close()
    return file.path


def noted(path):
    answers = RecordedAnswers(path)
    for place, line in placed_run_lines(path)[1]:
        if not isinstance(line, End):
            answers.note((line.case, line.sample), place)
    return answers


def texts(answers):
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda key: answers[key].text, answers))


def test_answers_are_read_from_their_places_by_many_threads(path):
    answers = noted(path)
    assert len(answers) == COUNT
    assert texts(answers) == [f"answer {number} " * 50 for number in range(COUNT)]
    assert ("suite:m#f0", 1) not in answers


def test_answers_of_a_compacted_run_are_the_same(path):
    known = texts(noted(path))
    compacted = compact(path)
    assert texts(noted(compacted)) == known


def test_a_file_that_has_changed_is_no_answer(path):
    answers = noted(path)
    path.write_bytes(path.read_bytes().replace(b"suite:m#f7", b"suite:m#" + b"f" * 9))
    with pytest.raises(RecordError, match="records.jsonl:40: has changed since it was read"):
        answers["suite:m#f38", 0]
