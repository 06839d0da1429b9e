#!/usr/bin/env bash
# inspect-ai 0.3.285: `match()` counts every answer as right where the right answer is an operator or a bracket.
#
# The scorer asks whether the answer ends with the right one. It takes punctuation off both ends of both texts before, so
# that "Paris." is Paris. Of a right answer such as `&&`, `->`, `[]` or `!` nothing is left, and every text ends with
# nothing: "I do not know" is solved, and so is an empty answer. Of one that has letters besides, the letters decide: C is
# right for C++, and "banana" for A+. One would expect an error, or that such texts are compared as they are; nothing is
# told, and the score shows the answer as it was given. Questions about code, a shell or grades are easily of this kind.
# `location="exact"` still takes any other operator, and `exact()`, which refuses what is empty so, takes C for C++, too;
# `match()` has no argument that leaves punctuation alone. `includes()` compares what is there.
#
# Needs Python 3.11 or later and about 200 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check inspect-ai==0.3.285 openai==3.57.0
cat > ask.py <<'PY'
import asyncio

from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Target, exact, includes, match
from inspect_ai.solver import TaskState

CASES = [("&&", "I do not know"), ("->", "."), ("[]", "{}"), ("!", ""), ("C++", "C"), ("A+", "banana"), ("Paris", "Rome.")]
SCORERS = {"match()": match(), 'match(location="exact")': match(location="exact"), "exact()": exact(), "includes()": includes()}


def verdict(scorer, right, said):
    output = ModelOutput.from_content("mockllm/model", said)
    state = TaskState(model="mockllm/model", sample_id=1, epoch=1, input="?", messages=[], output=output)
    return asyncio.run(scorer(state, Target(right))).value


for name, scorer in SCORERS.items():
    print(name, *(f"{right}: {said!r} {verdict(scorer, right, said)}" for right, said in CASES), sep="; ")
PY
env/bin/python -W ignore ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
match(); &&: 'I do not know' C; ->: '.' C; []: '{}' C; !: '' C; C++: 'C' C; A+: 'banana' C; Paris: 'Rome.' I
match(location="exact"); &&: 'I do not know' I; ->: '.' C; []: '{}' C; !: '' C; C++: 'C' C; A+: 'banana' I; Paris: 'Rome.' I
exact(); &&: 'I do not know' I; ->: '.' I; []: '{}' I; !: '' I; C++: 'C' C; A+: 'banana' I; Paris: 'Rome.' I
includes(); &&: 'I do not know' I; ->: '.' I; []: '{}' I; !: '' I; C++: 'C' I; A+: 'banana' I; Paris: 'Rome.' I
EXPECTED
echo "as described"
