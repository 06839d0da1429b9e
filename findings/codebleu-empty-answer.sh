#!/usr/bin/env bash
# codebleu 0.7.0: no answer at all gets 0.25 of 1, more than some attempts; and scores change from start to start.
#
# The score is a mean of four parts, the last of which is the share of the reference's flow of data that the answer has too.
# A share of 0 is counted as 1, as if the reference had no such flow: an empty answer, a refusal in prose or a bare `pass`
# get a quarter, and an attempt that has an eighth of the flow an eighth of that. One would expect a part to be worth
# more the larger it is; the parts that are returned beside the score are right. And where a value comes from two
# variables, the order of their names in a set decides, which Python draws when it starts: the same two texts have 0.49,
# 0.51 or 0.53. The README mentions neither; both have been asked about in the project's issues, and stayed so. Take the
# mean of the parts by oneself, and set PYTHONHASHSEED.
#
# Needs Python 3.11 or later and about 30 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check codebleu==0.7.0 tree-sitter-python==0.21.0
cat > ask.py <<'PY'
import sys

from codebleu import calc_codebleu

REFERENCE = """def total(prices, rate):
    result = 0
    for price in prices:
        if price > rate:
            result = result + price * rate
        else:
            result = result - price
    return result
"""
renamed = REFERENCE.replace("price", "x").replace("rate", "r").replace("result", "sum")
ANSWERS = {
    "the reference": REFERENCE,
    "an attempt": "def total(prices, rate):\n    result = 0\n    return result\n",
    "pass": "def total(prices, rate):\n    pass\n",
    "a refusal": "I cannot help with that.",
    "nothing": "",
}
if sys.argv[1:] == ["renamed"]:
    print(round(calc_codebleu([REFERENCE], [renamed], "python")["codebleu"], 3))
    sys.exit()
for name, answer in ANSWERS.items():
    total, *parts = calc_codebleu([REFERENCE], [answer], "python").values()
    print(f"{name}: {total:.3f} of {[round(part, 3) for part in parts]}, whose mean is {sum(parts) / 4:.3f}")
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
for seed in $(seq 20); do
  PYTHONHASHSEED=$seed env/bin/python ask.py renamed
done | sort -u | sed 's/^/other names, 20 starts: /' | tee -a found
diff found - <<'EXPECTED'
the reference: 1.000 of [1.0, 1.0, 1.0, 1.0], whose mean is 1.000
an attempt: 0.139 of [0.055, 0.186, 0.19, 0.125], whose mean is 0.139
pass: 0.271 of [0.001, 0.035, 0.048, 0.0], whose mean is 0.021
a refusal: 0.250 of [0, 0, 0.0, 0.0], whose mean is 0.000
nothing: 0.250 of [0, 0, 0.0, 0.0], whose mean is 0.000
other names, 20 starts: 0.493
other names, 20 starts: 0.509
other names, 20 starts: 0.525
EXPECTED
echo "as described"
