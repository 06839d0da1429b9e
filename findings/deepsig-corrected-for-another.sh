#!/usr/bin/env bash
# deepsig 1.2.8: `bonferroni_correction` gives the corrected p-values to other hypotheses than they are of.
#
# It takes the p-values of several comparisons, such as one model against others or on several sets of cases, and returns
# them corrected; one would expect each in the place of its own, and a comment in it says that they are put back so. They
# are sorted, corrected, and put back by the order that sorted them instead of its inverse: right for two, and not in
# general. So of three comparisons with p = 0.2, 0.001 and 0.04, the last is returned as 0.003, and the second, the one with
# evidence, as 0.2. Nothing is told, and the numbers as a set are right. Of the orders of five p-values, 26 in 120 come
# out as they should. (The correction is Holm's but for its last step, rather than Bonferroni's.) Sort the p-values first,
# or use `multipletests` of statsmodels.
#
# Needs Python 3.11 or later and about 600 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check deepsig==1.2.8 statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1
cat > ask.py <<'PY'
import itertools

import numpy as np
from deepsig import bonferroni_correction
from statsmodels.stats.multitest import multipletests

values = np.array([0.2, 0.001, 0.04])
print("p-values   ", values.tolist())
print("deepsig    ", bonferroni_correction(values).round(4).tolist())
print("  as sorted", bonferroni_correction(np.sort(values)).round(4).tolist())
for method in ("holm", "bonferroni"):
    print(f"{method:11}", multipletests(values, method=method)[1].round(4).tolist())
values = [0.001, 0.002, 0.01, 0.02, 0.4]
orders = list(itertools.permutations(values))
right = sum(
    np.allclose(bonferroni_correction(np.array(order)), multipletests(order, method="holm")[1]) for order in orders
)
print(f"right in {right} of {len(orders)} orders of {values}")
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
p-values    [0.2, 0.001, 0.04]
deepsig     [0.08, 0.2, 0.003]
  as sorted [0.003, 0.08, 0.2]
holm        [0.2, 0.003, 0.08]
bonferroni  [0.6, 0.003, 0.12]
right in 26 of 120 orders of [0.001, 0.002, 0.01, 0.02, 0.4]
EXPECTED
echo "as described"
