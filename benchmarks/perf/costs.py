"""What one case costs the harness, step by step, each against its limit.

    pytest benchmarks/perf/costs.py --benchmark-autosave
    pytest benchmarks/perf/costs.py --benchmark-compare --benchmark-compare-fail=median:50%

The second compares with the last saved figures, through pytest-benchmark's own storage. The file's
name keeps it out of `pytest benchmarks`. Steps run on a spread of the starter suite's cases with
their reference solutions as answers, grading in the real sandbox; one case is one round. A step
fails where its median is beyond its limit. Steps are timed in CPU seconds of this process, which
other work on the machine changes little. Grading happens in other processes, which are killed and
so leave no account of their CPU time; it is timed by the clock, and on a busy machine is beyond
its limit for no fault of its own.

With `--benchmark-disable` nothing is timed, so nothing is held against a limit: the steps then only
have to work.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from costs_inputs import HOSTILE, answer, record, request, run_of

from pytest_llmops.cases import Case, load_suites
from pytest_llmops.generation.cache import CompletionCache
from pytest_llmops.generation.replay import Replay
from pytest_llmops.grading.extract import extract
from pytest_llmops.grading.grade import grade
from pytest_llmops.grading.graded import Grade, Quality
from pytest_llmops.grading.quality import measure
from pytest_llmops.manifests import load_cases
from pytest_llmops.runs.record import RecordFile
from pytest_llmops.sandbox import NodePool
from pytest_llmops.tasks.materialize import Task, materialize
from pytest_llmops.tasks.sources import SourceTree, open_source

pytestmark = pytest.mark.benchmark(timer=time.process_time)
ROOT = Path(__file__).parents[2]
SPREAD = 8
"""Every how manieth case of the suite is taken."""
LIMITS = {
    "grade": 133e-3,  # two threads are to judge 15 cases a second
    "extract": 15e-3,
    "hostile": 1.0,  # a megabyte made to be slow
    "quality": 15e-3,
    "materialize": 20e-3,
    "prompt": 10e-3,
    "replay": 20e-6,
    "cache_put": 5e-3,
    "cache_get": 1e-3,
    "record": 200e-6,
}
"""Seconds that the median of a step may take for one case."""


@pytest.fixture(scope="session")
def cases() -> list[Case]:
    """A spread of the starter suite."""
    return load_cases(load_suites(ROOT / "cases" / "suites.toml")["starter"])[::SPREAD]


@pytest.fixture(scope="session")
def tree() -> SourceTree:
    """The source tree of the starter suite."""
    return open_source(load_suites(ROOT / "cases" / "suites.toml")["starter"])


@pytest.fixture(scope="session")
def tasks(cases: list[Case], tree: SourceTree) -> list[Task]:
    """What the cases ask for."""
    return [materialize(case, tree) for case in cases]


@pytest.fixture
def pool(tree: SourceTree) -> Iterator[NodePool]:
    """The sandbox, warm."""
    with NodePool(tree.root) as opened:
        yield opened


def a_case_each(
    benchmark: Any, step: Callable[..., object], inputs: list[tuple[Any, ...]], repeats: int = 1
) -> list[object]:
    """Time a step with one input a round, each input in turn; returns what the rounds gave."""
    given = itertools.cycle(inputs)
    seen: list[object] = []
    benchmark.pedantic(
        lambda *arguments: seen.append(step(*arguments)),
        setup=lambda: (next(given), {}),
        rounds=len(inputs) * repeats,
        warmup_rounds=1,
    )
    return seen


def hold(benchmark: Any, name: str, cases_a_round: int = 1) -> None:
    """Fail where the median of a case is beyond the step's limit."""
    if not benchmark.enabled:
        return
    median = benchmark.stats.stats.median / cases_a_round
    benchmark.extra_info["limit_seconds_a_case"] = LIMITS[name]
    benchmark.extra_info["median_seconds_a_case"] = median
    assert median <= LIMITS[name], f"{name}: {median:.6f} s a case, {LIMITS[name]} s are allowed"


