"""The comparison: each tool asked about the same run, one after the other."""

import time
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from pytest_llmops.errors import SinkError
from pytest_llmops.observability.backend import Backend
from pytest_llmops.observability.debugging import debugging, first_link_opens
from pytest_llmops.observability.footprint import FOOTPRINTS, MLFLOW_FILE, server_memory
from pytest_llmops.observability.granularity import granularity
from pytest_llmops.observability.reading import read_back
from pytest_llmops.observability.sending import measure_sending
from pytest_llmops.observability.traceability import traceability
from pytest_llmops.observability.values import (
    Compared,
    Footprint,
    MeasuredOn,
    Tool,
    read,
)
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Run
from pytest_llmops.sinks.links import Links, read_links
from pytest_llmops.sinks.probe import place, probe
from pytest_llmops.sinks.settings import Collector, Langfuse, Mlflow, Settings
from pytest_llmops.sinks.settings import read as read_settings
from pytest_llmops.sinks.withhold import clean_record, clean_run, redactor


def compare(
    found: RecordedRun, names: Sequence[str], environment: Mapping[str, str], *, send: bool
) -> Compared:
    """Measure tools on one run; one that does not answer is said to, and the others go on.

    Args:
        found: The run, delivered to them earlier.
        names: Of sinks.
        environment: Where settings, keys and places are read.
        send: Measure delivery too, by copies that stay in the tools; else the figures of an
            earlier comparison of this run stay.

    Raises:
        SinkError: What is kept beside the run cannot be read.
    """
    folder = found.path.parent
    hide = redactor(environment)
    sent = msgspec.structs.replace(
        found,
        run=clean_run(found.run, hide),
        records=tuple(clean_record(one, hide, content=True) for one in found.records),
    )
    links = read_links(folder)
    tools = [_tool(name, sent, links, environment) for name in names]
    if send:
        tools = [_with_sending(tool, found, environment) for tool in tools]
    else:
        tools = [_with_earlier(tool, read(folder)) for tool in tools]
    return Compared(run=found.run.id, measured=time.time(), tools=tuple(tools))


def _tool(name: str, found: RecordedRun, links: Links, environment: Mapping[str, str]) -> Tool:
    """Measure one tool, or say why it could not be."""
    unknown = Tool(name=name, where="", measured_on="nothing", footprint=FOOTPRINTS[name])
    try:
        settings = read_settings(name, environment)
    except SinkError as error:
        return msgspec.structs.replace(unknown, problem=str(error))
    where = where_of(settings, environment)
    try:
        return _measured(name, settings, found, links, environment)
    except SinkError as error:
        return msgspec.structs.replace(unknown, where=where, problem=str(error))
    except Exception as error:  # noqa: BLE001 - SDKs raise anything, and a server may answer anything
        problem = f"{where} gave an unexpected answer: {type(error).__name__}: {error}"
        return msgspec.structs.replace(unknown, where=where, problem=problem[:500])


def _measured(
    name: str, settings: Settings, found: RecordedRun, links: Links, environment: Mapping[str, str]
) -> Tool:
    backend = connect(name, settings, found.run, environment)
    try:
        backend.seen.look(url_of(settings))
        readings = read_back(backend, found.run, found.records)
        opens = first_link_opens(readings, links, name, backend)
    finally:
        backend.seen.close()
    traces = backend.parts["traces"]  # the rest, too, where no part of its own is named
    parts = dict.fromkeys(("traces", "figures of the run", "log records"), traces)
    parts |= {**backend.parts, "delivery": url_of(settings)}
    posing = [name for name, url in parts.items() if backend.seen.is_stand_in(url)]
    on: MeasuredOn = "stand-in" if "traces" in posing else "server"
    if isinstance(settings, Mlflow) and settings.local:
        on = "file"
    return Tool(
        name=name,
        where=where_of(settings, environment),
        measured_on=on,
        footprint=_footprint(name, settings, on),
        problem="; ".join(backend.seen.problems),
        stand_ins=tuple(posing),
        traceability=traceability(readings),
        debugging=debugging(readings, links, name, opens=opens),
        granularity=granularity(readings),
    )


def connect(name: str, settings: Settings, run: Run, environment: Mapping[str, str]) -> Backend:
    """Import what a tool needs, and open the way to it.

    Raises:
        SinkError: It cannot be reached.
    """
    # One tool's SDK must not be needed for another.
    if isinstance(settings, Collector):
        from pytest_llmops.observability.openllmetry import Pipeline  # noqa: PLC0415

        return Pipeline(environment, run)
    (problem,) = probe([(name, settings)])
    if problem:
        raise SinkError(problem)
    if isinstance(settings, Langfuse):
        from pytest_llmops.observability.langfuse import Project  # noqa: PLC0415

        return Project(settings, run)
    from pytest_llmops.observability.mlflow import Tracking  # noqa: PLC0415

    return Tracking(settings, run)


def url_of(settings: Settings) -> str:
    """Where runs are sent."""
    return settings.uri if isinstance(settings, Mlflow) else settings.url


def where_of(settings: Settings, environment: Mapping[str, str]) -> str:
    """The place that was asked, as it may be shown."""
    if not isinstance(settings, Collector):
        return place(settings)
    from pytest_llmops.observability.openllmetry import shown  # noqa: PLC0415

    return shown(environment)


def _footprint(name: str, settings: Settings, on: MeasuredOn) -> Footprint:
    """What the tool needs, with the memory of a real server that can be seen."""
    if on == "file":
        return MLFLOW_FILE
    # Of a collector and Langfuse, the port belongs to one container of six.
    if on != "server" or not isinstance(settings, Mlflow):
        return FOOTPRINTS[name]
    return msgspec.structs.replace(FOOTPRINTS[name], memory=server_memory(settings.uri))


def _with_sending(tool: Tool, found: RecordedRun, environment: Mapping[str, str]) -> Tool:
    if tool.traceability is None:
        return tool
    replace = partial(msgspec.structs.replace, tool)
    try:
        return replace(sending=measure_sending(tool.name, found, environment))
    except SinkError as error:
        return replace(sending_problem=str(error))


def _with_earlier(tool: Tool, earlier: Compared | None) -> Tool:
    """Take over what an earlier comparison of the same run measured at the same place."""
    for one in earlier.tools if earlier else ():
        if (one.name, one.where, one.measured_on) == (tool.name, tool.where, tool.measured_on):
            return msgspec.structs.replace(
                tool, sending=one.sending, sending_problem=one.sending_problem
            )
    return tool
