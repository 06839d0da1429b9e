#!/usr/bin/env bash
# mutmut 3.8.1: mutants of what a cached function calls all survive, though the tests would kill them.
#
# mutmut says which changes of the code the tests notice, so one would expect a test that asserts a result to kill the
# mutants of the function that computes it. With its default, `process_isolation = "fork"`, all tests run in one process
# first, which is then copied for every mutant with all that the tests left in its memory. The results that a
# `functools.cache` holds, or a table that is filled at its first use, are right by then, and the mutant is never called.
# So the rate of killed mutants says too little about the tests, the more so the more is cached. Its documentation names
# what does not survive a copy, such as sockets and threads, and advises to begin with "fork". There is no message, unless
# nothing else is called: then mutmut stops, as it cannot force a failure. "forkserver" is right.
#
# Needs Linux, Python 3.11 or later and about 100 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check mutmut==3.8.1 pytest==9.2.0
mkdir src tests
cat > src/price.py <<'PY'
from functools import cache


def reduced(amount):
    return amount * 9 // 10


@cache
def price(amount):
    return reduced(amount)


def label(amount):
    return str(amount) + " EUR"
PY
cat > tests/test_price.py <<'PY'
from price import label, price


def test_price():
    assert price(100) == 90
    assert price(55) == 49


def test_label():
    assert label(3) == "3 EUR"
PY
export PATH="$folder/env/bin:$PATH" PYTHONPATH="$folder/src"
for isolation in fork forkserver; do
  rm -rf mutants
  printf '[mutmut]\nsource_paths=src/\nprocess_isolation=%s\n' "$isolation" > setup.cfg
  mutmut run --max-children 2 > told 2>&1 || cat told
  echo "$isolation"
  mutmut results --all true 2>&1 | grep mutmut_
done | tee found
diff found - <<'EXPECTED'
fork
    price.x_reduced__mutmut_1: survived
    price.x_reduced__mutmut_2: survived
    price.x_reduced__mutmut_3: survived
    price.x_reduced__mutmut_4: survived
    price.x_label__mutmut_1: killed
    price.x_label__mutmut_2: killed
    price.x_label__mutmut_3: killed
    price.x_label__mutmut_4: killed
forkserver
    price.x_reduced__mutmut_1: killed
    price.x_reduced__mutmut_2: killed
    price.x_reduced__mutmut_3: killed
    price.x_reduced__mutmut_4: killed
    price.x_label__mutmut_1: killed
    price.x_label__mutmut_2: killed
    price.x_label__mutmut_3: killed
    price.x_label__mutmut_4: killed
EXPECTED
echo "as described"
