"""A chat endpoint on loopback that counts for itself, for the scripts that make logs.

An answer to question n costs 100 + n tokens in (40 of them read from a cache) and 20 + n out (7 of
them reasoning), 30 % more out for the model `wordy`; a grader's call 1,000 in and 300 out. Answers
to every third question are wrong, that to question 5 is cut off.
"""

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CASES = 24


class Counting(BaseHTTPRequestHandler):
    def do_POST(self):
        if not self.path.endswith("/chat/completions"):
            self.send_error(404)
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = self.server.answer(body)
        if isinstance(reply, int):
            self.send_error(reply)
            return
        data = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def numbered(body):
    """The reply to a question by its number."""
    text = json.dumps(body["messages"])
    number = int(re.search(r"question (\d+)", text)[1])
    wrong = number % 3 == 2
    return reply(body["model"], number, f"answer {number + wrong}.")


def graded(body, content):
    """The reply of a grader, dear on purpose."""
    return chat(body["model"], content, (1000, 0, 300, 0), "stop")


def reply(model, number, content):
    growth = 1.3 if model.endswith("wordy") else 1.0
    counts = (100 + number, 40, round(growth * (20 + number)), 7)
    return chat(model, content, counts, "length" if number == 5 else "stop")


def chat(model, content, counts, reason):
    prompt, cached, completion, reasoning = counts
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": model + "-2026",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content},
                "finish_reason": reason,
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


@contextmanager
def serving(answer=numbered):
    """The endpoint's address, while it answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    server.answer = answer
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
