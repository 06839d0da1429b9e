"""What runs within an attempt joins its trace: Traceloop's own SDK, started by the test."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from otlp_receiver import Receiver, attributes
from project import write_answers, write_benchmark

from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.runs.traces import span_id, trace_id

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "sinks.md").read_text("utf-8")
DOCUMENTED = re.search(r"```python\n(Traceloop\.init.*?)```", DOCS, re.DOTALL)[1]
AGENT = f"""
import os
from opentelemetry import context, propagate
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import workflow

{DOCUMENTED}

@workflow(name="thinking")
def think():
    pass

think()
"""
BENCHMARK = """
import os, subprocess, sys
import pytest
OUTER = os.environ.get("TRACEPARENT")

@pytest.fixture
def before():
    return os.environ.get("TRACEPARENT")

@pytest.fixture
def within(before, attempt):
    yield attempt, os.environ["TRACEPARENT"]
    assert os.environ["TRACEPARENT"] == attempt.traceparent

def test_function(before, within, attempt):
    assert before == OUTER
    assert within == (attempt, attempt.traceparent)
    assert os.environ["TRACEPARENT"] == attempt.traceparent
    assert "TRACESTATE" not in os.environ
    attempt.complete()
    attempt.grade()
    subprocess.run([sys.executable, "agent.py"], check=True)

def test_of_another_kind():
    assert os.environ.get("TRACEPARENT") == OUTER
    assert os.environ.get("TRACESTATE") == ("a=1" if OUTER else None)
"""


@pytest.fixture
def project(pytester, mined, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("TRACELOOP_TELEMETRY", "false")
    monkeypatch.setenv("TRACELOOP_METRICS_ENABLED", "false")
    monkeypatch.delenv("TRACEPARENT", raising=False)
    monkeypatch.delenv("TRACESTATE", raising=False)
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    write_answers(pytester.path)
    (pytester.path / "agent.py").write_text(AGENT)
    (pytester.path / "benchmarks" / "test_functions.py").write_text(BENCHMARK)
    return pytester


@pytest.mark.slow
@pytest.mark.parametrize("spread", ["-n0", "-n1"])
def test_spans_of_an_agent_are_children_of_the_attempt_that_started_it(
    project, monkeypatch, spread
):
    if spread == "-n1":
        monkeypatch.setenv("TRACEPARENT", f"00-{'a' * 32}-{'b' * 16}-01")
        monkeypatch.setenv("TRACESTATE", "a=1")
    with Receiver() as receiver:
        monkeypatch.setenv("TRACELOOP_BASE_URL", receiver.url)
        result = project.runpytest_subprocess(
            "benchmarks", "--model=recorded", "--sink=openllmetry", spread, "-k", "double or kind"
        )
    assert result.ret == 0
    run = read_run(find_run("latest", project.path / "runs"))
    theirs = [one for one in receiver.spans if one.name == "thinking.workflow"]
    ours = {one.span_id.hex(): one for one in receiver.spans if one not in theirs}
    traces = [trace_id(run.run.id, one.case, one.sample) for one in run.records]
    assert sorted(one.trace_id.hex() for one in theirs) == sorted(traces)
    for one in theirs:
        around = ours[one.parent_span_id.hex()]
        assert around.trace_id == one.trace_id
        assert around.span_id.hex() == span_id(one.trace_id.hex(), "attempt")
        assert around.name == "attempt 0"
        assert attributes(one)["traceloop.span.kind"] == "workflow"


def test_an_attempt_that_is_broken_off_leaves_no_trace_in_the_environment(project, monkeypatch):
    monkeypatch.setenv("TRACEPARENT", "outer")
    (project.path / "benchmarks" / "test_functions.py").write_text(
        "import os, pytest\n"
        "def test_function(attempt):\n"
        "    pytest.exit(os.environ['TRACEPARENT'])\n"
    )
    result = project.runpytest_inprocess("benchmarks", "--model=recorded", "-p", "no:xdist")
    result.stdout.re_match_lines([r".*Exit: 00-\w{32}-\w{16}-01.*"])
    assert os.environ["TRACEPARENT"] == "outer"


def test_the_sink_needs_no_package_of_traceloop(tmp_path, monkeypatch):
    (tmp_path / "traceloop.py").write_text("raise ImportError('not installed')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))  # of the process that delivers, too
    program = f"""
import sys
sys.modules["traceloop"] = None  # as where it is not installed
sys.path.insert(0, {str(ROOT / "tests" / "support")!r})
from pathlib import Path
from otlp_receiver import Receiver
from sink_project import deliver, make_records, write_run

folder = write_run(Path(sys.argv[1]), make_records(2))
with Receiver() as receiver:
    done = deliver(folder, ["openllmetry"], {{"TRACELOOP_BASE_URL": receiver.url}})
    print([one.complete for one in done.delivery.sinks], len(receiver.spans))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1:] == ["[True] 6"], done.stdout + done.stderr
