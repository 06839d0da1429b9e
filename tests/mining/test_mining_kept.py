"""An interrupted mining goes on from where it was, and loses nothing."""

import signal
import subprocess
import sys
import time

import pytest

from pytest_llmops.cases import Suite, load_suites
from pytest_llmops.errors import CaseError, SandboxError
from pytest_llmops.manifests import load_cases
from pytest_llmops.mining.curate import Setup, run_mine
from pytest_llmops.mining.kept import Kept, results_of
from pytest_llmops.mining.mine import Miner
from pytest_llmops.mining.mined import Known
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.sandbox import NodePool
from pytest_llmops.tasks.sources import open_source

SETUP = Setup(isolation="process")


class Counting:
    """A judge that counts its jobs, and gives out after some."""

    def __init__(self, pool, last=10_000):
        self._pool, self._last = pool, last
        self.jobs = 0

    def run(self, job):
        if job.survey:
            return self._pool.run(job)
        if self.jobs == self._last:
            raise SandboxError("out of paper")
        self.jobs += 1
        return self._pool.run(job)


FILES = {
    "half.ts": "export function half(n: number): number {\n  return n / 2\n}\n",
    "half.test.ts": """import { expect, it } from "vitest"
import { half } from "./half"
it("halves", () => expect(half(4)).toBe(2))
""",
    "twice.ts": "export function twice(n: number): number {\n  return n * 2\n}\n",
    "twice.test.ts": """import { expect, it } from "vitest"
import { twice } from "./twice"
it("doubles", () => expect(twice(2)).toBe(4))
""",
}
OF_A_FILE, OF_A_FUNCTION = 3, 4
"""Jobs: the runs of a test file; all bodies of a function, and three looks."""
WHOLE = 2 * (OF_A_FILE + OF_A_FUNCTION)
TOGETHER = """
export function third(n: number): number {
  return n / 3
}
"""


@pytest.fixture
def suite(tmp_path):
    (tmp_path / "tree").mkdir()
    for name, text in FILES.items():
        (tmp_path / "tree" / name).write_text(text)
    return Suite(name="kept", manifests=("kept.jsonl",), folder="tree", root=tmp_path)


def mine(suite, path, last=10_000):
    tree = open_source(suite)
    with NodePool(tree.root, isolation="process") as pool, Crew(1) as crew:
        judge = Counting(pool, last)
        kept = Kept(path)
        try:
            return Miner(suite, tree, judge, crew, Known(kept)).mine().cases, judge.jobs, kept.found
        except SandboxError:
            return [], judge.jobs, kept.found


def test_no_job_that_gave_a_result_is_run_again(suite, tmp_path):
    path = tmp_path / "kept.jsonl"
    assert mine(suite, path, last=2 * OF_A_FILE + OF_A_FUNCTION + 2)[0] == []
    cases, jobs, found = mine(suite, path)
    assert [case.id for case in cases] == ["kept:half#half", "kept:twice#twice"]
    assert (jobs, found) == (OF_A_FUNCTION, 3)  # the one that was in hand
    assert mine(suite, path) == (cases, 0, 4)
    assert mine(suite, tmp_path / "other.jsonl") == (cases, WHOLE, 0)


def test_what_follows_from_a_file_that_changed_is_judged_anew(suite, tmp_path):
    path = tmp_path / "kept.jsonl"
    mine(suite, path)
    (suite.root / "tree" / "twice.ts").write_text(FILES["twice.ts"].replace("n * 2", "n + n"))
    assert mine(suite, path)[1:] == (OF_A_FILE + OF_A_FUNCTION, 2)
    (suite.root / "tree" / "tsconfig.json").write_text("{}")
    assert mine(suite, path)[1:] == (WHOLE, 0)


def test_a_line_that_was_torn_is_passed_over_and_the_next_is_whole(suite, tmp_path):
    path = tmp_path / "kept.jsonl"
    whole, _, _ = mine(suite, path)
    path.write_bytes(path.read_bytes()[:-20])
    assert mine(suite, path) == (whole, OF_A_FUNCTION, 3)
    assert mine(suite, path) == (whole, 0, 4)


def test_of_functions_that_are_judged_together_only_those_without_a_result_are(suite, tmp_path):
    path, tree = tmp_path / "kept.jsonl", suite.root / "tree"
    (tree / "half.ts").write_text(FILES["half.ts"] + TOGETHER)
    test = FILES["half.test.ts"].replace("{ half }", "{ half, third }")
    (tree / "half.test.ts").write_text(test + 'it("thirds", () => expect(third(9)).toBe(3))\n')
    whole, jobs, _ = mine(suite, path)
    assert (len(whole), jobs) == (3, WHOLE)  # as if there were one
    path.write_bytes(path.read_bytes()[:-20])
    assert mine(suite, path) == (whole, OF_A_FUNCTION, 4)


def test_a_mining_that_ends_says_what_it_took_over_and_drops_it(suite, capsys):
    path = results_of(suite, open_source(suite))
    mine(suite, path, last=2 * OF_A_FILE)
    assert run_mine(suite, SETUP) == 0
    assert "2 results of an interrupted mining (--fresh" in capsys.readouterr().out
    assert len(load_cases(suite)) == 2
    assert not path.exists()
    mine(suite, path, last=OF_A_FILE)
    assert run_mine(suite, Setup(isolation="process", fresh=True)) == 0
    assert "interrupted" not in capsys.readouterr().out


SLOW = """import { expect, it } from "vitest"
import { half } from "./half"
it("halves late", async () => {
  await new Promise((done) => setTimeout(done, 500))
  expect(half(4)).toBe(2)
})
"""


def test_an_interrupted_command_says_that_the_next_one_goes_on_and_writes_nothing(suite, tmp_path):
    (tmp_path / "tree" / "half.test.ts").write_text(SLOW)
    (tmp_path / "suites.toml").write_text('[kept]\nfolder = "tree"\nmanifests = ["k.jsonl"]\n')
    (suite,) = load_suites(tmp_path / "suites.toml").values()
    path = results_of(suite, open_source(suite))
    command = [sys.executable, "-c", "from pytest_llmops.cli.main import main; exit(main())"]
    command += ["mine", "functions", "--suite=kept", "--sandbox=process"]
    command += ["--suites", str(tmp_path / "suites.toml"), "--report", str(tmp_path / "r.json")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            while not path.exists() and process.poll() is None:
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate()
        finally:
            path.unlink(missing_ok=True)
    assert said == "results kept: 1; the next mining goes on from there\n"
    assert process.returncode == 130
    assert sorted(one.name for one in tmp_path.iterdir()) == ["suites.toml", "tree"]


def test_a_folder_that_cannot_be_had_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CaseError, match=r"kept\.jsonl: cannot be kept there: File exists"):
        Kept(tmp_path / "file" / "kept.jsonl")
