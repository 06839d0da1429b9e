"""Make the logs of Inspect that the tests import, with the real package, against a loopback server.

    python -m venv VENV && VENV/bin/pip install inspect-ai==0.3.285 openai==3.57.0
    VENV/bin/python tests/imports/harness_logs/make_inspect.py tests/imports/harness_logs/inspect

The server counts for itself: an answer to question n costs 100 + n tokens in (40 of them read from
a cache) and 20 + n out (7 of them reasoning), 30 % more for the model `wordy`; a grader's call
1,000 in and 300 out. Answers to every third question are wrong, that to question 5 is cut off.
"""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from inspect_ai import Epochs, Task, eval  # noqa: A004
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageUser, get_model
from inspect_ai.scorer import includes, model_graded_qa
from inspect_ai.solver import generate, system_message

CASES = 24


class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        if not self.path.endswith("/chat/completions"):
            self.send_error(404)
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = json.dumps(body["messages"])
        graded = "GRADE" in text
        number = int(re.search(r"question (\d+)", text)[1])
        wrong = number % 3 == 2
        answer = f"GRADE: {'I' if wrong else 'C'}" if graded else f"answer {number + wrong}."
        usage = (1000, 0, 300, 0) if graded else (100 + number, 40, 20 + number, 7)
        if body["model"] == "wordy":
            usage = (usage[0], usage[1], round(1.3 * usage[2]), usage[3])
        prompt, cached, completion, reasoning = usage
        reply = {
            "id": "x",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"] + "-2026",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": answer},
                    "finish_reason": "length" if number == 5 and not graded else "stop",
                }
            ],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
                "prompt_tokens_details": {"cached_tokens": cached},
                "completion_tokens_details": {"reasoning_tokens": reasoning},
            },
        }
        data = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def sums(cases=CASES, *, system="", grader=None, chat=False):
    samples = [
        Sample(
            input=[ChatMessageUser(content=f"question {n}")] if chat else f"question {n}",
            target=f"answer {n}.",
            id=f"sum-{n:02}",
            metadata={"file": n // 2},
        )
        for n in range(cases)
    ]
    solver = [system_message(system), generate()] if system else [generate()]
    scorer = model_graded_qa(model=grader) if grader else includes()
    return Task(name="sums", dataset=samples, solver=solver, scorer=scorer)


def main(folder: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    common = {
        "log_dir": str(folder),
        "display": "none",
        "model_args": {"api_key": "none", "responses_api": False},
        "max_retries": 1,
    }

    def made(name, task, model="openai/m", epochs=2, form="eval", **options):
        (log,) = eval(
            task,
            model=model,
            model_base_url=url,
            epochs=Epochs(epochs),
            log_format=form,
            **common,
            **options,
        )
        Path(log.location).replace(folder / f"{name}.{form}")

    grader = get_model("openai/m", base_url=url, api_key="none", responses_api=False)
    folder.mkdir(parents=True, exist_ok=True)
    made("base", sums())
    made("wordy", sums(), model="openai/wordy")
    made("prompted", sums(system="Be brief."), epochs=1)
    made("graded", sums(grader=grader), epochs=1)
    made("small", sums(2, grader=grader), form="json", epochs=1)
    made("chat", sums(2, chat=True), form="json", epochs=1)
    made("chat-again", sums(2, chat=True), form="json", epochs=1)
    for rest in folder.glob("20*.*"):
        rest.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
