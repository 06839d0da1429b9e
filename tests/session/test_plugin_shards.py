"""A selection divided among sessions, and their runs put together."""

import asyncio
import shutil
import threading

import pytest
from chat_server import ChatServer, answer
from project import SUITES, write_benchmark
from sessions import run_session

from pytest_llmops.cli.main import main
from pytest_llmops.runs.reading import find_run, read_run


@pytest.fixture
def project(pytester, mined, monkeypatch):
    """Two suites of one source file, and so of one shard, each."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    cases = pytester.path / "cases"
    shutil.copytree(mined / "cases", cases)
    shutil.copytree(cases / "mini", cases / "twin")
    (cases / "suites.toml").write_text(SUITES + SUITES.replace("mini", "twin"))
    manifest = (cases / "mini.jsonl").read_text()
    (cases / "twin.jsonl").write_text(manifest.replace("mini:", "twin:"))
    write_benchmark(pytester.path)
    return pytester


@pytest.fixture
def url():
    """A model that answers no code, served from a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = ChatServer(answer("no code"), models=[{"id": "m"}])
    yield asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
    asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def run(project, *arguments):
    result = run_session(project, "benchmarks", *arguments)
    return result, result.stdout.str() + result.stderr.str()


def test_sessions_attempt_their_shards_and_the_merged_run_is_that_of_one_session(
    project, url, monkeypatch
):
    model, runs = f"--model=openai:m@{url}", project.path / "runs"
    for number, workers in ((1, ()), (2, ("-n", "2"))):
        result, said = run(project, model, f"--shard={number}/2", *workers)
        assert result.ret == 0
        assert f": shard {number}/2, 3 of 6 eval cases" in said
    names = [path.name for path in sorted(runs.iterdir())]
    monkeypatch.chdir(project.path)
    assert main(["merge", *names]) == 0
    merged = read_run(find_run("latest", runs))
    assert set(merged.run.merged) == set(names)
    run(project, model)
    whole = read_run(find_run("latest", runs))
    assert (merged.run.suite_hash, merged.run.attempts) == (whole.run.suite_hash, 6)
    asked = [{(r.case, r.prompt_sha256, r.outcome) for r in one.records} for one in (merged, whole)]
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--shard=3/2"], "--shard: '3/2' is no part of a selection; write I/N, as in 2/4"),
        (["--shard-by=latest"], "--shard-by needs --shard I/N"),
        (["--shard=1/2", "--gate=base"], "--gate with --shard would judge a part of the cases"),
        (["--shard=1/2", "--shard-by=gone"], "No runs yet in"),
        (["--shard=1/3"], "some shards would have none; make at most 2"),
        (["--shard=3/3"], "--shard=3/3: the cases lie in 2 source files"),
    ],
)
def test_what_makes_no_shard_is_a_usage_error(arguments, message, project):
    result, said = run(project, "--model=openai:m@http://127.0.0.1:9/v1", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in " ".join(said.split())
