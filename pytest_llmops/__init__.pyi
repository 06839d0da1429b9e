from pytest_llmops.cases import Case as Case
from pytest_llmops.completions import Completion as Completion
from pytest_llmops.errors import LlmopsError as LlmopsError
from pytest_llmops.grading.graded import Grade as Grade
from pytest_llmops.runs.reading import RecordedRun as RecordedRun
from pytest_llmops.runs.reading import find_run as find_run
from pytest_llmops.runs.reading import read_run as read_run
from pytest_llmops.runs.record import Record as Record
from pytest_llmops.runs.run import Run as Run
from pytest_llmops.session.attempt import Attempt as Attempt

__version__: str
