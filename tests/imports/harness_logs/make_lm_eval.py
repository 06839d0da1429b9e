"""Make the outputs of lm-eval that the tests import, with the real package.

    python -m venv VENV && VENV/bin/pip install 'lm-eval[api]==0.4.13'
    VENV/bin/python tests/imports/harness_logs/make_lm_eval.py tests/imports/harness_logs/lm-eval

`repeated` asks three times and has two filters; `limited` asks 3 of the 24 documents.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from counting import CASES, serving

TASK = """\
task: sums
dataset_path: json
dataset_kwargs:
  data_files: {{test: {data}}}
test_split: test
doc_to_text: "question {{{{n}}}}"
doc_to_target: "answer {{{{n}}}}."
output_type: generate_until
generation_kwargs: {{until: [], max_gen_toks: 64, do_sample: false, temperature: 0}}
{extra}metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
metadata: {{version: 1.0}}
"""
REPEATED = """\
repeats: 3
filter_list:
  - name: first
    filter: [{function: take_first}]
  - name: majority
    filter: [{function: majority_vote}, {function: take_first}]
"""


def kept(folder, made, url):
    """One folder of one run, without the machine's facts."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in Path(made).glob("out/*/*"):
        text = file.read_text().replace(made, "").replace(url, "http://127.0.0.1:1/v1")
        if file.suffix == ".json":
            document = json.loads(text)
            document["pretty_env_info"] = document["upper_git_hash"] = document["git_hash"] = ""
            text = json.dumps(document, indent=1) + "\n"
        (folder / file.name).write_text(text)


def main(folder: Path) -> None:
    env = os.environ | {"OPENAI_API_KEY": "none", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    every = [{"n": number, "file": f"file-{number // 2}"} for number in range(CASES)]
    for name, model, extra, options in (
        ("base", "m", "", []),
        ("wordy", "wordy", "", []),
        ("repeated", "m", REPEATED, []),
        ("limited", "m", "", ["--limit", "3"]),
    ):
        with serving() as url, tempfile.TemporaryDirectory() as made:
            data = Path(made) / "data.jsonl"
            documents = every[:3] if extra else every
            data.write_text("".join(json.dumps(one) + "\n" for one in documents))
            (Path(made) / "sums.yaml").write_text(TASK.format(data=data, extra=extra))
            arguments = f"model={model},base_url={url}/chat/completions,num_concurrent=1"
            run = [sys.executable, "-m", "lm_eval", "--model", "local-chat-completions"]
            run += ["--model_args", arguments, "--tasks", "sums", "--include_path", made]
            run += ["--apply_chat_template", "--log_samples", "--output_path", f"{made}/out"]
            subprocess.run([*run, *options], check=True, cwd=made, env=env)
            kept(folder / name, made, url)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
