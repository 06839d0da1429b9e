import hashlib
import time

import msgspec
import pytest
from made_tasks import MODULE, make_task

from pytest_llmops.cases import FileHash
from pytest_llmops.errors import CaseError
from pytest_llmops.tasks.materialize import body_sha256, materialize
from pytest_llmops.tasks.sources import SourceTree

TESTS = 'import { cut } from "./text.ts";\n'


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "text.ts").write_bytes(MODULE.encode())
    (tmp_path / "text.test.ts").write_bytes(TESTS.encode())
    return SourceTree(tmp_path, "")


@pytest.fixture
def case():
    digest = hashlib.sha256(TESTS.encode()).hexdigest()
    return make_task("cut", tests=(FileHash(path="text.test.ts", sha256=digest),)).case


def test_a_case_gets_its_texts(case, tree):
    task = materialize(case, tree)
    assert (task.case, task.tree) == (case, tree)
    assert task.module.source == MODULE.encode()
    assert task.declaration.symbol == "cut"
    assert task.reference.startswith("{\n  if (text.length <= limits.size)")


def test_cases_of_one_file_share_its_module(case, tree):
    other = make_task("shout", tests=case.tests).case
    assert materialize(case, tree).module is materialize(other, tree).module


@pytest.mark.parametrize("name", ["text.ts", "text.test.ts"])
def test_a_changed_file_is_refused_with_both_digests(case, tree, name):
    found = hashlib.sha256(b"changed").hexdigest()
    (tree.root / name).write_bytes(b"changed")
    with pytest.raises(CaseError, match=rf"{name}.*{found}"):
        materialize(case, tree)


@pytest.mark.parametrize("name", ["text.ts", "text.test.ts"])
def test_a_missing_file_is_refused(case, tree, name):
    (tree.root / name).unlink()
    with pytest.raises(CaseError, match=name):
        materialize(case, tree)


def test_a_file_that_came_back_is_read_again(case, tree):
    (tree.root / "text.ts").unlink()
    with pytest.raises(CaseError):
        materialize(case, tree)
    (tree.root / "text.ts").write_bytes(MODULE.encode())
    assert materialize(case, tree).declaration.symbol == "cut"


def test_a_missing_symbol_is_refused(case, tree):
    with pytest.raises(CaseError, match="no function 'gone'"):
        materialize(msgspec.structs.replace(case, symbol="gone"), tree)


def test_another_body_than_the_mined_one_is_refused(case, tree):
    with pytest.raises(CaseError, match=r"mini:text\.ts#cut: the body of 'cut' .*mine"):
        materialize(msgspec.structs.replace(case, body_sha256="0" * 64), tree)


def test_a_body_is_hashed_with_its_braces():
    task = make_task("shout")
    expected = hashlib.sha256(b"text.toUpperCase()").hexdigest()
    assert body_sha256(task.module, task.declaration) == expected


def test_ten_thousand_cases_of_one_file_cost_little_more_than_one(case, tree):
    materialize(case, tree)
    started = time.perf_counter()
    for _ in range(10_000):
        materialize(case, tree)
    assert time.perf_counter() - started < 30  # no timing: a guard against parsing again
