#!/usr/bin/env bash
# uvicorn 0.54.0: with --workers 2 each small answer on a kept connection takes some 40 ms
# on Linux; with one worker, where uvicorn lets asyncio open the socket, a fifth of one.
#
# One would expect more workers to answer faster. asyncio switches Nagle's algorithm off only for sockets whose
# protocol is IPPROTO_TCP. A single worker's socket comes from getaddrinfo and says so; with several workers uvicorn
# makes the socket itself, without a protocol (0), so accepted connections say 0, too, and keep Nagle's algorithm.
# Head and body of an answer are two writes (h11), the second waits for the client to confirm the first, and the
# client's TCP delays that confirmation by 40 ms. Every server that starts uvicorn with workers inherits this
# (`mlflow server`, whose default is four). Remedies: TCP_NODELAY on accepted connections at the server, or
# TCP_QUICKACK at the client before it waits.
#
# Needs Linux, Python 3.11 or later, and 10 MB for a while. Prints the median milliseconds of 60 requests on one
# connection; fails where two workers are no longer at least ten times slower than one.
set -euo pipefail
folder=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check uvicorn==0.54.0 h11==0.16.0
cat > app.py <<'PY'
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
PY
cat > ask.py <<'PY'
import http.client
import statistics
import sys
import time
for _ in range(300):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
        connection.request("GET", "/")
        connection.getresponse().read()
        break
    except ConnectionRefusedError:
        time.sleep(0.1)
taken = []
for _ in range(60):
    began = time.perf_counter()
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"ok"
    taken.append((time.perf_counter() - began) * 1000)
print(statistics.median(taken))
PY
env/bin/python - <<'PY'
import socket
import uvicorn
own = uvicorn.Config("app:app", port=0).bind_socket()
found = socket.getaddrinfo("127.0.0.1", 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
print(f"uvicorn {uvicorn.__version__}: protocol of its own socket {own.proto}, of getaddrinfo's {found[0][2]}")
PY
median() {
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  env/bin/uvicorn app:app --port "$port" --workers "$1" --http h11 --log-level error & server=$!
  env/bin/python ask.py "$port" > "median-$1"
  kill "$server"
  wait "$server" || true
}
median 1
median 2
echo "median of an answer: $(cat median-1) ms with one worker, $(cat median-2) ms with two"
python3 -c "import sys; one, two = map(float, sys.argv[1:]); sys.exit(two < 10 * one or two < 30)" "$(cat median-1)" "$(cat median-2)"
