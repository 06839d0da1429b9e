#!/usr/bin/env bash
# evalplus 0.3.1: its `sanitize` takes parts out of right solutions, so that they fail: helpers with a decorator, and more.
#
# A model's answers pass through it before they are run, in `evalplus.codegen` always, to cut prose and what is not needed.
# It keeps the imports and, of the module's own statements, the definitions that the entry point leads to. One would expect
# all that it needs to be among them. But a definition is only a class or function without a decorator, a function only
# one that has `return`, an assignment only one to a single name, and of two with one name the first counts. So `@cache`
# takes a function away, and the entry point itself where there is an import; helpers that change a list in place or
# `yield`, `A, B = 3, 4`, a table that a loop fills and an improved second version are gone. The solution then fails as
# a wrong one does. The documentation speaks of natural language and incomplete extra code that are cleaned up. The raw
# answers are kept beside: run those that `ast.parse` accepts as they are.
#
# Needs Python 3.11 or later and about 500 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check --no-deps evalplus==0.3.1
env/bin/pip install --quiet --disable-pip-version-check \
  appdirs==1.4.4 datasets==5.2.0 tempdir==0.7.1 termcolor==3.3.0 tree-sitter==0.26.1 tree-sitter-python==0.25.0 wget==3.2
cat > ask.py <<'PY'
from evalplus.sanitize import sanitize

SOLUTIONS = {
    "a decorator": """
from functools import cache

@cache
def f(n):
    return n if n < 2 else f(n - 1) + f(n - 2)
""",
    "no return": """
def add(found, n):
    found.append(n)

def f(n):
    found = []
    add(found, n)
    return found[0]
""",
    "yield": """
def numbers(n):
    yield n

def f(n):
    return next(numbers(n))
""",
    "two names": """
A, B = 3, 4

def f(n):
    return n + A - 3
""",
    "a filled table": """
TABLE = {}
for i in range(100):
    TABLE[i] = i

def f(n):
    return TABLE[n]
""",
    "a dataclass": """
from dataclasses import dataclass

@dataclass
class Pair:
    n: int

def f(n):
    return Pair(n).n
""",
    "a second version": """
def f(n):
    return -n

def f(n):
    return n
""",
    "one function": """
def f(n):
    return n
""",
}


def run(code):
    try:
        space = {}
        exec(code, space)
        return space["f"](1)
    except Exception as error:
        return repr(error)


for name, code in SOLUTIONS.items():
    print(f"{name}: f(1) is {run(code)}, sanitized {run(sanitize(code, 'f'))}")
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
a decorator: f(1) is 1, sanitized KeyError('f')
no return: f(1) is 1, sanitized NameError("name 'add' is not defined")
yield: f(1) is 1, sanitized NameError("name 'numbers' is not defined")
two names: f(1) is 1, sanitized NameError("name 'A' is not defined")
a filled table: f(1) is 1, sanitized KeyError(1)
a dataclass: f(1) is 1, sanitized NameError("name 'Pair' is not defined")
a second version: f(1) is 1, sanitized -1
one function: f(1) is 1, sanitized 1
EXPECTED
echo "as described"