@pytest.mark.benchmark(timer=time.perf_counter)
def test_grade(benchmark: Any, tasks: list[Task], pool: NodePool) -> None:
    """Extract, run the tests in the sandbox, measure."""
    inputs = [(task, answer(task), pool) for task in tasks]
    grades = a_case_each(benchmark, grade, inputs)
    assert all(isinstance(one, Grade) and one.solved for one in grades)
    hold(benchmark, "grade")


def test_extract(benchmark: Any, tasks: list[Task]) -> None:
    """Find the function in an ordinary answer."""
    found = a_case_each(benchmark, extract, [(answer(task).text, task) for task in tasks], 5)
    assert all(found)
    hold(benchmark, "extract")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_extract_from_hostile_text(benchmark: Any, tasks: list[Task], text: str) -> None:
    """Find nothing, soon."""
    benchmark.pedantic(extract, (text, tasks[0]), rounds=3)
    hold(benchmark, "hostile")


def test_quality(benchmark: Any, tasks: list[Task]) -> None:
    """Count lines, prose, comments, paths and repetition."""
    texts = [answer(task).text for task in tasks]
    inputs = [(text, extract(text, task), task) for text, task in zip(texts, tasks, strict=True)]
    assert all(isinstance(one, Quality) for one in a_case_each(benchmark, measure, inputs, 5))
    hold(benchmark, "quality")


def test_materialize(benchmark: Any, cases: list[Case], tree: SourceTree) -> None:
    """Read, verify and parse a file, and find the function; neighbours share the parsed file."""
    made = a_case_each(benchmark, materialize, [(case, tree) for case in cases], 5)
    assert all(isinstance(task, Task) for task in made)
    hold(benchmark, "materialize")


def test_prompt(benchmark: Any, tasks: list[Task]) -> None:
    """Choose what of the file is shown, and ask."""
    assert all(a_case_each(benchmark, request, [(task,) for task in tasks], 5))
    hold(benchmark, "prompt")


def test_replay(benchmark: Any, tasks: list[Task]) -> None:
    """Hand out a recorded answer: the least that a harness costs."""
    completion = answer(tasks[0])
    asked = [
        msgspec.structs.replace(request(tasks[0]), case_id=f"starter:{number}")
        for number in range(10_000)
    ]
    recorded = {one.key: completion for one in asked}

    def session() -> int:
        replay = Replay(recorded)
        replay.start({one.key: one for one in asked})
        return sum(len(replay.await_completion(one.key).text) for one in asked)

    given = benchmark.pedantic(session, rounds=5, warmup_rounds=1)
    assert given == len(asked) * len(completion.text)
    hold(benchmark, "replay", len(asked))


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[CompletionCache]:
    """A cache on the local disk."""
    with CompletionCache(tmp_path / "completions.sqlite") as opened:
        yield opened
    assert not opened.problems


def test_cache_put(benchmark: Any, tasks: list[Task], cache: CompletionCache) -> None:
    """Keep an answer; each is a transaction."""
    runs = [f"run {number}" for number in range(5)]
    inputs = [(run, request(task), answer(task)) for run in runs for task in tasks]
    a_case_each(benchmark, cache.put, inputs)
    hold(benchmark, "cache_put")


def test_cache_get(benchmark: Any, tasks: list[Task], cache: CompletionCache) -> None:
    """Find an answer."""
    asked = [request(task) for task in tasks]
    for one, task in zip(asked, tasks, strict=True):
        cache.put("run", one, answer(task))
    assert all(a_case_each(benchmark, cache.get, [("run", one) for one in asked], 5))
    hold(benchmark, "cache_get")


def test_record(benchmark: Any, tasks: list[Task], tmp_path: Path) -> None:
    """Encode a record with its prompt and answer, and append it to the file."""
    file = RecordFile(tmp_path, run_of(tasks))
    a_case_each(benchmark, file.write, [(record(task),) for task in tasks], 20)
    file.close()
    assert len(file.path.read_bytes().splitlines()) > 1  # the run, and records
    hold(benchmark, "record")
