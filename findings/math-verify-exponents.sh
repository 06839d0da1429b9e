#!/usr/bin/env bash
# math-verify 0.9.0: 2e-9 is counted as right where the answer is 2e-5 (or 2), and \boxed{2e-5} as wrong.
#
# The library decides whether an answer equals the right one by its value, so one would expect 2e-5 to be 0.00002. In
# plain text the number ends before the `e`: right answer and answer are both 2, and any power of ten will do. In LaTeX
# the `e` is Euler's number: 2e-5 is 2e - 5, or 0.4366, so a boxed answer fails against a right one in plain text or
# with decimals. Programs print small and large numbers this way, so columns of right answers have it, and models that
# used a tool. Nothing is told. `2 \times 10^{-5}` and 0.00002 are read as they are.
#
# Needs Python 3.11 or later and about 100 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  math-verify==0.9.0 latex2sympy2_extended==1.11.0 sympy==1.14.0
cat > ask.py <<'PY'
from math_verify import parse, verify

PAIRS = [
    ("2e-5", "The answer is 2e-9."),
    ("2", "The answer is 2e-5."),
    ("0.00002", "The answer is 2e-5."),
    ("2e-5", "The answer is \\boxed{2e-5}."),
    ("$0.00002$", "The answer is \\boxed{2e-5}."),
    ("2e-5", "The answer is 0.00002."),
    ("$0.00002$", "The answer is 0.00002."),
    ("$0.00002$", "The answer is \\boxed{2 \\times 10^{-5}}."),
]
for right, said in PAIRS:
    first, second = parse(right), parse(said)
    print(f"right {right}: {said} {verify(first, second)}; read as {first[0]} and {second[0]}")
PY
env/bin/python -W ignore ask.py 2> errors | tee found || { cat errors; exit 1; }
test ! -s errors
diff found - <<'EXPECTED'
right 2e-5: The answer is 2e-9. True; read as 2 and 2
right 2: The answer is 2e-5. True; read as 2 and 2
right 0.00002: The answer is 2e-5. False; read as 0.0000200000000000000 and 2
right 2e-5: The answer is \boxed{2e-5}. False; read as 2 and -5 + 2*E
right $0.00002$: The answer is \boxed{2e-5}. False; read as 0.0000200000000000000 and -5 + 2*E
right 2e-5: The answer is 0.00002. False; read as 2 and 0.0000200000000000000
right $0.00002$: The answer is 0.00002. True; read as 0.0000200000000000000 and 0.0000200000000000000
right $0.00002$: The answer is \boxed{2 \times 10^{-5}}. True; read as 0.0000200000000000000 and 2/10**5
EXPECTED
echo "as described"
