#!/usr/bin/env bash
# statkit 1.1.0: a judge that gives every answer the score 0.5 has sensitivity 1 and specificity 1; 7 of 10 is 0.7 to 0.7.
#
# Its metrics take the truth and scores, and call an answer positive "when probability exceeds threshold", 0.5 by default.
# `sensitivity` counts a score of 0.5 as positive, `specificity` and `false_negative_rate` count it as negative, so each has
# the scores at the threshold as it would like them. A scorer that knows nothing is perfect, with Youden's J of 1, and the
# rates of true positives and false negatives add up to 2. One would expect one answer to be on one side. Scores in steps,
# as models give them that judge (0, 0.5, 1), are at the threshold often. Its `binary_classification_report` is not
# concerned, as it cuts the scores first. In `bootstrap_score`, samples whose truth has a single class are left out. If all
# of it has, as where each answer should pass, or compile, the interval of the accuracy has no width, and the docstring
# says nothing of it. Cut the scores by oneself, and see that the truth has two classes.
#
# Needs Python 3.11 or later and about 500 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  statkit==1.1.0 numpy==2.4.6 pandas==3.0.1 scikit-learn==1.9.1 scipy==1.17.1
cat > ask.py <<'PY'
import numpy as np
from sklearn.metrics import accuracy_score
from statkit import metrics
from statkit.non_parametric import bootstrap_score

NAMES = ("sensitivity", "specificity", "youden_j", "true_positive_rate", "false_negative_rate", "false_positive_rate")
truth = np.array([1, 1, 1, 1, 0, 0, 0, 0])
for title, scores in {
    "always 0.5": np.full(8, 0.5),
    "in steps": np.array([1, 0.5, 0.5, 0, 0.5, 0.5, 0, 1]),
    "in steps, a little more": np.array([1, 0.5, 0.5, 0, 0.5, 0.5, 0, 1]) + 0.001,
}.items():
    print(title, {name: float(getattr(metrics, name)(truth, scores)) for name in NAMES})
passed = np.array([1] * 7 + [0] * 3)
for title, truth in {"each should pass": np.ones(10, int), "one should fail": np.array([1] * 9 + [0])}.items():
    interval = bootstrap_score(truth, passed, metric=accuracy_score, random_state=1)
    print(f"{title}: {float(interval.point)} from {float(interval.lower)} to {float(interval.upper)}")
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
always 0.5 {'sensitivity': 1.0, 'specificity': 1.0, 'youden_j': 1.0, 'true_positive_rate': 1.0, 'false_negative_rate': 1.0, 'false_positive_rate': 0.0}
in steps {'sensitivity': 0.75, 'specificity': 0.75, 'youden_j': 0.5, 'true_positive_rate': 0.75, 'false_negative_rate': 0.75, 'false_positive_rate': 0.25}
in steps, a little more {'sensitivity': 0.75, 'specificity': 0.25, 'youden_j': 0.0, 'true_positive_rate': 0.75, 'false_negative_rate': 0.25, 'false_positive_rate': 0.75}
each should pass: 0.7 from 0.7 to 0.7
one should fail: 0.8 from 0.5 to 1.0
EXPECTED
echo "as described"
