#!/usr/bin/env bash
# autorank 1.3.0: of two models, its report may call the worse one significantly better, depending on the columns' order.
#
# It chooses and runs the tests to compare models, a column each, and writes the text for a paper. With two, and scores
# that are not normal, it takes the model with the larger median and asks Wilcoxon's test, one-sided, whether it is the
# greater. If the medians are equal, as where both solve most cases, it takes the first column: if that is the worse, p is
# near 1 and there is "no statistically significant difference"; if it is the better, p is small, but the text goes by
# another order and calls the other one "significantly larger". One would expect the columns' order not to matter. And as
# the direction is taken from the data, one in ten comparisons without a difference is significant at 0.05. The
# documentation names Wilcoxon's test, for a difference in central tendency, and says nothing of sides. Asking
# `scipy.stats.wilcoxon` by oneself has neither fault; three models or more, and `approach="bayesian"`, take other ways.
#
# Needs Python 3.11 or later and about 600 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  autorank==1.3.0 baycomp==1.0.3 numpy==2.4.6 pandas==3.0.1 scipy==1.17.1 statsmodels==0.15.0
cat > ask.py <<'PY'
import contextlib
import io
import re
import warnings

import numpy as np
import pandas as pd
from autorank import autorank, create_report
from scipy import stats

warnings.simplefilter("ignore")
# share of a case's tests that pass: the new model solves 12 more of 40 cases
scores = pd.DataFrame({"old": [1.0] * 25 + [0.5] * 3 + [0.0] * 12, "new": [1.0] * 25 + [0.5] * 3 + [1.0] * 12})


def compare(data):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):  # autorank prints its table
        result = autorank(data)
        create_report(result)
    return result, re.search("Therefore, we assume that ((?:the median|there is no).*)", text.getvalue())[1]


print(f"means: old {scores.old.mean():.3f}, new {scores.new.mean():.3f}")
print(f"scipy, both sides: p = {stats.wilcoxon(scores.new, scores.old).pvalue:.4f}")
for columns in (["old", "new"], ["new", "old"]):
    result, text = compare(scores[columns])
    print(f"columns {columns}: p = {result.pvalue:.4f}: {text}")
random = np.random.default_rng(0)
significant, both_sides = 0, 0
for _ in range(200):
    data = pd.DataFrame(random.exponential(size=(30, 2)), columns=["a", "b"])
    with contextlib.redirect_stdout(io.StringIO()):
        significant += autorank(data).pvalue < 0.05
    both_sides += stats.wilcoxon(data.a, data.b).pvalue < 0.05
print(f"of 200 pairs without a difference, {significant} are significant at 0.05; by scipy {both_sides}")
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
means: old 0.662, new 0.963
scipy, both sides: p = 0.0005
columns ['old', 'new']: p = 0.9997: there is no statistically significant difference between the medians of the populations.
columns ['new', 'old']: p = 0.0003: the median of old is significantly larger than the median value of new with a large effect size (gamma=nan).
of 200 pairs without a difference, 18 are significant at 0.05; by scipy 5
EXPECTED
echo "as described"
