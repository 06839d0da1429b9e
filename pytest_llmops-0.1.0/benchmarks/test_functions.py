"""Write one function: the model sees its file with the body cut out, the file's tests judge it."""

from pytest_llmops.session.attempt import Attempt


def test_function(attempt: Attempt) -> None:
    """One completion, graded."""
    attempt.complete()
    attempt.grade()
