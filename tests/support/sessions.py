"""Sessions of pytest within a test, in its own process where another would prove no more."""

import re
from importlib import import_module
from pkgutil import walk_packages

from pytest_llmops import compare, plugin, session

WORKERS = re.compile(r"(?:^| )(?:-n ?[1-9]|--tx=)")
QUIET = ("-W", "ignore:Module already imported so cannot be rewritten")
KEPT = [
    plugin.__name__,
    "pytest_llmops.report.verdict",
    "scipy.stats",
    *(
        module.name
        for package in (compare, session)
        for module in walk_packages(package.__path__, f"{package.__name__}.")
    ),
]
for name in KEPT:  # what a test imports, pytester forgets behind it, and NumPy loads once alone
    import_module(name)


def run_session(pytester, *arguments):
    """A session of pytest; with workers (`-n`), which are processes anyway, in one of its own.

    The start of a process takes longer than most of these sessions. What depends on one (what it
    imports, what a signal does to it) or patches the plugin is tested with `runpytest_subprocess`.
    """
    if WORKERS.search(" ".join(arguments)):
        return pytester.runpytest_subprocess(*arguments)
    return pytester.runpytest_inprocess(*QUIET, *arguments)
