#!/usr/bin/env bash
# baycomp 1.0.3: where two models tie on most cases, `SignTest` is far surer than the others' counts allow, or answers nan.
#
# The Bayesian sign test of two models, `SignTest.probs(x, y)`, returns the probabilities that the first and the second are
# better, without a region of equivalence. The README calls it the probability that the first has higher scores than the
# second, so one would expect 30 cases against 25 to be 0.75 for the first, whatever else ties. Of the samples of the
# posterior only those are counted in which one of the models has more than the ties have: with 45 ties the first gets
# 0.87, with 60 ties 0.94, by a handful of samples, and with 84 ties and 12 cases against 4 none is left: nan for both, with
# NumPy's warning of a division. Scores of solved or not tie mostly, so at a level of 0.95 the number of easy cases
# decides. The `sample` itself, where the first and the last column are compared, and `SignedRankTest`, which gives a
# half of each tie to both, have what is meant.
#
# Needs Python 3.11 or later and about 200 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check baycomp==1.0.3 numpy==2.4.6 scipy==1.17.1
cat > ask.py <<'PY'
import numpy as np
from baycomp import SignedRankTest, SignTest
from scipy import stats


def rounded(probabilities):
    return [round(float(probability), 2) for probability in probabilities]


for first, ties, second in [(30, 0, 25), (30, 45, 25), (30, 60, 25), (12, 84, 4)]:
    x = np.repeat([1.0, 1.0, 0.0], [first, ties, second])
    y = np.repeat([0.0, 1.0, 1.0], [first, ties, second])
    print(f"{first} cases for the first, {second} for the second, {ties} ties")
    beta = stats.beta(first, second).sf(0.5)
    print("  by hand         ", rounded((beta, 1 - beta)))
    print("  SignedRankTest  ", rounded(SignedRankTest.probs(x, y, random_state=1, nsamples=5000)))
    with np.errstate(invalid="ignore"):
        print("  SignTest        ", rounded(SignTest.probs(x, y, random_state=1)))
    for_first, _, for_second = SignTest(x, y, random_state=1).sample.T
    print("  from its samples", rounded([np.mean(for_first > for_second), np.mean(for_first < for_second)]))
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
30 cases for the first, 25 for the second, 0 ties
  by hand          [0.75, 0.25]
  SignedRankTest   [0.76, 0.24]
  SignTest         [0.75, 0.25]
  from its samples [0.75, 0.25]
30 cases for the first, 25 for the second, 45 ties
  by hand          [0.75, 0.25]
  SignedRankTest   [0.75, 0.25]
  SignTest         [0.87, 0.13]
  from its samples [0.76, 0.24]
30 cases for the first, 25 for the second, 60 ties
  by hand          [0.75, 0.25]
  SignedRankTest   [0.75, 0.25]
  SignTest         [0.94, 0.06]
  from its samples [0.75, 0.25]
12 cases for the first, 4 for the second, 84 ties
  by hand          [0.98, 0.02]
  SignedRankTest   [0.98, 0.02]
  SignTest         [nan, nan]
  from its samples [0.98, 0.02]
EXPECTED
echo "as described"
