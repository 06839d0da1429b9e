"""What the proxy of agents adds: time to the first token, and throughput of 32 streams at once.

    python benchmarks/perf/agents.py

A server in a process of its own streams 100 chunks, one every 20 ms, or as fast as it can. It is
asked in turns directly over loopback and through the proxy's Unix socket, each way by the same
client, so that what is compared was measured within the same second; medians of the pairs are told.
Of streams at once, which all begin in the same moment, the time of a stream on average and that of
the last one are told.
"""

import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from pytest_llmops.agents.proxy import Proxy, Upstream
from pytest_llmops.agents.settings import Budget
from pytest_llmops.client.connections import Connections
from pytest_llmops.client.endpoint import Endpoint

CHUNKS = 100
PAUSE = 0.02
PAIRS = 20
STREAMS = 32
ROUNDS = 5
BODY = {"model": "m", "messages": [{"role": "user", "content": "x" * 4000}], "stream": True}
BUDGET = Budget(turns=1000, tokens=10**12)
FIELDS = {"max_tokens": 512, "temperature": 0.0}


def serve(told: Connection) -> None:
    """Stream answers on a free port, which is told; `fast` in the path leaves the pauses out."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                size = int(head.partition("content-length: ")[2].partition("\r")[0])
                await reader.readexactly(size)
                await write(writer, 0.0 if "fast" in head.split()[1] else PAUSE)

    async def write(writer: asyncio.StreamWriter, pause: float) -> None:
        kind = "content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(f"HTTP/1.1 200 OK\r\n{kind}".encode())
        delta: dict[str, object] = {"choices": [{"index": 0, "delta": {"content": "word "}}]}
        end: dict[str, object] = {
            "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": CHUNKS},
        }
        for document in [delta] * CHUNKS + [end]:
            data = b"data: " + json.dumps(document).encode() + b"\n\n"
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))
            await writer.drain()
            await asyncio.sleep(pause)
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def stream(client: httpx.AsyncClient, url: str) -> tuple[float, float]:
    """Seconds from sending to the first piece of the answer, and to its end."""
    sent, found = time.perf_counter(), 0.0
    async with client.stream("POST", url, json=BODY) as response:
        async for _ in response.aiter_bytes():
            found = found or time.perf_counter() - sent
    return found, time.perf_counter() - sent


async def all_streams(client: httpx.AsyncClient, url: str) -> tuple[float, float]:
    """Seconds of a stream on average and of the last one, all at once."""
    ended = await asyncio.gather(*(stream(client, url) for _ in range(STREAMS)))
    seconds = [one for _, one in ended]
    return statistics.mean(seconds), max(seconds)


async def measure(port: int) -> None:
    """Ask both ways in turns, and tell the medians."""
    base = f"http://127.0.0.1:{port}"
    limits = httpx.Limits(max_connections=2 * STREAMS)
    with tempfile.TemporaryDirectory() as folder:
        async with httpx.AsyncClient(timeout=None, limits=limits) as plain:
            for paced in ("v1", "fast/v1"):
                socket = Path(folder, f"{len(paced)}.sock")
                endpoint = Endpoint(base_url=f"{base}/{paced}", model="m")
                way = httpx.AsyncHTTPTransport(uds=str(socket), limits=limits)
                upstream = Connections(endpoint, connect=30.0)
                proxy = Proxy(Upstream(endpoint, upstream), BUDGET, FIELDS, socket)
                async with (
                    upstream,
                    proxy,
                    httpx.AsyncClient(transport=way, timeout=None) as through,
                ):
                    direct = f"{base}/{paced}/chat/completions"
                    await tell(paced, (plain, direct), (through, "http://x/v1/chat/completions"))


async def tell(
    paced: str, direct: tuple[httpx.AsyncClient, str], through: tuple[httpx.AsyncClient, str]
) -> None:
    """Measure one pace of the server."""
    added: list[float] = []
    for _ in range(PAIRS if paced == "v1" else 0):
        (one, _), (other, _) = await stream(*direct), await stream(*through)
        added.append(1e3 * (other - one))
    if added:
        print(f"first token: {statistics.median(added):+.2f} ms")
    means: list[float] = []
    lasts: list[float] = []
    costs: list[float] = []
    for _ in range(ROUNDS):
        marks = [time.process_time()]
        alone = await all_streams(*direct)
        marks.append(time.process_time())
        proxied = await all_streams(*through)
        marks.append(time.process_time())
        means.append(proxied[0] / alone[0])
        lasts.append(proxied[1] / alone[1])
        costs.append(1e6 * (marks[2] - 2 * marks[1] + marks[0]) / (STREAMS * CHUNKS))
    name = f"{1 / PAUSE:.0f} chunks/s each" if paced == "v1" else "unpaced"
    mean, last = (100 * (statistics.median(ones) - 1) for ones in (means, lasts))
    cost = statistics.median(costs)
    print(
        f"{STREAMS} streams, {name}: a stream takes {mean:+.1f} %, the last one {last:+.1f} %; "
        f"{cost:+.0f} us of CPU per chunk"
    )


def main() -> None:
    """Start the server, measure, and end it."""
    mine, its = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(its,), daemon=True)
    server.start()
    asyncio.run(measure(mine.recv()))
    server.terminate()


if __name__ == "__main__":
    main()
