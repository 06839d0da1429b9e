"""A scripted chat-completions server on loopback: real sockets, answers as the test says."""

import asyncio
import json
import threading
import time
from contextlib import contextmanager, suppress

from pytest_llmops.completions import Completion, Message, Request, Sampling, Timing, Usage


def request(case_id="suite:a#f", sample=0, prompt="Write f.", **sampling):
    messages = (Message("system", "Be brief."), Message("user", prompt))
    return Request(case_id=case_id, sample=sample, messages=messages, sampling=Sampling(**sampling))


def keyed(made):
    return {one.key: one for one in made}


def requests(count):
    return [request(f"suite:m#f{number}") for number in range(count)]


def completion(text="return 1", output=2):
    return Completion(
        text=text,
        finish_reason="stop",
        usage=Usage(input=3, output=output),
        timing=Timing(started=1.0, queue=0.0, first_token=0.1, total=0.2),
    )


class Call:
    """One request as it came in, and the pen to answer it with."""

    def __init__(self, body, headers, writer):
        self.body = body
        self.headers = headers
        self.at = time.monotonic()
        self._writer = writer

    async def head(self, status=200, **headers):
        fields = {"content-type": "text/event-stream", "transfer-encoding": "chunked"} | headers
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        await self._write(f"HTTP/1.1 {status} Scripted\r\n{lines}\r\n".encode())

    async def raw(self, data):
        """Send bytes of the body."""
        await self._write(b"%x\r\n%s\r\n" % (len(data), data))

    async def event(self, document):
        await self.raw(b"data: " + json.dumps(document).encode() + b"\n\n")

    async def text(self, piece):
        await self.event({"choices": [{"index": 0, "delta": {"content": piece}}]})

    async def finish(self, reason="stop", usage=(3, 2)):
        await self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        if usage:
            counts = dict(zip(("prompt_tokens", "completion_tokens"), usage, strict=True))
            await self.event({"model": "served", "choices": [], "usage": counts})
        await self.raw(b"data: [DONE]\n\n")
        await self.end()

    async def end(self):
        await self._write(b"0\r\n\r\n")

    async def whole(self, status, document, **headers):
        """Answer at once with a JSON document or with text."""
        text = document if isinstance(document, str) else json.dumps(document)
        await self.head(status, **({"content-type": "application/json"} | headers))
        await self.raw(text.encode())
        await self.end()

    def cut(self):
        """Drop the connection."""
        self._writer.transport.abort()

    async def _write(self, data):
        self._writer.write(data)
        await self._writer.drain()


def answer(text="return 1", **finish):
    """Script: a good answer, streamed in two pieces."""

    async def script(call):
        await call.head()
        await call.text(text[: len(text) // 2])
        await call.text(text[len(text) // 2 :])
        await call.finish(**finish)

    return script


def whole(status, document, **headers):
    """Script: one document."""

    async def script(call):
        await call.whole(status, document, **headers)

    return script


async def cut(call):
    """Script: half an answer, then nothing."""
    await call.head()
    await call.text("half an ans")
    call.cut()


async def hang(call):
    """Script: never answer."""
    await asyncio.Event().wait()


class ChatServer:
    """Serves scripts in order, the last one for ever; an async context manager giving the URL."""

    def __init__(self, *scripts, models=None):
        self._scripts = list(scripts)
        self.models = models
        """What `GET /v1/models` lists; None for a server that has no such thing."""
        self.looks = []
        self.calls = []
        self.connections = 0
        self.most_at_once = 0
        self._at_once = 0
        self._tasks = set()

    def play(self, *scripts):
        """Serve these from now on."""
        self._scripts[:] = scripts

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=512)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, reader, writer):
        self.connections += 1
        self._tasks.add(asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                await self._exchange(reader, writer)
        writer.transport.abort()

    async def _exchange(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        if head[0].startswith("GET "):
            self.looks.append(head[0].split()[1])
            listed = {"object": "list", "data": self.models}
            await whole(404 if self.models is None else 200, listed)(Call({}, headers, writer))
            return
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        call = Call(body, headers, writer)
        self.calls.append(call)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        try:
            await script(call)
        finally:
            self._at_once -= 1


@contextmanager
def serving(server):
    """Run a server in a thread of its own; gives its URL and a function that kills it."""
    loop, ready, found = asyncio.new_event_loop(), threading.Event(), {}

    async def main():
        found["stop"] = asyncio.Event()
        async with server as found["url"]:
            ready.set()
            await found["stop"].wait()

    def kill():
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(found["stop"].set)
        thread.join(5)

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    ready.wait(5)
    try:
        yield found["url"], kill
    finally:
        kill()
        loop.close()
