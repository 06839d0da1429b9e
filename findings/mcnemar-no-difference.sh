#!/usr/bin/env bash
# mlxtend 0.25.0 and statsmodels 0.15.0: McNemar's test of two models that answer alike gives p = 0, not 1.
#
# A comparison of two runs by case, where no case changed (a model against itself, a prompt that changes nothing), has no
# evidence of a difference. The chi-squared form with its continuity correction, which is mlxtend's default and
# statsmodels' `exact=False`, computes (|0 - 0| - 1)^2 / 0, which is infinite, and so the smallest p that there is: a gate
# at any level says that the models differ. As many wins as losses have the same fault in small (three of each: p = 0.68;
# without the correction, 1). NumPy warns of a division by zero, which is easily lost in a log; `correction=False` gives
# nan. Who may meet a comparison without changes asks the exact form, which is right in both.
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
import numpy as np
from mlxtend.evaluate import mcnemar as of_mlxtend
from mlxtend.evaluate import mcnemar_table
from statsmodels.stats.contingency_tables import mcnemar as of_statsmodels


def ask(title, first, second):
    table = mcnemar_table(y_target=np.ones(len(first), int), y_model1=np.array(first), y_model2=np.array(second))
    found = {
        "mlxtend": of_mlxtend(table)[1],
        "statsmodels, exact=False": of_statsmodels(table, exact=False).pvalue,
        "without correction": of_statsmodels(table, exact=False, correction=False).pvalue,
        "mlxtend, exact=True": of_mlxtend(table, exact=True)[1],
        "statsmodels, exact=True": of_statsmodels(table).pvalue,
    }
    print(title, {name: round(float(p), 4) for name, p in found.items()})


ask("the same 100 answers:", [1] * 60 + [0] * 40, [1] * 60 + [0] * 40)
ask("3 better, 3 worse:", [1] * 60 + [0] * 40, [1] * 57 + [0] * 3 + [1] * 3 + [0] * 37)
PY
env/bin/python -W ignore ask.py | tee found
diff found - <<'EXPECTED'
the same 100 answers: {'mlxtend': 0.0, 'statsmodels, exact=False': 0.0, 'without correction': nan, 'mlxtend, exact=True': 1.0, 'statsmodels, exact=True': 1.0}
3 better, 3 worse: {'mlxtend': 0.6831, 'statsmodels, exact=False': 0.6831, 'without correction': 1.0, 'mlxtend, exact=True': 1.0, 'statsmodels, exact=True': 1.0}
EXPECTED
echo "as described"
