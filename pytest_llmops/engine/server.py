"""Chat completions over HTTP.

On loopback only loopback names are accepted in the Host header: a web page could otherwise reach
the engine through a name of its own that resolves here.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import torch
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pytest_llmops.engine.protocol import (
    ChatRequest,
    Envelope,
    RequestError,
    choice,
    parse,
    usage,
)
from pytest_llmops.engine.service import Answers, Service
from pytest_llmops.memory import own_peak

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def build_app(service: Service, host: str) -> Starlette:
    """Return the application: the three endpoints on top of `service`."""

    async def chat(request: Request) -> Response:
        return await _chat(service, request)

    async def models(_request: Request) -> Response:
        return _json({"object": "list", "data": [_card(name) for name in service.models]})

    async def health(_request: Request) -> Response:
        return _json(_health(service))

    async def not_found(request: Request, _error: Exception) -> Response:
        message = f"no {request.method} {request.url.path}; there is POST /v1/chat/completions"
        return _refusal(RequestError(message, status=404))

    guard = [Middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, "[::1]"])]
    return Starlette(
        routes=[
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/models", models),
            Route("/health", health),
        ],
        exception_handlers={404: not_found, 405: not_found},
        middleware=guard if host in LOOPBACK else [],
    )


async def _chat(service: Service, http: Request) -> Response:
    try:
        request = parse(await http.body())
        if request.model not in service.models:
            known = ", ".join(sorted(service.models))
            raise RequestError(
                f"no model {request.model!r}; there is {known}",
                status=404,
                param="model",
                code="model_not_found",
            )
        prompt = await service.prompt(request)
        if request.stream:
            pieces = _stream(service, request, prompt)
            return StreamingResponse(pieces, media_type="text/event-stream")
        return await _whole(service, http, request, prompt)
    except RequestError as error:
        return _refusal(error)


async def _whole(
    service: Service, http: Request, request: ChatRequest, prompt: list[int]
) -> Response:
    """Answer at once; when the client goes away first, its slots become free."""
    with service.answers(request, prompt) as answers:
        collecting = asyncio.ensure_future(_collect(answers))
        leaving = asyncio.ensure_future(_left(http))
        await asyncio.wait({collecting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if not collecting.done():
            collecting.cancel()
            return Response(status_code=499)
        choices, output = collecting.result()
    cached = max(job.cached for job in answers.jobs)
    return _json(Envelope(request.model).whole(choices, usage(len(prompt), cached, output)))


async def _collect(answers: Answers) -> tuple[list[dict[str, Any]], int]:
    """Return the finished choices in order, and the tokens they took."""
    finished: dict[int, dict[str, Any]] = {}
    output = 0
    while item := await answers.next():
        index, event = item
        if event.finish:
            finished[index] = choice(index, "message", answers.jobs[index].text.text, event.finish)
            output += event.output_tokens
    return [finished[index] for index in sorted(finished)], output


async def _left(http: Request) -> None:
    """Return when the client has closed its connection."""
    while (await http.receive())["type"] != "http.disconnect":
        pass


async def _stream(
    service: Service, request: ChatRequest, prompt: list[int]
) -> AsyncIterator[bytes]:
    """Yield the answer as server-sent events; leaving early frees the slots."""
    envelope = Envelope(request.model)
    output = 0
    with service.answers(request, prompt) as answers:
        try:
            while item := await answers.next():
                index, event = item
                output += event.output_tokens if event.finish else 0
                yield _event(envelope.chunk([choice(index, "delta", event.text, event.finish)]))
        except RequestError as error:
            yield _event(error.body)
            return
        if request.stream_options and request.stream_options.include_usage:
            cached = max(job.cached for job in answers.jobs)
            yield _event(envelope.chunk([], usage(len(prompt), cached, output)))
    yield b"data: [DONE]\n\n"


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def _refusal(error: RequestError) -> Response:
    return _json(error.body, error.status)


def _card(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "local"}


def _health(service: Service) -> dict[str, Any]:
    running, waiting = service.batcher.counts if service.batcher else (0, 0)
    return {
        "status": "ok",
        "peak_memory": peak_memory(),
        "device": str(service.base.device),
        "dtype": str(service.base.dtype).removeprefix("torch."),
        "running": running,
        "waiting": waiting,
    }


def peak_memory() -> int:
    """Return the most memory held at any time, bytes: of this process, and of the GPU beside it."""
    gpu = torch.cuda.max_memory_reserved() if torch.cuda.is_available() else 0
    return own_peak() + int(gpu)
