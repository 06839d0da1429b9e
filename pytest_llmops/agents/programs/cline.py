"""The Cline CLI (npm `cline`), head-less, by its Linux binary.

Of what it does by itself everything is off that would reach out: telemetry, updates, its hub
daemon (a data folder of its own keeps that away), and the tools that fetch pages or start other
agents. Its exit status says nothing (0 for a run that it gave up); what it says of its end is the
last event on its output.
"""

import json
import platform
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from pytest_llmops.agents.adapter import ToolRun
from pytest_llmops.agents.installed import npm_package
from pytest_llmops.agents.jail import HOME, URL, WORKSPACE, Jail, Start
from pytest_llmops.agents.settings import ProgramAgent
from pytest_llmops.completions import Ending
from pytest_llmops.errors import AgentError

VERSION = "3.0.65"
PLACE = "bin/cline"
DIGESTS = {
    "@cline/cli-linux-x64@3.0.65": "sha512-"
    "YRDt0eNj/XEMB7DeMeOeE92jQFf7DyKGCysStxrk+mIKdO0GVPugDG4yxsmKtBouBnaRVteW3NwYEnSq2kah8A==",
}
"""Of npm tarballs, as npm writes them."""
BINARY = "/opt/cline/cline"
NEEDLESS = (
    *("fetch_web_content", "ask_question", "spawn_agent"),
    *("team_spawn_teammate", "team_shutdown_teammate", "team_task", "team_run_task"),
    *("team_cancel_run", "team_list_runs", "team_await_runs", "team_send_message"),
    *("team_broadcast", "team_read_mailbox", "team_mission_log", "team_status", "team_cleanup"),
    *("team_create_outcome", "team_attach_outcome_fragment", "team_review_outcome_fragment"),
    *("team_finalize_outcome", "team_list_outcomes"),
)
"""Tools of other agents and of the network, which are off."""
TOOLS = ("read_files", "search_codebase", "run_commands", "editor")
"""The others."""
DATE = "2026-01-01T00:00:00.000Z"


def install(folder: Path, version: str) -> None:
    """Fetch the package of this machine's binary."""
    processors = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
    processor = processors.get(platform.machine().lower())
    if sys.platform != "linux" or processor is None:
        raise AgentError(f"cline: no sandbox for {sys.platform} on {platform.machine()}")
    npm_package(f"@cline/cli-linux-{processor}@{version}", DIGESTS, folder)


def prepare(agent: ProgramAgent, jail: Jail, folder: Path, task: str) -> Start:
    """Write its settings; its task has to be more than one word."""
    data = jail.home / "data"
    settings = data / "settings"
    settings.mkdir(parents=True)
    general = {
        "telemetryOptOut": True,
        "autoUpdateEnabled": False,
        "compactionEnabled": False,
        "disabledTools": [*NEEDLESS, *agent.disabled_tools],
    }
    provider = {
        "provider": "openai-compatible",
        "apiKey": "none",
        "model": "model",
        "baseUrl": URL,
    }
    providers = {
        "version": 1,
        "lastUsedProvider": "openai-compatible",
        "modes": {},
        "providers": {
            "openai-compatible": {"settings": provider, "updatedAt": DATE, "tokenSource": "manual"}
        },
    }
    (settings / "global-settings.json").write_text(json.dumps(general))
    (settings / "providers.json").write_text(json.dumps(providers))
    if agent.text:
        (jail.workspace / ".clinerules").write_text(agent.text)
    system = ("-s", agent.system_prompt) if agent.system_prompt else ()
    return Start(
        argv=(
            *(BINARY, "--data-dir", f"{HOME}/data", "--config", f"{HOME}/config", "--json"),
            *("--auto-approve", "true", "-c", WORKSPACE, *system, *agent.args, task),
        ),
        environment={
            "CLINE_NO_AUTO_UPDATE": "1",
            "IS_TEST": "true",
            "CLINE_DATA_DIR": f"{HOME}/data",
            "CLINE_DIR": f"{HOME}/config",
        },
        shown=((folder / "bin" / "cline", BINARY),),
    )


def _events(jail: Jail) -> list[dict[str, Any]]:
    """What it wrote on its output, line by line; what is no event is left out."""
    found = []
    for line in jail.stdout.read_bytes().splitlines():
        with suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict):
                found.append(event)
    return found


def ending(jail: Jail, status: int) -> tuple[Ending, str]:
    """How it says that it ended, from its last event."""
    for event in reversed(_events(jail)):
        if event.get("type") == "run_result":
            reason = str(event.get("finishReason"))
            return ("done" if reason == "completed" else "failed"), f"cline: {reason}"
    return "failed", f"cline ended with status {status} and no result: {jail.words()}"


def tool_runs(jail: Jail) -> list[ToolRun]:
    """When each tool began and ended, from its events."""
    found, began = [], dict[str, float]()
    for event in _events(jail):
        told = event.get("event")
        if not isinstance(told, dict) or told.get("contentType") != "tool":
            continue
        with suppress(ValueError, TypeError, KeyError):
            call, when = str(told["toolCallId"]), datetime.fromisoformat(event["ts"]).timestamp()
            if told["type"] == "content_start":
                began[call] = when
            elif told["type"] == "content_end":
                start = began.pop(call)
                found.append(ToolRun(call, start, max(0.0, when - start)))
    return found


def failed(result: str) -> bool:
    """Whether a tool's result is an error."""
    try:
        found = json.loads(result)
    except ValueError:
        return result.lstrip().lower().startswith("error")
    entries = found if isinstance(found, list) else [found]
    return any(
        isinstance(one, dict) and (one.get("success") is False or bool(one.get("error")))
        for one in entries
    )
