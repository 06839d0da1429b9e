import hashlib
import multiprocessing
import os
import resource
import sqlite3
import tempfile
import time
from pathlib import Path

import msgspec
import pytest
from chat_server import completion, request

from pytest_llmops.completions import FinishReason, Loop, Message, Request, Turn
from pytest_llmops.generation.cache import CompletionCache
from pytest_llmops.seeds import derive_seed

REASONS = FinishReason.__args__
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "completions.sqlite"


@pytest.fixture
def cache(path):
    with CompletionCache(path) as opened:
        yield opened
    assert not opened.problems


def test_what_was_put_comes_back_marked_as_cached(cache):
    cache.put("run", request(), completion("x"))
    found = cache.get("run", request())
    assert found.from_cache
    assert (found.text, found.timing) == ("x", completion().timing)


def cut_on_the_way(reason):
    turns = [
        Turn(usage=completion().usage, timing=completion().timing, finish_reason=one)
        for one in (reason, "stop")
    ]
    loop = Loop(ending="done", turns=tuple(turns), seconds=1.0)
    return msgspec.structs.replace(completion(), loop=loop)


def test_an_answer_that_the_server_s_own_limit_ended_is_asked_for_again(cache):
    ends = [msgspec.structs.replace(completion(), finish_reason=one) for one in REASONS]
    found = []
    for answer in [*ends, *map(cut_on_the_way, REASONS)]:
        cache.put("run", request(), answer)
        found.append(cache.get("run", request()) is not None)
    assert found == 2 * [reason != "context" for reason in REASONS]


def test_an_entry_outlives_the_process_that_wrote_it(path):
    with CompletionCache(path) as first:
        first.put("run", request(), completion("x"))
    with CompletionCache(path) as second:
        assert second.get("run", request()).text == "x"


@pytest.mark.parametrize(
    ("identity", "asked"),
    [
        ("other run", request()),
        ("run", request("suite:b#g")),
        ("run", request(sample=1)),
        ("run", request(prompt="Write f!")),
        ("run", request(temperature=0.1)),
        ("run", request(seed=1)),
        ("run", request(stop=("x",))),
    ],
)
def test_whatever_changes_an_answer_changes_the_key(cache, identity, asked):
    cache.put("run", request(), completion())
    assert cache.get(identity, asked) is None


def test_an_answer_that_another_seed_was_drawn_with_is_asked_again(cache, monkeypatch):
    cache.put("run", request(), completion())
    assert cache.get("run", request())
    monkeypatch.setattr(Request, "seed", 1)
    assert cache.get("run", request()) is None


def test_the_seed_of_an_attempt_is_the_documented_hash():
    told = b'[7,"suite:a#f",2]'
    documented = int(hashlib.sha256(told).hexdigest()[:8], 16) >> 1
    assert request(sample=2, seed=7).seed == documented == derive_seed(7, "suite:a#f", 2)
    seeds = {derive_seed(0, f"case {case}", sample) for case in range(300) for sample in range(10)}
    assert len(seeds) >= 2999
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_the_parts_of_a_key_do_not_run_into_each_other(cache):
    cache.put("run1", request("case"), completion())
    assert cache.get("run", request("1case")) is None


def test_the_role_of_a_message_counts(cache):
    asked = request()
    turned = Message("assistant", asked.messages[1].content)
    cache.put("run", asked, completion())
    other = type(asked)(
        case_id=asked.case_id, sample=0, messages=(asked.messages[0], turned),
        sampling=asked.sampling,
    )  # fmt: skip
    assert cache.get("run", other) is None


def test_ten_thousand_gets_and_puts_take_seconds_at_most(cache):
    asked = [request(f"suite:m#f{number}") for number in range(10_000)]
    begin = time.process_time()
    for one in asked:
        assert cache.get("run", one) is None
        cache.put("run", one, completion())
    assert time.process_time() - begin < 60  # no timing: a guard against quadratic growth


def write_and_read(path, number, gate):
    gate.wait()
    with CompletionCache(path) as cache:
        for index in range(100):
            cache.put("run", request(f"own {number}", index), completion(f"{number}.{index}"))
            cache.put("run", request("shared", index), completion(f"shared {index}"))
        found = [cache.get("run", request(f"own {number}", index)) for index in range(100)]
        texts = [one.text if one else None for one in found]
        assert texts == [f"{number}.{index}" for index in range(100)], cache.problems
        assert not cache.problems


def test_processes_that_start_together_share_one_file(path):
    gate = SPAWN.Event()
    writers = [SPAWN.Process(target=write_and_read, args=(path, n, gate)) for n in range(4)]
    for writer in writers:
        writer.start()
    gate.set()
    for writer in writers:
        writer.join(20)
    assert [writer.exitcode for writer in writers] == [0] * 4
    with CompletionCache(path) as cache:
        for number in range(4):
            assert cache.get("run", request(f"own {number}", 99)).text == f"{number}.99"


def put_and_die(path):
    cache = CompletionCache(path)
    cache.put("run", request(), completion("last words"))
    os.kill(os.getpid(), 9)


