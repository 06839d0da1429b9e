"""mini-swe-agent (PyPI), which has one tool: a shell.

It has no file of rules of its own; rules come behind the task. Its exit status is 0 for most ways
of giving up, so what counts is the status in its trajectory.
"""

import json
import sys
from pathlib import Path

from pytest_llmops.agents.installed import python_package
from pytest_llmops.agents.jail import HOME, URL, Jail, Start
from pytest_llmops.agents.settings import ProgramAgent
from pytest_llmops.completions import Ending

VERSION = "2.4.6"
PLACE = "venv/bin/mini"
DONE = "Submitted"
TOOLS = NEEDLESS = ()
"""Its shell is all it has, which cannot be turned off."""


def install(folder: Path, version: str) -> None:
    """Make an environment that has it."""
    python_package(f"mini-swe-agent=={version}", folder)


def prepare(agent: ProgramAgent, jail: Jail, folder: Path, task: str) -> Start:
    """Make the folder of its settings."""
    (jail.home / "config").mkdir()
    rules = f"\n\n{agent.text}" if agent.text else ""
    system = (
        ("-c", "mini.yaml", "-c", f"agent.system_template={agent.system_prompt}")
        if agent.system_prompt
        else ()
    )
    return Start(
        argv=(
            *(f"{folder}/venv/bin/mini", "-y", "--exit-immediately", "-m", "openai/model"),
            *("-t", task + rules, "-l", "0", "-o", f"{HOME}/trajectory.json"),
            *(*system, *agent.args),
        ),
        environment={
            "MSWEA_CONFIGURED": "true",
            "MSWEA_COST_TRACKING": "ignore_errors",
            "MSWEA_GLOBAL_CONFIG_DIR": f"{HOME}/config",
            "MSWEA_SILENT_STARTUP": "1",
            "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": "1",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "OPENAI_API_KEY": "none",
            "OPENAI_API_BASE": URL,
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        shown=tuple((path, str(path)) for path in _python(folder)),
    )


def ending(jail: Jail, status: int) -> tuple[Ending, str]:
    """How it says that it ended, from its trajectory."""
    place = jail.home / "trajectory.json"
    try:
        said = json.loads(place.read_bytes())["info"]["exit_status"]
    except (OSError, ValueError, LookupError, TypeError):
        return "failed", f"mini ended with status {status} and no trajectory: {jail.words()}"
    return ("done" if said == DONE else "failed"), f"mini: {said}"


def failed(result: str) -> bool:
    """Whether a command ended with another status than 0."""
    try:
        found = json.loads(result)
    except ValueError:
        return result.lstrip().lower().startswith("error")
    return isinstance(found, dict) and bool(found.get("returncode"))


def _python(folder: Path) -> tuple[Path, ...]:
    """What its interpreter needs: its environment, and what that was made from."""
    prefix = Path(sys.base_prefix).resolve()
    return (folder,) if prefix.is_relative_to("/usr") else (folder, prefix)
