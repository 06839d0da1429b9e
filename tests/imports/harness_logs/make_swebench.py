"""Make SWE-bench's reports on the trajectories beside them, with the real package.

    python -m venv VENV && VENV/bin/pip install swebench==5.0.2
    VENV/bin/python tests/imports/harness_logs/make_swebench.py \
        tests/imports/harness_logs/mini-swe-agent

Its reporter sums up results of single instances, which are made up here: no container runs. Every
third instance is not resolved; that of instance 3 in `base` broke, in the report `broken`.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from swebench.harness.reporting import make_run_report


def main(folder: Path) -> None:
    for name, broken in (("base", ()), ("wordy", ()), ("traps", ()), ("broken", (3,))):
        source = folder / ("base" if name == "broken" else name)
        predictions = json.loads((source / "preds.json").read_text())
        with tempfile.TemporaryDirectory() as made:
            os.chdir(made)
            for instance, prediction in predictions.items():
                number = int(instance.rsplit("-", 1)[1])
                model = prediction["model_name_or_path"].replace("/", "__")
                report = Path("logs/run_evaluation/run", model, instance, "report.json")
                report.parent.mkdir(parents=True)
                resolved = {instance: {"resolved": number % 3 != 2}}
                report.write_text("" if number in broken else json.dumps(resolved))
            made_of = [{"instance_id": instance} for instance in predictions]
            found = make_run_report(predictions, made_of, "run").resolve()
            report = json.loads(found.read_text())
        (folder / f"{name}-report.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
