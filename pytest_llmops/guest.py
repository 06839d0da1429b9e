"""What every pytest session of the environment loads: a look whether its project wants the rest.

A project opts in with a setting (`llmops_suites = ...` in its configuration file or after `-o`),
with an option that only this plugin can have (`--llmops-model=...`), with `-p llmops`, or with
`pytest_plugins = ["pytest_llmops.plugin"]`. Any other session gets no option and imports no more.

Options are declared when all of the project and of its other plugins are, because those keep their
names: where a conftest.py has a `--model` of its own, that of the plugin is `--llmops-model` alone.
"""

import copy
import os
import re
from collections.abc import Generator, Iterator
from typing import Any

import pluggy

PLUGIN = "pytest_llmops.plugin"
_NAMES = {"llmops", "pytest_llmops"}
"""After `-p`, as people write it; the name of the plugin itself needs no help."""
_WANTED = re.compile(r"""^\s*["']?llmops_\w+["']?\s*=|--llmops-[a-z]""", re.MULTILINE)
_OURS = re.compile(r"--(model|suite|gate|sink)(=|$)")

_hookimpl = pluggy.HookimplMarker("pytest")


def pytest_addoption(parser: Any, pluginmanager: Any) -> None:
    """Load the plugin where it is wanted, else say how, if its options are given all the same."""
    if pluginmanager.has_plugin(PLUGIN):
        return
    config = pluginmanager.get_plugin("pytestconfig")
    named = _NAMES.intersection(config.known_args_namespace.plugins)
    if named or any(map(_WANTED.search, _texts(config))):
        pluginmanager.import_plugin(PLUGIN)
    elif any(map(_OURS.match, config.invocation_params.args)):
        parser.extra_info["llmops"] = (
            "not in use here; for its options run `llmops init`, add the line `llmops_suites = "
            "cases/suites.toml` to the configuration file, or give -p llmops"
        )


def _texts(config: Any) -> Iterator[str]:
    """Where a project, or who calls pytest, can name the plugin."""
    yield from config.invocation_params.args
    yield os.environ.get("PYTEST_ADDOPTS", "")
    yield from config.known_args_namespace.override_ini or ()
    if config.inipath:
        yield config.inipath.read_text("utf-8", "replace")


@_hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: Any, parser: Any, args: list[str]
) -> Generator[None, Any, Any]:
    """Declare the options of the plugin last, also where a conftest.py has loaded it."""
    if early_config.pluginmanager.has_plugin(PLUGIN):
        _pass_values_over(early_config, parser, args)
    try:
        return (yield)
    finally:
        if plugin := early_config.pluginmanager.get_plugin(PLUGIN):
            from pytest_llmops.session.names import declare_last  # noqa: PLC0415 - as is all else

            early_config.stash[plugin.LEFT] = declare_last(parser)


def _pass_values_over(config: Any, parser: Any, arguments: list[str]) -> None:
    """Let no value of an option still to be declared pass for a path to look for tests in."""
    from pytest_llmops.session.names import without_values  # noqa: PLC0415

    known = parser.parse_known_args(without_values(arguments), copy.copy(config.option))
    config.known_args_namespace.file_or_dir = known.file_or_dir
