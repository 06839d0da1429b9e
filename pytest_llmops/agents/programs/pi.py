"""pi (npm `@mariozechner/pi-coding-agent`), run by the Node of the sandbox.

It writes its own JSON lines; its exit status is 0 for most failures in that mode, so what counts is
why its last message stopped. Given no folder of its own it would look for one at home.
"""

import json
import re
from pathlib import Path

from pytest_llmops.agents.installed import npm_package
from pytest_llmops.agents.jail import HOME, URL, Jail, Start
from pytest_llmops.agents.settings import ProgramAgent
from pytest_llmops.completions import Ending

VERSION = "0.73.1"
PLACE = "node_modules/@mariozechner/pi-coding-agent/dist/cli.js"
NAME = "@mariozechner/pi-coding-agent"
DIGESTS = {
    f"{NAME}@0.73.1": "sha512-"
    "gXQh3SaZmWTfVMc4Ao5+LGbVeKvzyO7tolok0nLsZgq9nGjZx/EEU3NM8C+qUnB4Nvs2rswG5qOVgLzQkq0fHQ==",
}
TOOLS = ("read", "bash", "edit", "write")
NEEDLESS = ()
WINDOW = 1_000_000
"""Tokens that pi thinks the model holds: it then leaves its history whole, and the model's own
limit is told where it is met."""
_FAILED = re.compile(
    r"^(?:Error\b|Validation failed|Tool \S+ not found|Could not find|File not found|ENOENT)"
    r"|Command (?:exited with code [1-9]|aborted|timed out)"
)


def install(folder: Path, version: str) -> None:
    """Fetch the package and what it depends on."""
    npm_package(f"{NAME}@{version}", DIGESTS, folder, whole=True)


def prepare(agent: ProgramAgent, jail: Jail, folder: Path, task: str) -> Start:
    """Write its list of models, and the rules."""
    place = jail.home / "pi"
    place.mkdir()
    model = {
        "id": "model",
        "name": "model",
        "reasoning": False,
        "input": ["text"],
        "contextWindow": WINDOW,
        "maxTokens": agent.max_tokens,
        "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
    }
    provider = {"baseUrl": URL, "api": "openai-completions", "apiKey": "none", "models": [model]}
    (place / "models.json").write_text(json.dumps({"providers": {"local": provider}}))
    if agent.text:
        (jail.workspace / "AGENTS.md").write_text(agent.text)
    system = ("--system-prompt", agent.system_prompt) if agent.system_prompt else ()
    kept = ",".join(tool for tool in TOOLS if tool not in agent.disabled_tools)
    tools = ("--tools", kept) if agent.disabled_tools else ()
    return Start(
        argv=(
            *("/opt/node/node", f"/opt/pi/{PLACE}", "--print", "--mode", "json", "--offline"),
            *("--provider", "local", "--model", "model", "--no-session"),
            *(*system, *tools, *agent.args, task),
        ),
        environment={
            "PI_CODING_AGENT_DIR": f"{HOME}/pi",
            "PI_OFFLINE": "1",
            "PI_TELEMETRY": "0",
        },
        shown=((folder, "/opt/pi"),),
    )


def ending(jail: Jail, status: int) -> tuple[Ending, str]:
    """How it says that it ended, from the last message of its model."""
    for line in reversed(jail.stdout.read_bytes().splitlines()):
        try:
            message = json.loads(line)["message"]
            reason = str(message["stopReason"])
        except (ValueError, LookupError, TypeError):
            continue
        said = str(message.get("errorMessage") or reason)
        return ("done" if reason == "stop" else "failed"), f"pi: {said[:300]}"
    return "failed", f"pi ended with status {status} and no message: {jail.words()}"


def failed(result: str) -> bool:
    """Whether a tool's result is an error, by the words that pi has for one."""
    return bool(_FAILED.search(result))
