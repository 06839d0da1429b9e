"""What pages are made of: templates, scripts and styles that all have, numbers as people read."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pytest_llmops.report import figures
from pytest_llmops.report.figures import duration
from pytest_llmops.report.texts import visible

TEMPLATES = files("pytest_llmops.report") / "templates"

SCRIPTS = ("page.js", "charts.js", "diff.js", "detail.js", "trajectory.js", "cases.js")
"""In the order in which they run, as one script."""

STYLES = ("page.css", "cases.css", "trajectory.css", "print.css")
"""In the order in which they count, as one style."""


def own_script(*more: Traversable) -> str:
    """The script of a page: the parts that all have, and further files."""
    parts = [TEMPLATES / name for name in SCRIPTS]
    body = "\n".join(part.read_text("utf-8") for part in (*parts, *more))
    return f'"use strict";\n(() => {{\n{body}\n}})();'


def stylesheet(*more: Traversable) -> str:
    """The style of a page: what all have, and further files."""
    parts = [TEMPLATES / name for name in STYLES]
    return "".join(part.read_text("utf-8") for part in (*parts, *more))


@cache
def environment(*folders: str) -> Environment:
    """The templates of some folders, with numbers as people read them."""
    found = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("amount", "share", "bounds", "signed", "change", "percent_of_ratio"):
        found.filters[name] = getattr(figures, name)
    for name in ("interval", "metric", "probability", "dollars"):
        found.filters[name] = getattr(figures, name)
    found.filters |= {"visible": visible, "duration": duration}
    return found
