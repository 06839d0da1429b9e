#!/usr/bin/env bash
# lm-eval 0.4.13: its MGSM tasks count 1.8 and -18 as right where the answer is 18, and 18.00 as wrong.
#
# One would expect a number to be compared as a number, or as it is written. `ignore_punctuation` of `exact_match`, which
# the shared settings of mgsm (and of afrimgsm) switch on, takes every punctuation mark out of both texts, so that "18."
# equals "18". The decimal point and the minus sign are among them: an answer that is ten times too small or has the
# wrong sign is a solved case, and one with two decimals is not. Nothing is told; the samples that are logged show the
# answer as the filter left it. Compare what the filter extracts by yourself, or give the metric
# `regexes_to_ignore: ["\\.$", ","]` in its place.
#
# Needs Python 3.11 or later and about 500 MB for a while; nothing is downloaded but packages.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check lm-eval==0.4.13 datasets==5.2.0 evaluate==0.4.6 numpy==2.4.6
cat > ask.py <<'PY'
import json
import logging
from importlib.resources import files

import lm_eval
import yaml
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

logging.disable(logging.WARNING)
ANSWERS = [("18", "18"), ("18", "1.8"), ("18", "-18"), ("18", "18.00"), ("1000", "1,000"), ("18", "19")]
"""Right answer, and what the model says."""

# The task as it is shipped, but for where its questions come from.
shipped = yaml.safe_load((files("lm_eval.tasks") / "mgsm/en_cot/cot_yaml").read_text())
print({key: shipped["metric_list"][0][key] for key in ("metric", "ignore_punctuation")}, shipped["metadata"])
own = {
    "task": "own", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": "asked.json"}},
    "test_split": "test", "doc_to_text": "{{question}}", "doc_to_target": "{{answer}}", "num_fewshot": 0,
}
kept = {key: shipped[key] for key in ("output_type", "generation_kwargs", "filter_list", "metric_list")}
mended = json.loads(json.dumps(kept))  # without references, which YAML would write as such
mended["metric_list"][0] |= {"ignore_punctuation": False, "regexes_to_ignore": [r"\.$", ","]}
for name, settings in (("own", kept), ("mended", own | mended | {"task": "mended"})):
    with open(f"{name}.yaml", "w") as file:
        yaml.safe_dump(own | settings, file)
with open("asked.json", "w") as file:
    json.dump([{"question": said, "answer": right} for right, said in ANSWERS], file)


class Speaker(LM):
    """Says what the question says."""

    def generate_until(self, requests):
        return [f"Let us see. The answer is {one.args[0]}." for one in requests]

    def loglikelihood(self, requests):
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood


found = lm_eval.simple_evaluate(
    Speaker(), tasks=["own", "mended"], task_manager=TaskManager(include_path="."), log_samples=True, bootstrap_iters=0
)
for task in ("own", "mended"):
    print("as shipped" if task == "own" else "with regexes_to_ignore")
    for sample in found["samples"][task]:
        if sample["filter"] == "strict-match":
            (said,), right = sample["filtered_resps"], sample["doc"]["answer"]
            print(f"right {right}, model {said} {sample['exact_match']:.0f}")
PY
HF_HOME="$folder/cache" env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
{'metric': 'exact_match', 'ignore_punctuation': True} {'version': 3.0}
as shipped
right 18, model 18. 1
right 18, model 1.8. 1
right 18, model -18. 1
right 18, model 18.00. 0
right 1000, model 1,000. 1
right 18, model 19. 0
with regexes_to_ignore
right 18, model 18. 1
right 18, model 1.8. 0
right 18, model -18. 0
right 18, model 18.00. 0
right 1000, model 1,000. 1
right 18, model 19. 0
EXPECTED
echo "as described"
