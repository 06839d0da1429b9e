"""Make the test runs of DeepEval that the tests import, with the real package.

    python -m venv VENV && VENV/bin/pip install deepeval==4.3.1
    VENV/bin/python tests/imports/harness_logs/make_deepeval.py tests/imports/harness_logs/deepeval

`deepeval test run` runs the tests of `QUESTIONS`: answers are made up, and every third is wrong.
In `traps` a metric raises for question 4 (kept by `--ignore-errors`), the test of question 5
raises before it asserts, and the author gave costs and counts.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from counting import CASES

QUESTIONS = """\
import pytest
from deepeval import assert_test
from deepeval.metrics import BaseMetric
from deepeval.test_case import LLMTestCase

TRAPS = {traps}


class Right(BaseMetric):
    threshold = 1.0
    async_mode = False

    def measure(self, case, *_, **__):
        if TRAPS and case.input == "question 4":
            raise RuntimeError("the judge is down")
        self.score = float(case.actual_output == case.expected_output)
        self.success = self.score == 1.0
        self.evaluation_cost = 0.5
        return self.score

    async def a_measure(self, case, *_, **__):
        return self.measure(case)

    def is_successful(self):
        return bool(self.success)

    @property
    def __name__(self):
        return "Right"


@pytest.mark.parametrize("n", range({cases}))
def test_sums(n):
    if TRAPS and n == 5:
        raise ConnectionError("no model")
    given = {{"token_cost": 0.25}} if TRAPS else {{}}
    case = LLMTestCase(
        input=f"question {{n}}",
        actual_output=f"answer {{n + (n % 3 == 2) + (n == {worse})}}.",
        expected_output=f"answer {{n}}.",
        metadata={{"file": f"file-{{n // 2}}"}},
        **given,
    )
    assert_test(case, [Right()], run_async=False)
"""


def main(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, cases, worse in (("base", CASES, -1), ("worse", CASES, 3), ("traps", 7, -1)):
        with tempfile.TemporaryDirectory() as made:
            test = Path(made) / "test_sums.py"
            test.write_text(QUESTIONS.format(traps=name == "traps", cases=cases, worse=worse))
            env = os.environ | {
                "DEEPEVAL_RESULTS_FOLDER": f"{made}/out",
                "DEEPEVAL_TELEMETRY_OPT_OUT": "YES",
                "HOME": made,
            }
            command = Path(sys.executable).with_name("deepeval")
            run = [str(command), "test", "run", test.name, "--ignore-errors"]
            subprocess.run(run, cwd=made, env=env)
            (file,) = Path(made).glob("out/test_run_*.json")
            document = json.loads(file.read_text().replace(made, ""))
            (folder / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
