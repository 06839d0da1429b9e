#!/usr/bin/env bash
# mlflow 3.17.2: two processes that use the same new SQLite file at once can leave a store that no one can open.
#
# One would expect the second to wait, or to fail and be able to try again. Both see an empty file, both begin to
# migrate it, and one of them meets a column or a temporary table that the other has just made ("duplicate column
# name: step", "table _alembic_tmp_latest_metrics already exists"). What was made stays, the version that says so is
# not written, and every later opening fails in the same step, also by one process alone. The remedy is a lock
# around the first opening, or to open the file once before.
#
# Needs Python 3.11 or later and about 700 MB for a while. It is a race (broken in the 7th and the 8th try on a busy
# machine), so it tries forty times at most; fails where no try left a broken store.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check mlflow==3.17.2
cat > use.py <<'PY'
import pathlib
import sys
import time
import mlflow
while not pathlib.Path(sys.argv[2]).exists():  # both begin together, whatever their imports took
    time.sleep(0.001)
mlflow.set_tracking_uri(f"sqlite:///{sys.argv[1]}")
mlflow.set_experiment("one")
PY
env/bin/mlflow --version
broken=0
for try in $(seq 40); do
  env/bin/python use.py "store$try.db" "go$try" > first.log 2>&1 & first=$!
  env/bin/python use.py "store$try.db" "go$try" > second.log 2>&1 & second=$!
  sleep 15
  touch "go$try"
  wait $first || true
  wait $second || true
  if ! env/bin/python use.py "store$try.db" "go$try" > alone.log 2>&1; then
    broken=$((broken + 1))
    echo "try $try: broken for one process alone, too: $(grep -oE 'duplicate column name: \w+|table \w+ already exists|UNIQUE constraint failed[^)]*' alone.log | head -1)"
    break
  fi
  echo "try $try: both went well, or one failed and the store is whole"
done
[ "$broken" -gt 0 ]
