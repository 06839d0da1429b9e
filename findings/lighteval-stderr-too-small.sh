#!/usr/bin/env bash
# lighteval 0.13.0: the standard error beside F1, MCC, BLEU or perplexity is 32 times too small, and less with more draws.
#
# Beside each metric it reports `_stderr`. For means that is the usual one. For metrics of the whole set (F1, Matthews'
# correlation, BLEU, chrF, perplexity) it draws the set again 1,000 times, with replacement; the standard deviation of the
# results would be the standard error. It takes that of their mean instead, so divides by the root of 1,000. An F1 of 0.8
# on 100 cases has 0.001 where 0.04 is right: of two models, nearly any difference looks certain. One would expect more
# draws (`bootstrap_iters`) to give a steadier value, and they give a smaller one. The docstring says that the metric's
# standard error is drawn. Multiply by the root of the number of draws. (Functions with "mean" in their name take the
# usual way and are not concerned.)
#
# Needs Python 3.11 or later and about 200 MB for a while. All of lighteval needs torch; the module that does this does not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check --no-deps lighteval==0.13.0
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 scipy==1.17.1 tqdm==4.70.1
cat > ask.py <<'PY'
import importlib.util
import random
import sys
from pathlib import Path

import numpy as np

found = importlib.util.find_spec("lighteval").submodule_search_locations[0]
spec = importlib.util.spec_from_file_location("lighteval_stderr", Path(found, "metrics", "utils", "stderr.py"))
module = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = module
spec.loader.exec_module(module)


def f1(cases):
    both = sum(truth and answer for truth, answer in cases)
    return 2 * both / (sum(truth for truth, _ in cases) + sum(answer for _, answer in cases))


def share(cases):
    return sum(cases) / len(cases)


def draw(n, source):
    truths = [source.random() < 0.5 for _ in range(n)]
    return [(truth, truth if source.random() < 0.8 else not truth) for truth in truths]


source = random.Random(1)
cases = draw(100, source)
solved = [int(truth == answer) for truth, answer in cases]
again = np.std([f1(draw(100, source)) for _ in range(5000)])
print(f"F1 {f1(cases):.2f}: standard error {again:.3f} (5,000 new sets of 100 cases)")
for draws in (100, 1000, 4000):
    print(f"  lighteval, {draws} draws: {module.get_stderr_function(f1, draws)(cases):.4f}")
print(f"solved {share(solved):.2f}: standard error {module.mean_stderr(solved):.3f} (as for a mean)")
print(f"  lighteval, 1000 draws: {module.get_stderr_function(share)(solved):.4f}")
PY
LIGHTEVAL_DISABLE_TQDM=1 env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
F1 0.83: standard error 0.044 (5,000 new sets of 100 cases)
  lighteval, 100 draws: 0.0044
  lighteval, 1000 draws: 0.0013
  lighteval, 4000 draws: 0.0007
solved 0.84: standard error 0.037 (as for a mean)
  lighteval, 1000 draws: 0.0011
EXPECTED
echo "as described"
