#!/usr/bin/env bash
# mlxtend 0.25.0: `proportion_difference` gives p = 1 for 90 solved of 100 against 50, and p = 0 the other way round.
#
# The function tests whether two proportions differ, such as the accuracies of two models, and returns z and "the
# p-value". One would expect it to be small where they differ, whichever is named first. It is the value of the normal
# distribution at z: the p of one side, that the first is lower. So a candidate that is far better than its baseline
# "does not differ", equal ones have 0.5, and at a level of 0.05 only losses are found, and too many of them: 84 against 92,
# the example of its guide, is called significant there with z = -1.75. Twice the smaller of p and 1 - p is the p of both
# sides, as statsmodels shows for the same numbers.
#
# Needs Python 3.11 or later and about 500 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  mlxtend==0.25.0 statsmodels==0.15.0 scipy==1.17.1 numpy==2.4.6 pandas==3.0.1
cat > ask.py <<'PY'
from mlxtend.evaluate import proportion_difference
from statsmodels.stats.proportion import test_proportions_2indep

for first, second in ((90, 50), (50, 90), (80, 80), (84, 92), (92, 84)):
    _, p = proportion_difference(first / 100, second / 100, n_1=100, n_2=100)
    both, lower = (
        test_proportions_2indep(first, 100, second, 100, method="wald", alternative=side).pvalue
        for side in ("two-sided", "smaller")
    )
    twice = 2 * min(p, 1 - p)
    print(f"{first} and {second} of 100: {p:.4f}, twice the smaller {twice:.4f};", end=" ")
    print(f"statsmodels: {both:.4f}, smaller {lower:.4f}")
PY
env/bin/python -W ignore ask.py | tee found
diff found - <<'EXPECTED'
90 and 50 of 100: 1.0000, twice the smaller 0.0000; statsmodels: 0.0000, smaller 1.0000
50 and 90 of 100: 0.0000, twice the smaller 0.0000; statsmodels: 0.0000, smaller 0.0000
80 and 80 of 100: 0.5000, twice the smaller 1.0000; statsmodels: 1.0000, smaller 0.5000
84 and 92 of 100: 0.0397, twice the smaller 0.0794; statsmodels: 0.0794, smaller 0.0397
92 and 84 of 100: 0.9603, twice the smaller 0.0794; statsmodels: 0.0794, smaller 0.9603
EXPECTED
echo "as described"
