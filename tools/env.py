"""Write `.env`: the secrets of the servers in docker-compose.yml, and how a client reaches them.

What is there stays as it is, line by line; only names that are missing or empty are filled in, so a
second run changes nothing. Secrets are 256 bits of the system's random source in hex digits, which
need no quotes in a shell, in Compose or in a connection string, and cannot be taken for an option.
The file is readable by its owner only.

Needs Python 3.9 or newer and nothing else. A failure is one line on stderr and exit status 1.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)")


def _secret() -> str:
    return secrets.token_hex(32)


def _key(prefix: str) -> Callable[[], str]:
    return lambda: prefix + str(uuid.uuid4())  # the form in which Langfuse makes its own


def _always(value: str) -> Callable[[], str]:
    return lambda: value


SECTIONS: tuple[tuple[str, dict[str, Callable[[], str]]], ...] = (
    (
        "How the suite reaches the servers. Load it with: set -a; . ./.env; set +a",
        {
            "LANGFUSE_BASE_URL": _always("http://127.0.0.1:3000"),
            "LANGFUSE_PUBLIC_KEY": _key("pk-lf-"),
            "LANGFUSE_SECRET_KEY": _key("sk-lf-"),
            "MLFLOW_TRACKING_URI": _always("http://127.0.0.1:5000"),
            "TRACELOOP_BASE_URL": _always("http://127.0.0.1:4318"),
            "LLMOPS_TRACE_URL": _always("http://127.0.0.1:16686/trace/{trace_id}"),
        },
    ),
    (
        "Passwords of people: Langfuse (port 3000) as llmops@example.com, Grafana (3001) as llmops",
        {"LANGFUSE_USER_PASSWORD": _secret, "GRAFANA_PASSWORD": _secret},
    ),
    (
        "Between the servers. Volumes are made with these: change none while its volume exists",
        {
            "LANGFUSE_POSTGRES_PASSWORD": _secret,
            "LANGFUSE_CLICKHOUSE_PASSWORD": _secret,
            "LANGFUSE_REDIS_PASSWORD": _secret,
            "LANGFUSE_MINIO_PASSWORD": _secret,
            "LANGFUSE_ENCRYPTION_KEY": _secret,
            "LANGFUSE_SALT": _secret,
            "LANGFUSE_NEXTAUTH_SECRET": _secret,
        },
    ),
    (
        "Name of this place, on every span, metric and log line that passes the collector",
        {"LLMOPS_ENVIRONMENT": _always("local")},
    ),
)
"""Headings of the file, each with its variables and how each value is made."""


def complete(text: str) -> str:
    """Fill in what a `.env` lacks.

    Args:
        text: The file as it is; "" where there is none.

    Returns:
        The file with a value for every variable; `text` itself where nothing was missing. Lines
        that hold a value, comments and foreign variables are kept to the byte.
    """
    lines = text.splitlines(keepends=True)
    known = _assigned(lines)
    for title, makers in SECTIONS:
        missing = {name: make for name, make in makers.items() if not known.get(name, (0, ""))[1]}
        added = []
        for name, make in missing.items():
            line = f"{name}={make()}\n"
            if name in known:
                lines[known[name][0]] = line
            else:
                added.append(line)
        if added:
            _end(lines)
            lines += [*(["\n"] if lines else []), f"# {title}\n", *added]
    return "".join(lines)


def _assigned(lines: list[str]) -> dict[str, tuple[int, str]]:
    """Where each name is assigned and what; the last line counts, as it does for Compose."""
    found = {}
    for position, line in enumerate(lines):
        match = ASSIGNMENT.fullmatch(line.rstrip("\r\n"))
        if match:
            value = match[2].strip()
            empty = value in ("''", '""') or value.startswith("#")
            found[match[1]] = (position, "" if empty else value)
    return found


def _end(lines: list[str]) -> None:
    """End the last line, so that what is added does not become a part of it."""
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += "\n"


def write(path: Path, text: str) -> None:
    """Replace the file in one step, readable by its owner only; never half a file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".env.")  # mode 600
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


def main() -> None:
    """Make or complete `.env` beside docker-compose.yml."""
    path = (ROOT / ".env").resolve()  # a link stays a link
    text = ""
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read()
    completed = complete(text)
    if completed != text:
        write(path, completed)
        sys.stderr.write("env: .env holds new secrets, readable by you alone\n")
    elif path.stat().st_mode & 0o077:
        path.chmod(0o600)
        sys.stderr.write("env: .env was readable by others and no longer is\n")


if __name__ == "__main__":
    try:
        main()
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"env: {ROOT / '.env'}: {error}")
