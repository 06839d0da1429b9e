"""What tests of the sandbox share."""

import pytest


@pytest.fixture(scope="module")
def root(request, tmp_path_factory):
    """A tree of one file and its tests: `HONEST` and `TESTS` of the module that asks."""
    root = tmp_path_factory.mktemp("tree")
    (root / "src").mkdir()
    (root / "tests").mkdir()
    (root / "src" / "target.ts").write_text(request.module.HONEST)
    (root / "tests" / "target.test.ts").write_text(request.module.TESTS)
    return root
