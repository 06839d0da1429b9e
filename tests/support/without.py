"""Processes in which some packages are not installed."""

import subprocess
import sys

HIDE = """
import sys

class Hidden:
    def find_spec(name, path=None, target=None):
        if name in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden)
"""


def run_without(names, code, folder):
    """Run Python in a process in which some packages are not installed."""
    command = [sys.executable, "-c", HIDE.format(names=names) + code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def llmops_without(name, arguments, folder):
    code = f"from pytest_llmops.cli.main import main\nsys.exit(main({arguments!r}))"
    return run_without([name], code, folder)
