"""Fixtures of several test modules; `skips` says what CI makes of skipped tests."""

import os
import shutil
import signal
import sys
from pathlib import Path

import psutil
import pytest
import wide
from browsers import ARGUMENTS, CHROMIUM
from once import made_once
from project import write_benchmark, write_suite
from skips import pytest_configure  # noqa: F401 - the rule on skipped tests

from pytest_llmops.cli.main import main
from pytest_llmops.places.cores import cores
from pytest_llmops.sinks.delivery import open as deliveries

TINY = Path(__file__).parent.parent / "examples" / "agents" / "tiny.py"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """`-n auto`: one more than processors, as tests wait for what they start; 2 GiB for each."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # xdist reads it itself
    return max(1, min(cores() + 1, psutil.virtual_memory().total // 2**31))


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """Programs that tests start can be interrupted; a job in the background ignores Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def patient():
    """However busy the machine is, a delivery has the time to import MLflow and make its store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deliveries, "FLUSH_SECONDS", 3600.0)
        yield


@pytest.fixture(scope="module", autouse=True)
def first_draws(request):
    """The state of the module's generator of random numbers `RNG`, where it has one."""
    generator = getattr(request.module, "RNG", None)
    return generator and generator.bit_generator.state


@pytest.fixture(autouse=True)
def same_draws(request, first_draws):
    """Each test draws the same numbers, whichever tests ran before it."""
    if first_draws:
        request.module.RNG.bit_generator.state = first_draws


def mine(folder, suite, write):
    write(folder)
    suites = str(folder / "cases" / "suites.toml")
    assert main(["mine", "functions", "--suite", suite, "--suites", suites]) == 0


@pytest.fixture(scope="session")
def mined(tmp_path_factory):
    """A folder with the small suite, mined; it is only read."""
    return made_once(tmp_path_factory, "mined", lambda at: mine(at, "mini", write_suite))


@pytest.fixture(scope="session")
def mined_wide(tmp_path_factory):
    """A folder with the wide suite, mined; it is only read."""
    return made_once(tmp_path_factory, "mined-wide", lambda at: mine(at, "wide", wide.write_suite))


@pytest.fixture
def agent_project(pytester, mined, monkeypatch):
    """The small suite with its benchmark, the agent of the examples, and a cache of its own."""
    if sys.platform != "linux":
        pytest.skip("agents run on Linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    shutil.copy(TINY, pytester.path)
    return pytester


@pytest.fixture(scope="module")
def browser():
    """Chromium, driven by playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield found
        found.close()
