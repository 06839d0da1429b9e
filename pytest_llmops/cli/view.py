"""`llmops view`: all runs in a browser on this machine."""

import argparse
import webbrowser
from importlib.util import find_spec
from typing import Any

from pytest_llmops.cli.arguments import add_runs, add_suites
from pytest_llmops.errors import MissingExtraError

NEEDED = ("starlette", "uvicorn", "jinja2", "plotly", "numpy", "scipy")
"""What the extra `view` brings."""


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "view", help="look at runs in a browser: compare, filter, follow, rank"
    )
    command.add_argument(
        "references", nargs="*", metavar="RUN", help="runs or files (default: all in --runs)"
    )
    command.add_argument(
        "--port", type=int, default=0, metavar="N", help="port to listen on (default: a free one)"
    )
    command.add_argument("--open", action="store_true", help="open it in your browser")
    add_runs(command)
    add_suites(command)
    command.set_defaults(run=_view)


def _view(options: argparse.Namespace) -> int:
    try:
        for package in NEEDED:
            if find_spec(package) is None:
                raise ModuleNotFoundError(name=package)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"this needs {error.name}: pip install 'pytest-llmops[view]'"
        ) from None
    from pytest_llmops.runs.reading import find_run
    from pytest_llmops.viewer.serve import serve
    from pytest_llmops.viewer.shelf import Shelf

    named = [find_run(name, options.runs) for name in options.references]
    shelf = Shelf(options.runs, named)

    def told(address: str) -> None:
        print(f"{address}\nfor this machine only; Ctrl-C ends it", flush=True)
        if options.open:
            webbrowser.open(address)

    serve(shelf, options.suites, port=options.port, on_ready=told)
    return 0
