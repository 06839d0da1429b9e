"""Fixtures of several test modules."""

import pytest
from project import write_suite

from pytest_llmops.cli.main import main


@pytest.fixture(scope="session")
def mined(tmp_path_factory):
    """A folder with the small suite, mined."""
    folder = tmp_path_factory.mktemp("mined")
    write_suite(folder)
    suites = str(folder / "cases" / "suites.toml")
    assert main(["mine", "functions", "--suite", "mini", "--suites", suites]) == 0
    return folder
