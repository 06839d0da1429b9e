"""Whether the npm packages that cases of a session need are there; they are installed where not."""

from pytest_llmops.cases import suite_of
from pytest_llmops.errors import PackagesError
from pytest_llmops.sandbox.opening import bring_packages
from pytest_llmops.tasks.selection import Selection


def missing_packages(selection: Selection) -> dict[str, str]:
    """The suites of a session whose packages are not to be had, with the reason.

    Suites none of whose chosen cases needs any are not looked at.

    Raises:
        CaseError: A lock file is broken.
    """
    needing = {suite_of(case) for case in selection.cases.values() if case.packages}
    missing = {}
    for name in sorted(needing):
        lock = selection.trees[name].lock
        try:
            if lock:
                bring_packages(lock)
        except PackagesError as error:
            missing[name] = str(error)
    return missing
