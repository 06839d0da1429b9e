#!/usr/bin/env bash
# autoevals 0.4.1: `ExactMatch` gives 0 to the same object with its keys in another order, its own example among them.
#
# The scorer's documentation promises that objects are compared as JSON, with an example of {"name", "age"} against a text
# with "age" first: "Different order but same content", score 1.0. Each side is written as JSON, as it came, and the texts
# are compared. So the arguments of a call, or what a model was asked to fill in, are wrong whenever the model writes its
# keys in another order than the right answer has them, which differs from model to model. 1.0 for 1 is wrong as well,
# while `True` and the text "True" are the same. Nothing is told. `JSONDiff` goes through keys by name; a 1.0 of it is no
# proof, however: a key that is missing is the same as null there. And `NumericDiff` gives 0.976, not the 0.95 of its
# example. Compare parsed values with `==`.
#
# Needs Python 3.11 or later and about 100 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check autoevals==0.4.1
cat > ask.py <<'PY'
from autoevals import ExactMatch, JSONDiff, NumericDiff

PAIRS = [
    ({"name": "John", "age": 30}, '{"age": 30, "name": "John"}'),  # the example of its documentation
    ({"name": "John", "age": 30}, {"age": 30, "name": "John"}),
    ({"name": "John", "age": 30}, {"name": "John", "age": 30}),
    ({"limit": 1.0}, {"limit": 1}),
    ([True], ["True"]),
    (True, "True"),
    ({}, {"limit": None}),
    ({"limit": True}, {"limit": 1}),
]
for output, expected in PAIRS:
    scores = [scorer.eval(output=output, expected=expected).score for scorer in (ExactMatch(), JSONDiff())]
    same = "a text" if isinstance(expected, str) else output == expected
    print(f"{output!r} for {expected!r}: ExactMatch {scores[0]}, JSONDiff {scores[1]}, == {same}")
print(f"105 for 100: NumericDiff {NumericDiff().eval(output=105, expected=100).score:.3f}")
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
{'name': 'John', 'age': 30} for '{"age": 30, "name": "John"}': ExactMatch 0, JSONDiff 1.0, == a text
{'name': 'John', 'age': 30} for {'age': 30, 'name': 'John'}: ExactMatch 0, JSONDiff 1.0, == True
{'name': 'John', 'age': 30} for {'name': 'John', 'age': 30}: ExactMatch 1, JSONDiff 1.0, == True
{'limit': 1.0} for {'limit': 1}: ExactMatch 0, JSONDiff 1.0, == True
[True] for ['True']: ExactMatch 0, JSONDiff 0.5, == False
True for 'True': ExactMatch 1, JSONDiff 0.5, == a text
{} for {'limit': None}: ExactMatch 0, JSONDiff 1.0, == False
{'limit': True} for {'limit': 1}: ExactMatch 0, JSONDiff 1.0, == True
105 for 100: NumericDiff 0.976
EXPECTED
echo "as described"
