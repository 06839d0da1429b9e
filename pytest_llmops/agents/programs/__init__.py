"""Programs of others that can be agents, one module each; nothing else knows their names.

A module has what `adapter.Adapter` lists: the version that is run, how it gets here, how it is
started with the proxy for its model, and how it says that it has ended. A file of a user with the
same contents is an agent too, where agents.toml names it as `kind`.
"""

import hashlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

DIRECT = "direct"
"""No program and no loop: one answer."""
KINDS: tuple[str, ...] = tuple(sorted(one.name for one in pkgutil.iter_modules(__path__)))
"""Programs that need no file of the user's."""


def is_file(kind: str) -> bool:
    """Whether a kind is a user's own file."""
    return kind.endswith(".py")


@cache
def module_of(kind: str) -> ModuleType:
    """The module of a program: one of `KINDS`, or the path of a file.

    Raises:
        Exception: Whatever running a user's file raises.
    """
    if not is_file(kind):
        return import_module(f"{__name__}.{kind}")
    name = f"llmops_agent_{hashlib.sha256(kind.encode()).hexdigest()[:16]}"
    spec = spec_from_file_location(name, Path(kind))
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def unknown_tools(kind: str, names: Iterable[str]) -> str:
    """Tools that a program of `KINDS` has not got, in words; "" where it has all."""
    if is_file(kind):
        return ""
    module = module_of(kind)
    lacking = sorted({*names} - {*module.TOOLS, *module.NEEDLESS})
    known = ", ".join(module.TOOLS) or "none"
    said = f"{kind} has no {' and no '.join(map(repr, lacking))} to turn off (known: {known})"
    return said if lacking else ""
