#!/usr/bin/env bash
# pingouin 0.7.0: the power that `ttest(..., paired=True)` reports is not that of the paired test: 0.3 where it is 1.
#
# A paired test compares two models case by case, so cases that are hard for both do not count against it. The row that
# pingouin returns has p, the effect (`cohen_d`) and the power, and one would expect the power to be that of the test in the
# row. The effect is the difference by the spread of the cases, as its documentation says. The power of a paired test
# follows from the difference by the spread of the differences, but is computed from the former. So a difference that this
# test finds in every one of 2,000 repetitions has a power of 0.3, beside p < 0.0001; and `power_ttest` with the effect of
# the row asks for 67 cases where 6 are enough, or for 49 where models hardly agree and 84 are needed. Nothing is
# told. `ttest` of the differences against 0, the same test, has the right power and the effect to plan with.
#
# Needs Python 3.11 or later and about 500 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  pingouin==0.7.0 scipy==1.17.1 numpy==2.4.6 pandas==3.1.1 statsmodels==0.15.0
cat > ask.py <<'PY'
import math

import numpy as np
import pingouin
from scipy import stats
from statsmodels.stats.power import TTestPower

TIMES, CASES = 2000, 20
for name, of_cases, of_differences in (("cases differ much", 1.0, 0.2), ("models hardly agree", 0.3, 1.2)):
    draws = np.random.default_rng(0)
    first = draws.normal(0, of_cases, (TIMES, CASES))
    second = first + draws.normal(0.3, of_differences, (TIMES, CASES))
    found = (stats.ttest_rel(first, second, axis=1).pvalue < 0.05).mean()
    paired = pingouin.ttest(first[0], second[0], paired=True).iloc[0]
    single = pingouin.ttest(first[0] - second[0], 0).iloc[0]
    other = TTestPower().power(single.cohen_d, CASES, 0.05)
    print(f"{name}: found in {found:.2f} of the repetitions")
    print(f"  the first of them: p {paired.p_val:.4f} paired, {single.p_val:.4f} of the differences")
    print(f"  power {paired.power:.2f} paired, {single.power:.2f} of the differences, {other:.2f} by statsmodels")
    needed = [pingouin.power_ttest(d=row.cohen_d, power=0.8, contrast="paired") for row in (paired, single)]
    print("  cases for a power of 0.8:", *(math.ceil(number) for number in needed))
PY
env/bin/python -W ignore ask.py | tee found
diff found - <<'EXPECTED'
cases differ much: found in 1.00 of the repetitions
  the first of them: p 0.0000 paired, 0.0000 of the differences
  power 0.32 paired, 1.00 of the differences, 1.00 by statsmodels
  cases for a power of 0.8: 67 6
models hardly agree: found in 0.18 of the repetitions
  the first of them: p 0.1820 paired, 0.1820 of the differences
  power 0.42 paired, 0.26 of the differences, 0.26 by statsmodels
  cases for a power of 0.8: 49 84
EXPECTED
echo "as described"
