#!/usr/bin/env bash
# pytest 9.2.0 with pytest-rerunfailures 16.7: a run that ends with 0 has failures in its JUnit XML, where subtests are used.
#
# A test that fails, is run again and passes is a pass: for the exit status, the summary and the XML, which names no
# failure. If what failed was a subtest (the fixture `subtests`, part of pytest since 9.0), status and summary say the
# same. But the subtest's report had been sent before the plugin decided to run the test again, and the XML keeps it:
# failures="1" and a <failure> under the name of a test that passed. Who reads the XML sees red where pytest was green,
# and counts the flaky test as failed. `tests` is 5 for this one test, as each subtest counts at each attempt. Take the
# verdict of the last <testcase> of a name.
#
# Needs Python 3.11 or later and about 20 MB for a while. With xdist (-n) it is the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  pytest==9.2.0 pytest-rerunfailures==16.7 pytest-xdist==3.8.0
cat > test_flaky.py <<'PY'
import pathlib

import pytest


@pytest.fixture
def attempt(request, tmp_path_factory):
    counted = pathlib.Path(f"{request.node.name}.attempts")
    counted.write_text(counted.read_text() + "x" if counted.exists() else "x")
    return len(counted.read_text())


def test_plain(attempt):
    assert attempt == 2


def test_with_subtests(attempt, subtests):
    for part in ("one", "two"):
        with subtests.test(part=part):
            assert attempt == 2 or part == "two"
PY
cat > read.py <<'PY'
import xml.etree.ElementTree as ElementTree

suite = ElementTree.parse("junit.xml").getroot().find("testsuite")
print({name: suite.get(name) for name in ("tests", "failures", "errors")})
for case in suite.iter("testcase"):
    print(case.get("name"), "failed" if case.find("failure") is not None else "passed")
PY
for name in plain with_subtests; do
  for processes in 0 1; do
    rm -f ./*.attempts
    env/bin/python -m pytest -q -p no:cacheprovider -n "$processes" --reruns 1 --junitxml=junit.xml \
      "test_flaky.py::test_$name" > output && status=0 || status=$?
    echo "$name, -n $processes: status $status: $(tail -n 1 output | sed 's/ in .*//')"
    env/bin/python read.py
  done
done | tee found
diff found - <<'EXPECTED'
plain, -n 0: status 0: 1 passed, 1 rerun
{'tests': '1', 'failures': '0', 'errors': '0'}
test_plain passed
test_plain passed
plain, -n 1: status 0: 1 passed, 1 rerun
{'tests': '1', 'failures': '0', 'errors': '0'}
test_plain passed
test_plain passed
with_subtests, -n 0: status 0: 1 passed, 2 subtests passed, 1 rerun
{'tests': '5', 'failures': '1', 'errors': '0'}
test_with_subtests failed
test_with_subtests passed
with_subtests, -n 1: status 0: 1 passed, 2 subtests passed, 1 rerun
{'tests': '5', 'failures': '1', 'errors': '0'}
test_with_subtests failed
test_with_subtests passed
EXPECTED
echo "as described"
