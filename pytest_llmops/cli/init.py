"""`llmops init`: a benchmark, its gate and the opt-in, written into the project in this folder."""

import argparse
import sys
from pathlib import Path
from typing import Any

from rich.prompt import Prompt

PIPELINES = ("github", "gitlab", "none")


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "init", help="write a benchmark and its gate into this project; asks, on a terminal"
    )
    command.add_argument(
        "--url",
        metavar="URL",
        help="your endpoint, with the version: https://api.example.com/v1 (default: none)",
    )
    command.add_argument("--model", metavar="NAME", help="name of the model at the endpoint")
    command.add_argument(
        "--key-env", metavar="VARIABLE", help="environment variable that holds the API key"
    )
    command.add_argument(
        "--ci", choices=PIPELINES, help="pipeline to write (default: where .git points to)"
    )
    command.add_argument(
        "--dry-run", action="store_true", help="show what would change, and change nothing"
    )
    command.add_argument("--yes", action="store_true", help="ask nothing")
    command.set_defaults(run=_init)


def _init(options: argparse.Namespace) -> int:
    from pytest_llmops.scaffold.changes import write
    from pytest_llmops.scaffold.plan import next_steps, plan
    from pytest_llmops.scaffold.wishes import Wishes

    folder = Path.cwd()
    asks = sys.stdin.isatty() and not options.yes and not options.dry_run
    given = _asked(options, folder) if asks else _given(options, folder)
    wishes = Wishes(**given)
    changes = plan(folder, wishes)
    if options.dry_run:
        print("".join(change.diff() for change in changes) or "nothing to change")
        return 0
    for change in changes:
        print(change.told())
    ask = asks and any(change.is_one for change in changes)
    if ask and Prompt.ask("write this?", choices=["y", "n"], default="y") == "n":
        return 1
    write(folder, changes)
    print(f"\n{next_steps(wishes)}", end="")
    return 0


def _given(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    return {
        "url": options.url or "",
        "model": options.model or "",
        "key_env": options.key_env or "",
        "ci": options.ci or _pipeline(folder),
    }


def _asked(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """What was not given, asked for."""
    url = options.url
    if url is None:
        url = Prompt.ask("URL of your endpoint, such as https://host/v1 (empty: none)", default="")
    model, key = options.model, options.key_env
    if url and model is None:
        model = Prompt.ask("name of the model there")
    if url and key is None:
        key = Prompt.ask("environment variable that holds its key (empty: none)", default="")
    ci = options.ci or Prompt.ask(
        "pipeline of the gate", choices=list(PIPELINES), default=_pipeline(folder)
    )
    return {"url": url, "model": model or "", "key_env": key or "", "ci": ci}


def _pipeline(folder: Path) -> str:
    """The one of the host that the git configuration names; none where it names neither."""
    try:
        text = (folder / ".git" / "config").read_text("utf-8", "replace")
    except OSError:
        return "none"
    return next((name for name in ("github", "gitlab") if f"{name}." in text), "none")
