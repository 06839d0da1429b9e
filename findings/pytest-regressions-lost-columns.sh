#!/usr/bin/env bash
# pytest-regressions 2.11.0: `num_regression` and `dataframe_regression` pass where columns of the stored table are gone.
#
# A stored table is what a run is compared with, so one would expect a column that is missing to fail, as one does that is
# new, renamed or has other values. Only the columns that were obtained are looked up in the stored table. So the metric
# that a change stopped writing, and in the end all but one of them, are held to nothing from then on, and the test is
# green, with the file beside it still showing the numbers. `ndarrays_regression` and `data_regression` compare the names
# both ways; with a table, a check of the names besides, or `data_regression` of them, has the same effect.
#
# Needs Python 3.11 or later and about 200 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  pytest-regressions==2.11.0 pytest==9.2.0 pytest-datadir==1.9.0 numpy==2.4.6 pandas==3.0.1
cat > test_run.py <<'PY'
import os

import numpy as np
import pandas as pd

TABLE = {"solved": [0.8, 0.9], "tokens": [120.0, 130.0], "seconds": [1.0, 2.0]}
CHANGES = {
    "stored": TABLE,
    "one lost": {name: TABLE[name] for name in ("solved", "seconds")},
    "two lost": {"solved": TABLE["solved"]},
    "one new": TABLE | {"cost": [1.0, 2.0]},
    "one renamed": {"solved": TABLE["solved"], "tokens_out": TABLE["tokens"], "seconds": TABLE["seconds"]},
    "other values": TABLE | {"tokens": [120.0, 140.0]},
}
obtained = CHANGES[os.environ["OBTAINED"]]


def test_num(num_regression):
    num_regression.check({name: np.array(column) for name, column in obtained.items()})


def test_dataframe(dataframe_regression):
    dataframe_regression.check(pd.DataFrame(obtained))


def test_ndarrays(ndarrays_regression):
    ndarrays_regression.check({name: np.array(column) for name, column in obtained.items()})


def test_data(data_regression):
    data_regression.check(obtained)
PY
run() {
  OBTAINED=$1 env/bin/python -m pytest -rA -p no:cacheprovider "${@:2}" > output || true
}
run "stored" --force-regen
for obtained in "stored" "one lost" "two lost" "one new" "one renamed" "other values"; do
  run "$obtained"
  echo "$obtained:" $(sed -nE 's/^(PASSED|FAILED) test_run.py::test_([a-z]+).*/\2 \1;/p' output | sort)
done | tee found
diff found - <<'EXPECTED'
stored: data PASSED; dataframe PASSED; ndarrays PASSED; num PASSED;
one lost: data FAILED; dataframe PASSED; ndarrays FAILED; num PASSED;
two lost: data FAILED; dataframe PASSED; ndarrays FAILED; num PASSED;
one new: data FAILED; dataframe FAILED; ndarrays FAILED; num FAILED;
one renamed: data FAILED; dataframe FAILED; ndarrays FAILED; num FAILED;
other values: data FAILED; dataframe FAILED; ndarrays FAILED; num FAILED;
EXPECTED
echo "as described"
