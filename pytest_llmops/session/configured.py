"""What the configuration file of pytest can say: one of these settings, and a project opts in."""

from collections.abc import Callable
from typing import Any

import msgspec


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """What the pytest configuration file says, with its defaults."""

    models: str = "models.toml"
    """File that names the models."""
    suites: str = "cases/suites.toml"
    """File that names the suites."""
    agents: str = "agents.toml"
    """File that names the agents."""
    baselines: str = "benchmarks/baselines"
    """Folder of the baselines that `--gate` knows by name."""
    sinks: tuple[str, ...] = ()
    """Sinks of every session that names none."""


def declare(add: Callable[..., None]) -> None:
    """Declare the settings of the configuration file; `add` takes what `addini` takes."""
    default = Configured()
    add("llmops_models", "file that names the models", default=default.models)
    add("llmops_agents", "file that names the agents", default=default.agents)
    add("llmops_suites", "file that names the suites", default=default.suites)
    add(
        "llmops_baselines",
        "folder of the baselines that --gate knows by name",
        default=default.baselines,
    )
    add("llmops_sinks", "sinks that every run is sent to", type="args", default=())


def configured(read: Callable[[str], Any]) -> Configured:
    """The settings of the configuration file; `read` takes their names there."""
    return Configured(
        models=read("llmops_models"),
        suites=read("llmops_suites"),
        agents=read("llmops_agents"),
        baselines=read("llmops_baselines"),
        sinks=tuple(read("llmops_sinks")),
    )
