"""Make the trajectories of mini-swe-agent that the tests import, with the real package.

    python -m venv VENV && VENV/bin/pip install mini-swe-agent==2.4.6 datasets
    VENV/bin/python tests/imports/harness_logs/make_mini_swe_agent.py \
        tests/imports/harness_logs/mini-swe-agent

Its own SWE-bench command runs the agents, on questions in place of issues and with the local
environment in place of containers. Each takes two calls: an answer without a command, which is a
format error and is paid all the same, and the submission. In `traps` instance 9 never answers with
a command, 7 reaches its limit of cost, and the endpoint refuses 11.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from counting import CASES, reply, serving

SUBMIT = "```mswea_bash_command\necho COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT; echo diff\n```"
LOOK = "```mswea_bash_command\ntrue\n```"
CONFIG = {
    "agent": {"system_template": "Be brief.", "instance_template": "{{task}}", "cost_limit": 0.2},
    "model": {
        "model_class": "litellm_textbased",
        "model_kwargs": {"api_key": "none"},
        "format_error_template": "exactly one command",
    },
    "environment": {"environment_class": "local"},
}
COSTS = {"input_cost_per_token": 1e-5, "cache_read_input_token_cost": 1e-6}
COSTS |= {"output_cost_per_token": 1e-3, "litellm_provider": "openai", "mode": "chat"}


def answer(body):
    number = int(re.search(r"question (\d+)", json.dumps(body["messages"]))[1])
    said = len(body["messages"])
    trap = body["model"] == "traps"
    if trap and number == 11:
        return 404
    content = "no command" if said == 2 or (trap and number == 9) else SUBMIT
    content = LOOK if trap and number == 7 else content
    return reply(body["model"], number, content)


def kept(made, folder, url):
    """Trajectories and answers, without the machine's facts and what responses repeat."""
    shutil.rmtree(folder, ignore_errors=True)
    for file in [*made.glob("*/*.traj.json"), made / "preds.json"]:
        text = file.read_text().replace(url, "http://127.0.0.1:1/v1").replace(str(made.parent), "")
        document = json.loads(text)
        document.get("info", {}).pop("traceback", None)
        for message in document.get("messages", ()):
            for bulky in ("traceback", "provider_specific_fields"):
                message.get("extra", {}).pop(bulky, None)
        target = folder / file.relative_to(made)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(document, indent=1) + "\n")


def main(folder: Path) -> None:
    every = range(CASES)
    for name, numbers in {"base": every, "wordy": every, "traps": (1, 7, 9, 11)}.items():
        model = "openai/m" if name == "base" else f"openai/{name}"
        with serving(answer) as url, tempfile.TemporaryDirectory() as given:
            made = Path(given)
            data = made / "data"
            data.mkdir()
            rows = [
                {"instance_id": f"acme__sums-{n}", "problem_statement": f"question {n}"}
                for n in numbers
            ]
            (data / "validation.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
            CONFIG["model"]["model_kwargs"]["api_base"] = url
            (made / "config.yaml").write_text(json.dumps(CONFIG))
            costs = dict.fromkeys(("openai/m", "openai/wordy", "openai/traps"), COSTS)
            (made / "costs.json").write_text(json.dumps(costs))
            env = os.environ | {
                "LITELLM_MODEL_REGISTRY_PATH": str(made / "costs.json"),
                "LITELLM_LOCAL_MODEL_COST_MAP": "true",
                "MSWEA_GLOBAL_CONFIG_DIR": str(made / "home"),
                "MSWEA_CONFIGURED": "true",
                "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": "1",
                "HF_HUB_OFFLINE": "1",
                "HF_HOME": str(made / "hub"),
            }
            run = [sys.executable, "-m", "minisweagent.run.benchmarks.swebench"]
            run += ["--subset", str(data), "--split", "validation", "-c", str(made / "config.yaml")]
            run += ["-m", model, "-o", str(made / "out"), "-w", "2"]
            subprocess.run(run, check=True, cwd=made, env=env)
            kept(made / "out", folder / name, url)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
