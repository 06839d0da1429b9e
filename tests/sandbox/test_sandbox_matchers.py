"""Matchers, in both directions: each statement of `test_sandbox_matchers.ts` is one test."""

import re
from pathlib import Path

import pytest

from pytest_llmops.sandbox import NodePool, TestJob

TEXT = Path(__file__).with_name("test_sandbox_matchers.ts").read_text("utf-8")
PRELUDE, PASSING, FAILING, STRICTER = re.split(r"^// .*\n", TEXT, flags=re.MULTILINE)[1:]


def statements(text: str) -> list[str]:
    """Lines; a line that is indented or only closes something continues the one before."""
    found: list[str] = []
    for line in text.strip().splitlines():
        if line.startswith((" ", "`", "}")):
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found


HOLDS = statements(PASSING)
FAILS = statements(FAILING) + statements(STRICTER)


def program(lines: list[str]) -> str:
    """A test file of one test a statement, named by its number.

    What nobody waits for is judged in a function that is not async: at the end of another, vitest
    has told that the test passed before it looks.
    """
    how = ["async" if line.startswith("await ") else "" for line in lines]
    tests = [f'it("{at}", {how[at]} () => {{ {line}; }});' for at, line in enumerate(lines)]
    return PRELUDE + "\n".join(tests)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory) -> dict[str, bool]:
    root: Path = tmp_path_factory.mktemp("tree")
    lines = HOLDS + FAILS
    (root / "all.test.ts").write_text(program(lines))
    with NodePool(root) as pool:
        report = pool.run(TestJob(root=root, tests=("all.test.ts",), overlay={}))
    assert report.status == "finished", report.detail
    assert len(report.results) == len(lines)
    return {lines[int(result.title)]: result.passed for result in report.results}


@pytest.mark.parametrize("line", HOLDS)
def test_this_holds(verdicts, line):
    assert verdicts[line]


@pytest.mark.parametrize("line", FAILS)
def test_this_does_not_hold(verdicts, line):
    assert not verdicts[line]
