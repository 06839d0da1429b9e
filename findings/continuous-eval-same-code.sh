#!/usr/bin/env bash
# continuous-eval 0.3.14.post2: `PythonASTSimilarity` gives 0 to the same code, and 1 to code that does the opposite.
#
# The metric compares generated Python with the right one by their syntax trees, from 0 to 1. What it compares are imports,
# functions, classes, branches, loops and returns; if either side has only one of them, what matches is added to a sum that
# is not used, and the result is 0. So a script with one function that returns nothing, or one import and calls, is "not at
# all similar" to itself, and one with none of them ends in a ZeroDivisionError. Names, texts and constants are no part
# of the comparison: `return True` for `return False`, `max` for `min` and `a - b` for `b - a` are 1.0. One would
# expect 1.0 for the same text, and something less for those. The documentation says that it matches nodes by the types of
# statements and their organization, and that -1.0 is for what cannot be parsed. Compare `ast.dump` of both for what is
# the same.
#
# Needs Python 3.11 or later and about 500 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check --no-deps continuous-eval==0.3.14.post2
env/bin/pip install --quiet --disable-pip-version-check \
  appdirs==1.4.4 jinja2==3.1.6 json-repair==0.31.0 munkres==1.1.4 posthog==3.25.0 pydantic==2.14.4 \
  python-dotenv==1.2.4 thefuzz==0.22.1 tqdm==4.70.1
cat > ask.py <<'PY'
from continuous_eval.metrics.code.python import PythonASTSimilarity

PAIRS = [
    ("def add(a, b):\n    return a + b\n", "def add(a, b):\n    return a + b\n"),
    ("def main():\n    print('hello')\n", "def main():\n    print('hello')\n"),
    ("import os\nprint(os.getcwd())\n", "import os\nprint(os.getcwd())\n"),
    ("print('hello')\n", "print('hello')\n"),
    ("def even(n):\n    return False\n", "def even(n):\n    return True\n"),
    ("def best(scores):\n    return min(scores)\n", "def best(scores):\n    return max(scores)\n"),
    ("def less(a, b):\n    return b - a\n", "def less(a, b):\n    return a - b\n"),
]
for answer, right in PAIRS:
    try:
        score = PythonASTSimilarity()(answer=answer, ground_truth_answers=[right])["Python_AST_Similarity"]
    except ZeroDivisionError:
        score = "ZeroDivisionError"
    print(f"{answer!r} for {'the same' if answer == right else repr(right)}: {score}")
PY
CONTINUOUS_EVAL_DO_NOT_TRACK=true env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
'def add(a, b):\n    return a + b\n' for the same: 1.0
"def main():\n    print('hello')\n" for the same: 0.0
'import os\nprint(os.getcwd())\n' for the same: 0.0
"print('hello')\n" for the same: ZeroDivisionError
'def even(n):\n    return False\n' for 'def even(n):\n    return True\n': 1.0
'def best(scores):\n    return min(scores)\n' for 'def best(scores):\n    return max(scores)\n': 1.0
'def less(a, b):\n    return b - a\n' for 'def less(a, b):\n    return a - b\n': 1.0
EXPECTED
echo "as described"
