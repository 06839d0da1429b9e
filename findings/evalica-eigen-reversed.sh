#!/usr/bin/env bash
# evalica 0.4.2: `eigen` ranks models from worst to best, and `bradley_terry` gives all one score if a model never lost.
#
# Its methods take comparisons with their winners and return scores, highest first, so one would expect the model that wins
# 17 of 20 to be first by each. The eigenvector is that of the matrix of wins in the wrong direction: a model's score is
# made of those that beat it. So the one that loses most is first, and one that never lost has 0. With such a model there is
# no greatest likelihood, an ordinary case in a table of a few models: `bradley_terry` and `newman` end without a word at
# 0.000001 for all of them, and the rates of winning that follow are 0.5 each, where the model won ten of ten. Both of its
# solvers do so. `eigen` ranks as meant where the sides of each comparison are exchanged; a draw of each pair keeps the
# other two in bounds.
#
# Needs Python 3.11 or later and about 200 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check evalica==0.4.2 numpy==2.4.6 pandas==3.0.1
cat > ask.py <<'PY'
import evalica
import numpy as np

TABLES = {
    "A wins 17 of 20": {("A", "B"): (8, 2), ("A", "C"): (9, 1), ("B", "C"): (6, 4)},
    "A wins 20 of 20": {("A", "B"): (10, 0), ("A", "C"): (10, 0), ("B", "C"): (6, 4)},
}


def rounded(scores):
    return {name: float(f"{score:.3g}") for name, score in scores.items()}


for title, table in TABLES.items():
    first, second, winners = [], [], []
    wins = np.zeros((3, 3))
    for (x, y), (won, lost) in table.items():
        first += [x] * (won + lost)
        second += [y] * (won + lost)
        winners += [evalica.Winner.X] * won + [evalica.Winner.Y] * lost
        wins["ABC".index(x), "ABC".index(y)] += won
        wins["ABC".index(y), "ABC".index(x)] += lost
    print(title)
    for method in (evalica.average_win_rate, evalica.bradley_terry, evalica.newman, evalica.eigen):
        print(" ", method.__name__, rounded(method(first, second, winners).scores))
    exchanged = evalica.eigen(second, first, winners)
    print("  eigen, sides exchanged", rounded(exchanged.scores))
    scores = np.ones(3)
    for _ in range(200):
        scores = wins @ scores  # of those that it beat
        scores /= np.linalg.norm(scores)
    print("  by hand", rounded(dict(zip("ABC", scores))))
    rates = evalica.pairwise_scores(evalica.bradley_terry(first, second, winners).scores.to_numpy())
    print("  A against B and C by bradley_terry", rates[0, 1:].round(3).tolist())
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
test ! -s errors
diff found - <<'EXPECTED'
A wins 17 of 20
  average_win_rate {'A': 0.85, 'B': 0.4, 'C': 0.25}
  bradley_terry {'A': 3.22, 'B': 0.711, 'C': 0.437}
  newman {'A': 3.22, 'B': 0.71, 'C': 0.436}
  eigen {'C': 0.744, 'B': 0.62, 'A': 0.248}
  eigen, sides exchanged {'A': 0.827, 'B': 0.455, 'C': 0.331}
  by hand {'A': 0.827, 'B': 0.455, 'C': 0.331}
  A against B and C by bradley_terry [0.819, 0.881]
A wins 20 of 20
  average_win_rate {'A': 1.0, 'B': 0.3, 'C': 0.2}
  bradley_terry {'A': 1e-06, 'B': 1e-06, 'C': 1e-06}
  newman {'A': 1e-06, 'B': 1e-06, 'C': 1e-06}
  eigen {'C': 0.795, 'B': 0.606, 'A': 0.0}
  eigen, sides exchanged {'A': 0.947, 'B': 0.227, 'C': 0.227}
  by hand {'A': 0.947, 'B': 0.227, 'C': 0.227}
  A against B and C by bradley_terry [0.5, 0.5]
EXPECTED
echo "as described"
