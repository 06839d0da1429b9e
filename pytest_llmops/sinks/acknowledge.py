"""Answers that come without a wait of TCP's own."""

import socket

import httpx

QUICK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Of Linux."""


def acknowledge(response: httpx.Response) -> None:
    """Confirm the head of an answer at once, where the system knows how; a hook of HTTPX.

    Some servers (uvicorn with more than one worker, which MLflow's is) hold the body back until
    then, and TCP waits 40 ms before it confirms anything by itself.
    """
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream else None
    if connection is not None and QUICK is not None:
        connection.setsockopt(socket.IPPROTO_TCP, QUICK, 1)
