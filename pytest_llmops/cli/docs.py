"""`llmops docs`: the pages of the documentation, also where only the wheel is installed."""

import argparse
import sys
from pathlib import Path
from typing import Any

from pytest_llmops.errors import LlmopsError, nearest
from pytest_llmops.shipped import DOCS

UNSHOWN = {"index", "api", "progress", "experiments"}
"""Pages for the site, or about the project itself."""


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("docs", help="read the documentation; without a page, list it")
    command.add_argument("page", nargs="?", default="", metavar="PAGE", help="name of a page")
    command.set_defaults(run=_docs)


def pages() -> dict[str, Path]:
    """The pages by name."""
    found = {path.stem: path for path in sorted(DOCS.glob("*.md"))}
    return {name: path for name, path in found.items() if name not in UNSHOWN}


def title(path: Path) -> str:
    """The heading of a page."""
    with path.open(encoding="utf-8") as file:
        return next((line for line in file if line.startswith("# ")), "").strip("# \n")


def _docs(options: argparse.Namespace) -> int:
    known = pages()
    name = Path(options.page.partition("#")[0]).name.removesuffix(".md")
    if not options.page:
        width = max(map(len, known))
        for page, path in known.items():
            print(f"{page:{width}}  {title(path)}")
        return 0
    if name not in known:
        raise LlmopsError(
            f"docs: no page {options.page!r}{nearest(name, known)}; `llmops docs` lists them"
        )
    _show(known[name].read_text("utf-8"))
    return 0


def _show(text: str) -> None:
    """In a pager, laid out, for a person; as it is for a program."""
    if not sys.stdout.isatty():
        print(text, end="")
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    with console.pager(styles=True):
        console.print(Markdown(text, hyperlinks=False))
