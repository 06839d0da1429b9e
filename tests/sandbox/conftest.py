"""What tests of the sandbox share."""

import os
import subprocess
import sys

import pytest

from pytest_llmops.sandbox import NodePool


@pytest.fixture(scope="module")
def root(request, tmp_path_factory):
    """A tree of one file and its tests: `HONEST` and `TESTS` of the module that asks."""
    root = tmp_path_factory.mktemp("tree")
    (root / "src").mkdir()
    (root / "tests").mkdir()
    (root / "src" / "target.ts").write_text(request.module.HONEST)
    (root / "tests" / "target.test.ts").write_text(request.module.TESTS)
    return root


@pytest.fixture(scope="module", params=["bwrap", "process"])
def pool(root, request):
    """Each sandbox, while the environment holds a secret: `MARK` of the module that asks."""
    os.environ["LLMOPS_TEST_SECRET"] = request.module.MARK
    with NodePool(root, isolation=request.param) as pool:
        yield pool
    del os.environ["LLMOPS_TEST_SECRET"]


@pytest.fixture(scope="module")
def caged(root):
    with NodePool(root) as pool:
        yield pool


@pytest.fixture
def starved():
    """Lets others take the one processor that this process and what it starts may use."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
    yield
    for other in others:
        other.kill()
        other.wait()
    os.sched_setaffinity(0, allowed)
