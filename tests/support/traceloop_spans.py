"""What Traceloop's own decorators write: prints the attributes of a workflow's spans, by kind.

A program of its own, because `Traceloop.init` sets providers of the whole process.
"""

import json
import sys

from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import agent, task, tool, workflow

PROPERTIES = {"run_id": "r", "case_id": "c"}


@workflow(name="case")
def work():
    Traceloop.set_association_properties(PROPERTIES)
    attempt()


@agent(name="attempt")
def attempt():
    with trace.get_tracer("a model").start_as_current_span("chat"):
        pass
    turn()
    grade()


@task(name="turn")
def turn():
    use()


@tool(name="tool")
def use():
    pass


@task(name="grade")
def grade():
    pass


def main():
    memory = InMemorySpanExporter()
    Traceloop.init(exporter=memory, instruments=set(), disable_batch=True, telemetry_enabled=False)
    work()
    spans = memory.get_finished_spans()
    found = {span.name.partition(".")[0]: dict(span.attributes) for span in spans}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
