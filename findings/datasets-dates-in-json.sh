#!/usr/bin/env bash
# datasets 5.2.0: a JSON column of texts that are all dates is loaded as times, and written back as numbers.
#
# JSON has no dates, so one would expect "2026-11-30" to stay that text. `load_dataset("json")` and `Dataset.from_json` make
# a time of it if every value of the column is a date, or has a time to the minute or second: the right answers of a set
# of cases, or what a model is to learn to write. In a prompt or a comparison it is "2026-11-30 00:00:00" then, 09:00+02:00
# is 07:00 without a zone, and `to_json` writes 1795996800000. One "unknown" among the rows keeps all of them texts, and so
# do fractions of a second, so another file of the same kind behaves differently. Nothing is told. Asking for texts with
# `features=` does not help: they are made of the times. `Dataset.from_list` of lines that one has read oneself leaves
# them alone.
#
# Needs Python 3.11 or later and about 500 MB for a while; nothing is downloaded but packages.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==25.0.1 pandas==3.1.1 numpy==2.4.6
cat > ask.py <<'PY'
import json
import pathlib

from datasets import Dataset, Features, Value, disable_progress_bars, load_dataset

disable_progress_bars()
SETS = {
    "dates": ["2026-11-30", "2025-01-02"],
    "with a zone": ["2026-11-30T09:00:00+02:00"],
    "to the minute": ["2026-11-30 09:00"],
    "one unknown": ["2026-11-30", "unknown"],
    "fractions": ["2026-11-30 09:00:00.125"],
}


def loaded(file, **more):
    return load_dataset("json", data_files=file, split="train", cache_dir="cache", **more)


def back(rows):
    rows.to_json("back.jsonl")
    return json.loads(pathlib.Path("back.jsonl").read_text().splitlines()[0])["answer"]


for name, answers in SETS.items():
    file = name.replace(" ", "-") + ".jsonl"
    lines = [json.dumps({"question": "When?", "answer": answer}) for answer in answers]
    pathlib.Path(file).write_text("\n".join(lines) + "\n")
    rows = loaded(file)
    first = rows[0]["answer"]
    print(f"{name}: {answers[0]!r} is a {type(first).__name__}, in a prompt {str(first)!r}, written back {back(rows)!r}")
texts = loaded("dates.jsonl", features=Features({"question": Value("string"), "answer": Value("string")}))
print(f"with features: {texts[0]['answer']!r}, written back {back(texts)!r}")
print(f"from a list: {Dataset.from_list([{'answer': '2026-11-30'}])[0]['answer']!r}")
PY
HF_HOME="$folder" HF_HUB_OFFLINE=1 env/bin/python -W ignore ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
dates: '2026-11-30' is a datetime, in a prompt '2026-11-30 00:00:00', written back 1795996800000
with a zone: '2026-11-30T09:00:00+02:00' is a datetime, in a prompt '2026-11-30 07:00:00', written back 1796022000000
to the minute: '2026-11-30 09:00' is a datetime, in a prompt '2026-11-30 09:00:00', written back 1796029200000
one unknown: '2026-11-30' is a str, in a prompt '2026-11-30', written back '2026-11-30'
fractions: '2026-11-30 09:00:00.125' is a str, in a prompt '2026-11-30 09:00:00.125', written back '2026-11-30 09:00:00.125'
with features: '2026-11-30 00:00:00', written back '2026-11-30 00:00:00'
from a list: '2026-11-30'
EXPECTED
echo "as described"
