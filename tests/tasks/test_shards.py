import itertools

import msgspec
import pytest

from pytest_llmops.cases import Case, FileHash
from pytest_llmops.tasks.shards import Shard, divide, mean_seconds, parse_shard


def case(file, name, suite="starter"):
    return Case(
        id=f"{suite}:{file}#{name}",
        split="eval",
        difficulty="easy",
        source=FileHash(path=f"{file}.ts", sha256="0"),
        symbol=name,
        body_sha256="0",
        body_lines=1,
        complexity=1,
        tests=(),
        fail_to_pass=(),
        pass_to_pass=(),
    )


def cases(*sizes):
    """Files `f0`, `f1`, ... with so many cases each."""
    return [case(f"f{n}", f"c{m}") for n, size in enumerate(sizes) for m in range(size)]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9])
def test_every_case_is_in_one_shard_and_every_file_whole(count):
    every = cases(3, 1, 4, 1, 5, 2)
    parts = divide(every, count, {})
    assert len(parts) == count
    assert sorted(one.id for part in parts for one in part) == sorted(one.id for one in every)
    for one, other in itertools.combinations(parts, 2):
        assert not {case.cluster for case in one} & {case.cluster for case in other}
    for part in parts:
        assert list(part) == [one for one in every if one in part]


def test_shards_are_as_long_as_each_other_by_the_seconds_that_are_known():
    every = cases(1, 1, 1, 1)
    seconds = {"starter:f0#c0": 9.0, "starter:f1#c0": 3.0, "starter:f2#c0": 3.0}
    one, other = divide(every, 2, seconds)
    # What is not known counts as the mean of the others, 5 seconds.
    assert [case.cluster for case in one] == ["f0.ts"]
    assert [case.cluster for case in other] == ["f1.ts", "f2.ts", "f3.ts"]
    assert [len(part) for part in divide(cases(2, 2, 2, 2), 2, {})] == [4, 4]


def test_a_division_is_at_most_a_third_longer_than_the_best():
    for sizes in itertools.combinations_with_replacement(range(1, 6), 5):
        longest = max(map(len, divide(cases(*sizes), 2, {})))
        best = min(
            max(sum(chosen), sum(sizes) - sum(chosen))
            for r in range(6)
            for chosen in itertools.combinations(sizes, r)
        )
        assert longest <= best * 4 / 3


def test_the_order_of_files_of_equal_length_is_that_of_their_names():
    every = cases(2, 2, 2)
    shuffled = [every[4], every[5], every[0], every[1], every[2], every[3]]
    one, other = ({c.id for c in part} for part in divide(every, 2, {}))
    assert [{c.id for c in part} for part in divide(shuffled, 2, {})] == [one, other]


def test_files_of_one_name_in_two_suites_are_two():
    both = [case("a", "x"), case("a", "x", suite="other")]
    assert [len(part) for part in divide(both, 2, {})] == [1, 1]


def test_attempts_at_a_case_count_by_their_mean():
    assert mean_seconds([("a", 1.0), ("b", 4.0), ("a", 3.0)]) == {"a": 2.0, "b": 4.0}


def test_a_shard_is_written_as_its_number_of_all():
    assert parse_shard("2/4") == Shard(2, 4)
    assert str(Shard(2, 4)) == "2/4"
    assert msgspec.json.decode(msgspec.json.encode(Shard(2, 4)), type=Shard) == Shard(2, 4)


@pytest.mark.parametrize("text", ["", "2", "0/4", "5/4", "1/0", "-1/4", "1/4/2", "a/b", "1.0/4"])
def test_what_is_no_shard_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="write I/N, as in 2/4"):
        parse_shard(text)
