"""What lies in the repository was put there on purpose."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {
    ".ci", ".github", "benchmarks", "cases", "deploy", "docs", "examples", "findings", "finetune",
    "pytest_llmops", "tests", "tools",
}  # fmt: skip
BINARY = {".png", ".eval"}
"""Pictures of the documentation, and logs of Inspect, which are archives."""


@pytest.fixture(scope="module")
def tracked():
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout of git")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / name for name in listed.stdout.decode().split("\0")[:-1]]
    return [path for path in paths if path.exists()]


def test_every_folder_is_one_of_the_project(tracked):
    found = {path.relative_to(ROOT).parts[0] for path in tracked if path.parent != ROOT}
    assert found == FOLDERS


def test_other_files_than_pictures_and_logs_are_text(tracked):
    texts = [path for path in tracked if path.suffix not in BINARY]
    assert not [path for path in texts if b"\0" in path.read_bytes()]
