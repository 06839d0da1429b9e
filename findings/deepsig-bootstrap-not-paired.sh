#!/usr/bin/env bash
# deepsig 1.2.8: its paired bootstrap test is not paired: p = 0.2 where one model is better on each of 40 cases.
#
# `bootstrap_test` is called a paired bootstrap test in its documentation, after Efron and Tibshirani, and refuses scores of
# unequal numbers. Cases that are hard for both models do not count in such a test, as whole cases are drawn again. It draws
# the scores of the one and of the other by themselves, so the spread of the cases is in the result, as with two sets of
# cases that have nothing in common. A difference that the package's own permutation test, which is paired, finds in
# each of 100 repetitions is found in none; so a better model "shows no significant difference". One would expect the
# two to agree, and p not to change with the order of one model's scores, which a paired test cannot ignore: here p is
# the same if the cases of one are mixed up. Nothing is told. Draw the differences, or take `permutation_test`.
#
# Needs Python 3.11 or later and about 400 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check deepsig==1.2.8 numpy==2.4.6 scipy==1.17.1 pandas==3.0.1
cat > ask.py <<'PY'
import numpy as np
from deepsig import bootstrap_test, permutation_test
from scipy import stats

random = np.random.default_rng(1)


def draw():
    hard = random.uniform(0, 0.9, 40)  # what a case is worth to either model
    return hard + 0.05 + random.uniform(-0.02, 0.02, 40), hard


new, old = draw()
print(f"better by {new.mean() - old.mean():.3f}, on {np.sum(new > old)} of {len(new)} cases")
mixed = random.permutation(old)
for title, other in {"as they are": old, "the old model's cases mixed up": mixed}.items():
    print(title)
    print(f"  bootstrap_test p = {bootstrap_test(new, other, seed=1):.1f}")
    print(f"  permutation_test p = {permutation_test(new, other, seed=1):.1g}")
    differences = random.choice(new - other, (1000, 40)).mean(axis=1)
    print(f"  of 1,000 draws of cases, not better in {np.mean(differences <= 0):.1f}")
    print(f"  scipy, t-test of pairs: p = {stats.ttest_rel(new, other, alternative='greater').pvalue:.0e}")
found = np.zeros(2, int)
for seed in range(100):
    pair = draw()
    found += [test(*pair, num_samples=200, seed=1000 * seed) < 0.05 for test in (bootstrap_test, permutation_test)]
print(f"of 100 repetitions, bootstrap_test finds the difference in {found[0]}, permutation_test in {found[1]}")
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
better by 0.053, on 40 of 40 cases
as they are
  bootstrap_test p = 0.2
  permutation_test p = 0.001
  of 1,000 draws of cases, not better in 0.0
  scipy, t-test of pairs: p = 3e-28
the old model's cases mixed up
  bootstrap_test p = 0.2
  permutation_test p = 0.2
  of 1,000 draws of cases, not better in 0.2
  scipy, t-test of pairs: p = 2e-01
of 100 repetitions, bootstrap_test finds the difference in 0, permutation_test in 100
EXPECTED
echo "as described"
