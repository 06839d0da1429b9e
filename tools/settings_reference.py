"""The reference page of files of settings, from the values that read them (`reference.py`)."""

import ast
import inspect
import re
import sys
import typing
from collections.abc import Iterable
from typing import Any

import msgspec

import finetune.settings
from pytest_llmops import cases, local_models, models, tables
from pytest_llmops.agents import settings as agents
from pytest_llmops.session import configured

NOTE = "<!-- Written by tools/reference.py from the code: change that, and run `make docs`. -->\n"


def cell(text: str) -> str:
    """A text as it may stand between the bars of a table."""
    return text.replace("|", "\\|").strip()


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table; "" without rows."""
    lines = ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    if not lines:
        return ""
    rule = "|" + " --- |" * len(head)
    return "\n".join(["| " + " | ".join(head) + " |", rule, *lines]) + "\n"


def sentence(text: str) -> str:
    """Without line breaks; `` `NAME` `` stays as it is."""
    return " ".join(text.split())


def attribute_docs(kind: type) -> dict[str, str]:
    """The text below each field of a class."""
    tree = ast.parse(inspect.getsource(kind))
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef))
    found, last = {}, ""
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            last = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and last:
            found[last] = inspect.cleandoc(str(node.value.value))
            last = ""
        else:
            last = ""
    return found


def kind_of(annotation: Any) -> str:
    """A type as a writer of TOML thinks of it, in Markdown."""
    return re.sub(r'"[^"]*"', r"`\g<0>`", tables.words(annotation))


def default_of(field: Any) -> str:
    """Of a field, in TOML."""
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value is None or value == {} or isinstance(value, msgspec.Struct):
        return ""
    if isinstance(value, tuple | list):
        return f"`{msgspec.json.encode(value).decode().replace(',', ', ')}`"
    return f"`{msgspec.json.encode(value).decode()}`"


def keys(kind: type, *leave_out: str) -> str:
    """The table of the keys of one kind of TOML table."""
    told = attribute_docs(kind)
    hints = typing.get_type_hints(kind, include_extras=True)
    rows = []
    for field in msgspec.structs.fields(kind):
        if field.name in leave_out:
            continue
        if field.name not in told:
            sys.exit(f"reference: {kind.__name__}.{field.name} has no text below it")
        rows.append(
            (
                f"`{field.name}`",
                kind_of(hints[field.name]),
                default_of(field),
                sentence(told[field.name]),
            )
        )
    return table(("Key", "Value", "Default", "Meaning"), rows)


def settings() -> str:
    """What pytest's configuration file may say."""
    rows: list[tuple[str, str, str]] = []

    def note(name: str, text: str, default: Any, **_: Any) -> None:
        rows.append((f"`{name}`", f"`{default}`" if default else "", text))

    configured.declare(note)
    return table(("Setting", "Default", "Meaning"), rows)


CONFIGURATION = """\
# Configuration

{note}
A key that a table does not know is an error that names it. Paths are relative to the file that they
stand in.

## pytest's configuration file

`pytest.ini`, `pyproject.toml` (`[tool.pytest.ini_options]`), `tox.ini` or `setup.cfg`. Any of these
settings [opts the project in](running.md#where-the-plugin-takes-part):

{settings}
## models.toml

Each table is a model; its name is what `--model` takes. Which of `weights`, `adapter`, `url` and
`replay` it has decides what kind of model it is. [Models](models.md) has examples.

### A local model: weights

{local}
### An adapter: base and adapter

{adapter}
### An endpoint: url

{endpoint}
### Prices of an endpoint

The table `prices`, in US dollars per million tokens:

{prices}
### Recorded answers: replay

{replayed}
## suites.toml

Each table is a suite: its cases and a source tree, which is a `folder`, a `repository` with
`commit`, or an `sdist` with `sha256`. [Cases](cases.md) has examples.

{suite}
## agents.toml

Each table is an agent; its name is what `--agent` takes. [Agents](agents.md) has examples.

### The loop that repairs: kind = "repair"

{repair}
### A program: kind = "cline", "mini", "pi" or a file of yours

{program}
### The budget of an attempt

The table `budget`:

{budget}
## finetune.toml

{finetune}
### collect

{collect}
### data

{data}
### train

{train}
### study

{study}"""


def configuration() -> str:
    """The page of files of settings."""
    tuned = finetune.settings
    return CONFIGURATION.format(
        note=NOTE,
        settings=settings(),
        local=keys(local_models.LocalModel, "name"),
        adapter=keys(local_models.AdapterModel, "name"),
        endpoint=keys(models.EndpointModel, "name"),
        prices=keys(models.Prices),
        replayed=keys(models.ReplayedModel, "name"),
        suite=keys(cases.Suite, "name", "root"),
        repair=keys(agents.RepairAgent, "name"),
        program=keys(agents.ProgramAgent, "name", "text", "tests", "place", "code"),
        budget=keys(agents.Budget),
        finetune=keys(tuned.Settings, "collect", "data", "train", "study"),
        collect=keys(tuned.Collect),
        data=keys(tuned.Data),
        train=keys(tuned.Train),
        study=keys(tuned.Study),
    )
