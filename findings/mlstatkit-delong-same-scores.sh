#!/usr/bin/env bash
# MLstatkit 0.1.91: DeLong's test of two models with the same scores, or that are both without a fault, gives p = 0.
#
# `Delong_test(true, a, b)` compares two classifiers, or judges, by the area under the curve on the same cases, and returns z
# and a two-sided p-value. If the difference has no variance, its docstring says, it draws the cases again instead. That
# is so where the scores are the same, where one model's are those of the other on another scale, and where both tell right
# from wrong each time. Each draw has a difference of 0 then; p is twice the smaller share of draws "at most 0" and
# "above 0", which is twice none: z = 0 and p = 0. One would expect p = 1, as that z has. So a run that changed nothing is a
# significant change, at any level, and neither an error nor a warning says so; one case in which the scores are ranked
# otherwise brings p from 0 to 0.48. Look at z, or whether the last part of the result says "bootstrap".
#
# Needs Python 3.11 or later and about 400 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  MLstatkit==0.1.91 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 pandas==3.0.1
cat > ask.py <<'PY'
import numpy as np
from MLstatkit import Delong_test
from scipy.stats import norm

random = np.random.default_rng(1)
right = np.arange(60) % 2
scores = random.normal(right, 1)
perfect = right + random.uniform(0, 0.9, 60), right + random.uniform(0, 0.9, 60)
low, high = np.argsort(scores)[29:31]
swapped = scores.copy()
swapped[[low, high]] = scores[[high, low]]
print("two cases in the middle of the ranking:", right[low], right[high])

PAIRS = {
    "the same scores": (scores, scores),
    "another scale": (scores, 10 * scores + 5),
    "both without a fault": perfect,
    "one gives every case 0.5, the other 0.7": (np.full(60, 0.5), np.full(60, 0.7)),
    "two neighbours in the ranking exchanged": (scores, swapped),
}
for title, pair in PAIRS.items():
    z, p, _, _, first, second, info = Delong_test(right, *pair, n_boot=200, random_state=1)
    print(f"{title}: areas {first:.3f} and {second:.3f}, {info['method']}, z = {z:.2f}, p = {p:.2f}; of that z {2 * norm.sf(abs(z)):.2f}")
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
two cases in the middle of the ranking: 0 1
the same scores: areas 0.757 and 0.757, bootstrap, z = 0.00, p = 0.00; of that z 1.00
another scale: areas 0.757 and 0.757, bootstrap, z = 0.00, p = 0.00; of that z 1.00
both without a fault: areas 1.000 and 1.000, bootstrap, z = 0.00, p = 0.00; of that z 1.00
one gives every case 0.5, the other 0.7: areas 0.500 and 0.500, bootstrap, z = 0.00, p = 0.00; of that z 1.00
two neighbours in the ranking exchanged: areas 0.757 and 0.756, delong, z = -0.71, p = 0.48; of that z 0.48
EXPECTED
echo "as described"
