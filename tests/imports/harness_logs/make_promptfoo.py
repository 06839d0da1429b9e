"""Make the results of promptfoo that the tests import, with the real package.

    npm install --prefix FOLDER promptfoo@0.121.20
    python tests/imports/harness_logs/make_promptfoo.py FOLDER tests/imports/harness_logs/promptfoo

`base` and `wordy` have all questions. `repeated` asks three twice, `two` asks two models. In
`traps` promptfoo knows the prices of the model, another one grades question 7, and the endpoint
refuses question 8. `cached` has a test twice, with the disk cache on; the others do without it.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from counting import CASES, graded, numbered, serving


def answer(body):
    text = json.dumps(body["messages"])
    if "question 8" in text and body["model"] == "gpt-4o-mini":
        return 400
    if "pass" in text and "rubric" in text.lower():
        return graded(body, '{"reason": "fine", "pass": true, "score": 1}')
    return numbered(body)


def config(url, models, numbers, *, rubric=()):
    def provider(model):
        settings = {"apiBaseUrl": url, "apiKey": "none"}
        return {"id": f"openai:chat:{model}", "config": settings}

    tests = []
    for number in numbers:
        checks = [{"type": "contains", "value": f"answer {number}."}]
        if number in rubric:
            checks.append({"type": "llm-rubric", "value": "rubric: says a number"})
        tests.append(
            {
                "description": f"sum {number}",
                "vars": {"n": number},
                "metadata": {"file": f"file-{number // 2}"},
                "assert": checks,
            }
        )
    return {
        "prompts": ["question {{n}}"],
        "providers": [provider(model) for model in models],
        "defaultTest": {"options": {"provider": provider("grader")}},
        "tests": tests,
    }


def kept(path, made):
    """Without the machine's paths and what repeats the configuration."""
    document = json.loads(path.read_text().replace(made, ""))
    document["results"]["prompts"] = []
    document["metadata"] = {"promptfooVersion": document["metadata"]["promptfooVersion"]}
    document["config"] = {}
    for row in document["results"]["results"]:
        row["response"].pop("metadata", None)
        row["response"].pop("raw", None)
        row.pop("metadata", None)
    path.write_text(json.dumps(document) + "\n")


def main(package: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with serving(answer) as url, tempfile.TemporaryDirectory() as made:
        quiet = {"PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1"}
        env = os.environ | quiet | {"PROMPTFOO_CONFIG_DIR": f"{made}/home"}
        command = [str(package / "node_modules/.bin/promptfoo"), "eval", "--no-table"]
        every = range(CASES)
        for name, settings, options in (
            ("base", config(url, ["m"], every), ["--no-cache"]),
            ("wordy", config(url, ["wordy"], every), ["--no-cache"]),
            ("repeated", config(url, ["m"], range(3)), ["--no-cache", "--repeat", "2"]),
            ("traps", config(url, ["gpt-4o-mini"], (0, 7, 8), rubric=(7,)), ["--no-cache"]),
            ("cached", config(url, ["m"], (1, 1, 2)), ["--max-concurrency", "1"]),
            ("two", config(url, ["m", "wordy"], range(2)), ["--no-cache"]),
        ):
            file = Path(made) / f"{name}.json"
            file.write_text(json.dumps(settings))
            output = folder / f"{name}.json"
            run = [*command, "-c", str(file), "-o", str(output), *options]
            subprocess.run(run, env=env, cwd=made, stdout=subprocess.DEVNULL)
            kept(output, made)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
