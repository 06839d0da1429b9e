import sqlite3
import threading

import msgspec
import pytest
from made_tasks import make_task
from project import SOURCE, TESTS, write_suite

from pytest_llmops.cases import FileHash
from pytest_llmops.errors import CaseError
from pytest_llmops.tasks.prompts import kept, prompt
from pytest_llmops.tasks.prompts.kept import Questions
from pytest_llmops.tasks.prompts.prompt import build_messages
from pytest_llmops.tasks.sources import SourceTree


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_suite(tmp_path)
    return SourceTree(tmp_path / "cases" / "mini", "")


@pytest.fixture
def built(monkeypatch):
    """The symbols whose questions are built."""
    symbols = []

    def build(task, **budget):
        symbols.append(task.case.symbol)
        return build_messages(task, **budget)

    monkeypatch.setattr(prompt, "build_messages", build)
    return symbols


def case(symbol, **changes):
    made = make_task(symbol, SOURCE, "small.ts", id=f"mini:small#{symbol}").case
    tests = (
        FileHash(path="small.test.ts", sha256=kept.hashlib.sha256(TESTS.encode()).hexdigest()),
    )
    return msgspec.structs.replace(made, **{"tests": tests, **changes})


def database(tmp_path):
    (path,) = (tmp_path / "cache" / "pytest-llmops" / "questions").glob("*.sqlite")
    return path


def test_a_question_is_built_once_for_all_sessions(tree, built):
    first = Questions(tree, 1000).messages(case("add"))
    assert Questions(tree, 1000).messages(case("add")) == first
    assert Questions(tree, 1000).hiding([case("add")]) == []
    assert built == ["add"]
    assert "Write the TypeScript function `add`" in first[0].content


def test_another_budget_or_instruction_is_another_question(tree, built):
    plain = Questions(tree, 1000).messages(case("add"))
    assert Questions(tree, 0).messages(case("add")) != plain
    assert "Be quick." in Questions(tree, 1000, "Be quick.").messages(case("add"))[0].content
    assert Questions(tree, 1000).messages(case("add")) == plain
    assert built == ["add"] * 3


@pytest.mark.parametrize("name", ["small.ts", "beside.ts", "deeper/beside.ts"])
def test_any_change_of_the_tree_has_questions_built_anew(name, tree, built):
    """Also one of a file's text alone, of the same length, whose time somebody sets back."""
    path = tree.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(path.read_text() if path.exists() else "export const a = 1;\n")
    before = path.stat()
    Questions(tree, 1000).messages(case("double"))
    text = path.read_text()
    path.write_text(text)
    kept.os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    Questions(tree, 1000).messages(case("double"))
    assert built == ["double"] * 2
    path.rename(tree.root / "renamed.ts")
    if name == "small.ts":
        with pytest.raises(CaseError, match=r"small\.ts: cannot be read"):
            Questions(tree, 1000).messages(case("double"))
    else:
        Questions(tree, 1000).messages(case("double"))
        assert built == ["double"] * 3


def test_what_the_manifest_says_is_part_of_the_key(tree, built):
    Questions(tree, 1000).messages(case("add"))
    for changed in ({"body_sha256": "0" * 64}, {"tests": (FileHash(path="x.ts", sha256="0"),)}):
        with pytest.raises(CaseError):
            Questions(tree, 1000).messages(case("add", **changed))
        assert Questions(tree, 1000).hiding([case("add", **changed)]) == []
    assert built == ["add"]


def test_a_question_that_hides_a_name_says_so_from_the_file_too(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "tree").mkdir()
    source = "const secretNumber = 4;\n\nexport function f(): number {\n  return secretNumber;\n}\n"
    (tmp_path / "tree" / "m.ts").write_text(source)
    one = msgspec.structs.replace(make_task("f", source, "m.ts", id="mini:m#f").case, tests=())
    tree = SourceTree(tmp_path / "tree", "")
    for _ in range(2):
        assert Questions(tree, 0).hiding([one]) == ["mini:m#f"]
        assert Questions(tree, 1000).hiding([one]) == []


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_broken_file_is_begun_anew(content, tree, built, tmp_path):
    first = Questions(tree, 1000).messages(case("add"))
    database(tmp_path).write_bytes(content)
    assert Questions(tree, 1000).messages(case("add")) == first
    assert Questions(tree, 1000).messages(case("add")) == first
    assert built == ["add"] * 2


def test_where_nothing_can_be_written_a_question_is_built_once_a_session(
    tree, built, tmp_path, monkeypatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    questions = Questions(tree, 1000)
    assert questions.messages(case("add")) == questions.messages(case("add"))
    assert built == ["add"]


def test_a_file_that_takes_no_more_is_left_for_memory(tree, built, tmp_path):
    questions = Questions(tree, 1000)
    questions.messages(case("add"))
    other = sqlite3.connect(database(tmp_path), isolation_level=None)
    other.execute("DROP TABLE questions")
    assert questions.messages(case("double")) == questions.messages(case("double"))
    assert built == ["add", "double"]


def test_questions_of_older_states_and_of_trees_long_unused_are_deleted(
    tree, built, tmp_path, monkeypatch
):
    monkeypatch.setattr(kept, "STALE", 1)
    for number in range(4):
        (tree.root / "beside.ts").write_text("a" * number)
        for _ in range(2):  # those of this state stay
            Questions(tree, 1000).hiding([case("add")])
    rows = sqlite3.connect(database(tmp_path)).execute("SELECT count(*) FROM questions").fetchone()
    assert rows[0] == 2
    assert len(built) == 4
    old = database(tmp_path)
    kept.os.utime(old, (0, 0))
    other = SourceTree(tmp_path / "cases", "")
    Questions(other, 1000)
    assert not old.exists()


def test_many_threads_may_ask(tree):
    questions, found = Questions(tree, 1000), []

    def ask():
        found.extend(questions.messages(case(name)) for name in ("add", "double") * 20)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 160
    assert len(set(found)) == 2
