#!/usr/bin/env bash
# polars 2.1.0: a column whose first 100 rows are whole numbers loses the fractions of all later ones, `strict` or not.
#
# `pl.DataFrame` takes types from the first `infer_schema_length=100` rows, and `strict=True`, the default, is documented to
# raise where a value does not fit. It does for columns; of rows (dicts, tuples, a database's cursor) a float is cut to
# the integer before it, and to False under bool. So costs that are 0 for the first 100 calls and 0.25 for the rest have
# the sum 0, scores of 0.5 after a hundred 0s and 1s are 0, and differences from -0.9 to 0.9 all become 0. SQLite gives
# whole numbers as int where a column is NUMERIC, so `read_database` does it as well. A text there is an error, as one
# would expect. Give the type (`schema_overrides`), or `infer_schema_length=None`.
#
# Needs Python 3.11 or later and about 150 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check polars==2.1.0
cat > ask.py <<'PY'
import sqlite3

import polars as pl

COSTS = [0] * 100 + [0.25] * 20  # of calls, the first hundred answered from a cache


def show(title, make):
    try:
        print(f"{title}: {make()['cost'].sum()}")
    except Exception as error:
        print(f"{title}: {type(error).__name__}")


rows = [{"cost": cost} for cost in COSTS]
database = sqlite3.connect(":memory:")
database.execute("create table calls (cost numeric)")
database.executemany("insert into calls values (?)", [(float(cost),) for cost in COSTS])
show("true sum", lambda: {"cost": pl.Series(map(float, COSTS))})
show("dicts", lambda: pl.DataFrame(rows))
show("dicts, strict", lambda: pl.from_dicts(rows, strict=True))
show("tuples", lambda: pl.DataFrame([(cost,) for cost in COSTS], schema=["cost"], orient="row"))
show("database", lambda: pl.read_database("select cost from calls", database))
show("the dear ones first", lambda: pl.DataFrame(rows[::-1]))
show("a column", lambda: pl.DataFrame({"cost": COSTS}))
show("a text at the end", lambda: pl.DataFrame([*rows, {"cost": "none"}]))
show("dicts, type given", lambda: pl.DataFrame(rows, schema_overrides={"cost": pl.Float64}))
show("dicts, all rows looked at", lambda: pl.DataFrame(rows, infer_schema_length=None))
PY
env/bin/python ask.py | tee found
diff found - <<'EXPECTED'
true sum: 5.0
dicts: 0
dicts, strict: 0
tuples: 0
database: 0
the dear ones first: 5.0
a column: TypeError
a text at the end: ComputeError
dicts, type given: 5.0
dicts, all rows looked at: 5.0
EXPECTED
echo "as described"
