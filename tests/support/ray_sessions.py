"""Sessions and commands in a folder, as processes of their own, with a cluster or without."""

import os
import subprocess
import sys

import msgspec

from pytest_llmops.runs.reading import find_run, read_run

COMMAND = "import sys; from pytest_llmops.cli.main import main; sys.exit(main(sys.argv[1:]))"


def start(folder, environment, *arguments, model="recorded", samples=20):
    """Start a session."""
    command = [sys.executable, "-m", "pytest", "benchmarks", f"--model={model}", *arguments]
    return subprocess.Popen(
        [*command, f"--samples={samples}"],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def command(folder, environment, *arguments):
    """Run a command of `llmops`."""
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def recorded(folder):
    """What the latest run says of each attempt, without what it took, and its number of records."""
    found = read_run(find_run("latest", folder / "runs")).records
    return {(r.case, r.sample): (_lasting(r.grade), r.text, r.usage, r.error) for r in found}, len(
        found
    )


def _lasting(grade):
    return grade and msgspec.structs.replace(grade, seconds=0.0, started=None, memory=None)


def lines(folder):
    """Lines of all runs."""
    return sum(
        len(file.read_text().splitlines()) for file in (folder / "runs").glob("*/records.jsonl")
    )
