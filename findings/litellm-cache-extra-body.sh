#!/usr/bin/env bash
# litellm 1.110.2: its cache answers a request that differs in `extra_body` with the answer of another.
#
# One would expect what a model is asked with to be part of the cache's key, as temperature, seed, top_k and
# reasoning_effort are. The key is made of the parameters that litellm knows by name. What servers such as vLLM take
# besides, in `extra_body` (`chat_template_kwargs` with `enable_thinking`) or passed on by name (`min_p`), is sent but not
# in the key, nor is the server's address. So the second arm of a comparison, with thinking off or on another server, is
# answered from the first, with its text and its counts of tokens, and both come out alike, without a warning. A remedy
# is a `cache={"namespace": ...}` for each arm.
#
# Needs Python 3.11 or later and about 300 MB for a while; the server is one of the script's own, on 127.0.0.1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check litellm==1.110.2 \
  fastapi==0.165.0 orjson==3.13.0 soundfile==0.14.0  # which answering from the cache imports
cat > ask.py <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import litellm


class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        del request["messages"], request["model"]
        message = {"role": "assistant", "content": f"{self.server.name} with {json.dumps(request)}"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": usage}
        answer = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def serve(name):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.name = name
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/v1"


servers = {"A": serve("A"), "B": serve("B")}
litellm.suppress_debug_info = True
litellm.cache = litellm.Cache(type="local")


def ask(server="A", **options):
    answer = litellm.completion(
        model="openai/m", messages=[{"role": "user", "content": "Hello"}], caching=True,
        api_base=servers[server], api_key="none", **options,
    )
    print(server, json.dumps(options), "->", answer.choices[0].message.content)


def thinking(on):
    return {"chat_template_kwargs": {"enable_thinking": on}}


ask(temperature=0.1)
ask(temperature=0.2)
ask(extra_body=thinking(True))
ask(extra_body=thinking(False))
ask(seed=1, min_p=0.1)
ask(seed=1, min_p=0.5)
ask(seed=2)
ask("B", seed=2)
for arm in (True, False):
    ask(extra_body=thinking(arm), cache={"namespace": f"thinking {arm}"})
PY
LITELLM_LOCAL_MODEL_COST_MAP=True env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
A {"temperature": 0.1} -> A with {"temperature": 0.1}
A {"temperature": 0.2} -> A with {"temperature": 0.2}
A {"extra_body": {"chat_template_kwargs": {"enable_thinking": true}}} -> A with {"chat_template_kwargs": {"enable_thinking": true}}
A {"extra_body": {"chat_template_kwargs": {"enable_thinking": false}}} -> A with {"chat_template_kwargs": {"enable_thinking": true}}
A {"seed": 1, "min_p": 0.1} -> A with {"seed": 1, "min_p": 0.1}
A {"seed": 1, "min_p": 0.5} -> A with {"seed": 1, "min_p": 0.1}
A {"seed": 2} -> A with {"seed": 2}
B {"seed": 2} -> A with {"seed": 2}
A {"extra_body": {"chat_template_kwargs": {"enable_thinking": true}}, "cache": {"namespace": "thinking True"}} -> A with {"chat_template_kwargs": {"enable_thinking": true}}
A {"extra_body": {"chat_template_kwargs": {"enable_thinking": false}}, "cache": {"namespace": "thinking False"}} -> A with {"chat_template_kwargs": {"enable_thinking": false}}
EXPECTED
echo "as described"