def test_a_killed_process_loses_nothing(path):
    victim = SPAWN.Process(target=put_and_die, args=(path,))
    victim.start()
    victim.join(20)
    assert victim.exitcode == -9
    with CompletionCache(path) as cache:
        assert cache.get("run", request()).text == "last words"


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 4\0" + b"x" * 4096])
def test_a_file_that_is_no_database_is_moved_aside(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with CompletionCache(path) as cache:
        (problem,) = cache.problems
        assert "was not a database; moved to completions.sqlite.broken-" in problem
        cache.put("run", request(), completion("x"))
        assert cache.get("run", request()).text == "x"
    (aside,) = path.parent.glob("*.broken-*")
    assert aside.read_bytes() == content


def test_an_empty_file_is_a_new_cache(path):
    path.parent.mkdir()
    path.touch()
    with CompletionCache(path) as cache:
        cache.put("run", request(), completion("x"))
        assert cache.get("run", request()).text == "x"
        assert not cache.problems


def test_a_database_of_something_else_is_left_alone(path):
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE photographs (name)")
    other.close()
    before = path.read_bytes()
    with CompletionCache(path) as cache:
        assert "database of something else" in cache.problems[0]
        cache.put("run", request(), completion())
        assert cache.get("run", request()) is None
        assert cache.lost == 1
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("photographs",)]
    other.close()
    assert len(path.read_bytes()) == len(before)


def test_a_file_of_another_version_is_left_alone(path):
    with CompletionCache(path):
        pass
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA user_version = 7")
    other.close()
    with CompletionCache(path) as cache:
        assert "version 7, this program writes 1" in cache.problems[0]


def test_a_path_that_cannot_be_a_file_is_reported_and_harmless(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "below"):
        with CompletionCache(path) as cache:
            cache.put("run", request(), completion())
            cache.put("run", request(), completion())
            assert cache.get("run", request()) is None
            assert len(cache.problems) == 1
            assert str(path) in cache.problems[0]
            assert cache.lost == 2


def test_a_locked_cache_is_reported_once_and_harmless(path):
    with CompletionCache(path, patience=0.05) as cache:
        cache.put("run", request(), completion("before"))
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        for sample in (1, 2, 3):
            cache.put("run", request(sample=sample), completion())
        holder.close()
        assert cache.lost == 3
        (problem,) = cache.problems
        assert "cannot be written (database is locked)" in problem
        assert cache.get("run", request()).text == "before"


def test_a_cache_locked_from_the_start_is_reported_and_harmless(path):
    path.parent.mkdir()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with CompletionCache(path, patience=0.05) as cache:
        holder.close()
        cache.put("run", request(), completion())
        assert cache.get("run", request()) is None
        assert "cannot be used (database is locked)" in cache.problems[0]


def test_a_damaged_file_is_a_miss_and_reported_once(path):
    with CompletionCache(path) as cache:
        for sample in range(200):
            cache.put("run", request(sample=sample), completion("x" * 500))
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    with CompletionCache(path) as cache:
        assert [cache.get("run", request(sample=sample)) for sample in range(3)] == [None] * 3
        (problem,) = cache.problems
        assert "cannot be read (database disk image is malformed)" in problem


def test_an_entry_of_another_form_is_a_miss(path):
    with CompletionCache(path) as cache:
        cache.put("run", request(), completion())
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("UPDATE completions SET completion = '{}'")
        other.close()
        assert cache.get("run", request()) is None
        assert "cannot be read" in cache.problems[0]


def use_read_only(path, results):
    if os.geteuid() == 0:
        os.setuid(65534)  # permissions do not bind root
    with CompletionCache(path) as cache:
        cache.put("run", request(sample=1), completion())
        found = cache.get("run", request())
        results.put((found and found.text, cache.lost, cache.problems))


@pytest.fixture
def open_folder():
    """A folder that the user nobody can enter; those of pytest are shut at each of its starts."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_read_only_cache_still_answers(open_folder):
    path = open_folder / "completions.sqlite"
    with CompletionCache(path) as cache:
        cache.put("run", request(), completion("kept"))
    path.chmod(0o444)
    open_folder.chmod(0o555)
    text, lost, problems = in_child(use_read_only, path)
    open_folder.chmod(0o755)
    assert (text, lost, len(problems)) == ("kept", 1, 1)
    assert "cannot be written" in problems[0]


def fill_disk(path, results):
    with CompletionCache(path) as cache:
        cache.put("run", request(), completion("kept"))
        size = 64 * 1024
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        for sample in range(1, 50):
            cache.put("run", request(sample=sample), completion("x" * 10_000))
        found = cache.get("run", request())
        results.put((found and found.text, cache.lost > 30, cache.problems))


def test_a_full_disk_loses_entries_and_not_the_run(path):
    text, lost, problems = in_child(fill_disk, path)
    assert (text, lost, len(problems)) == ("kept", True, 1)
    assert "cannot be written" in problems[0]


def in_child(target, path):
    results = SPAWN.Queue()
    child = SPAWN.Process(target=target, args=(path, results))
    child.start()
    try:
        return results.get(timeout=20)
    finally:
        child.join(20)


def test_a_closed_cache_misses_and_counts(path):
    cache = CompletionCache(path)
    cache.close()
    cache.close()
    cache.put("run", request(), completion())
    assert cache.get("run", request()) is None
    assert cache.lost == 1
