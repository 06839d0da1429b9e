#!/usr/bin/env bash
# lizard 1.24.3: Python functions of one line are lost, and what follows the last of them is counted as part of it.
#
# lizard lists the functions of a file with their lines and cyclomatic complexity, so one would expect each `def`. It ends
# a function where the indentation ends, and a body on the line of its `def` has none, so the end goes unnoticed. If
# another `def` follows, the first is lost: methods of a protocol (`def name(self) -> str: ...`), signatures for
# `@overload`, the short functions that models like to write. Other code that follows belongs to the function: one line of
# complexity 2 becomes seven lines of complexity 5, with the branches of the program itself. So the number of functions
# and the averages are wrong, and a limit (`-C`) fails for the wrong function. There is no message. The same functions on two
# lines are right.
#
# Needs Python 3.11 or later and about 20 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check lizard==1.24.3
cat > short.py <<'PY'
from typing import Protocol


class Judge(Protocol):
    def score(self, text: str) -> float: ...
    def name(self) -> str: ...


def mean(rows): return sum(rows) / len(rows)
def spread(rows): return max(rows) - min(rows) if rows else 0


for text in ["1 2 3", "4"]:
    rows = [float(one) for one in text.split()]
    if rows:
        print(mean(rows), spread(rows))


def last(rows):
    return rows[-1]
PY
cat > count.py <<'PY'
import ast
import pathlib

import lizard

text = pathlib.Path("short.py").read_text()
pathlib.Path("long.py").write_text(ast.unparse(ast.parse(text)))
for name in "short.py", "long.py":
    nodes = ast.walk(ast.parse(pathlib.Path(name).read_text()))
    print(name, "has", [node.name for node in nodes if isinstance(node, ast.FunctionDef)])
    found = lizard.analyze_file(name)
    for one in found.function_list:
        lines = f"lines {one.start_line} to {one.end_line}"
        print(f"  {one.name}: {lines}, complexity {one.cyclomatic_complexity}")
    print(f"  average complexity {found.average_cyclomatic_complexity:.2f}")
PY
{
  env/bin/python count.py
  env/bin/lizard -C 4 -w short.py || echo "limit of 4: exit status $?"
} | tee found
diff found - <<'EXPECTED'
short.py has ['mean', 'spread', 'last', 'score', 'name']
  spread: lines 10 to 16, complexity 5
  last: lines 19 to 20, complexity 1
  average complexity 3.00
long.py has ['mean', 'spread', 'last', 'score', 'name']
  score: lines 5 to 6, complexity 1
  name: lines 8 to 9, complexity 1
  mean: lines 11 to 12, complexity 1
  spread: lines 14 to 15, complexity 2
  last: lines 21 to 22, complexity 1
  average complexity 1.20
short.py:10: warning: spread has 5 NLOC, 5 CCN, 59 token, 1 PARAM, 7 length, 0 ND
limit of 4: exit status 1
EXPECTED
echo "as described"
