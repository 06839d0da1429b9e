import pytest
from python_tree import SOURCE, answered, fenced, python_tree

from pytest_llmops.cases import Case, FileHash
from pytest_llmops.grading.complexity import complexity
from pytest_llmops.grading.extract import extract
from pytest_llmops.mining.mutants import mutants
from pytest_llmops.tasks.code.languages import PYTHON_3, language_of, parse_module, syntax_errors
from pytest_llmops.tasks.code.modules import find, replace_body
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.prompts.prompt import build_messages

LIBRARY = '''\
"""A library."""

from __future__ import annotations

import re
from collections.abc import Iterator

LIMIT = 3


# Says what it is.
@cached(
    size=1,
)
async def fetch(url: str, *, tries=LIMIT) -> str:  # as it is
    """Fetch a page."""
    # never twice
    text = """
of two lines
"""
    return text


@overload
def twice(value: int) -> int: ...
def twice(value):
    yield value
    yield value


def short(): return 1


def told():
    """Nothing but this."""


class Store:
    """Keeps."""

    kept: int = 0

    @staticmethod
    def key(name: str) -> str:
        return name

    def __init__(self):
        self.kept = 0

    def put(self, name, /, *values):
        self.kept += 1
        return values


if LIMIT:

    def hidden():
        return 1
'''


def library():
    return parse_module(LIBRARY.encode(), "lib.py")


def test_functions_and_methods_with_a_body_of_their_own_are_found():
    symbols = [one.symbol for one in library().declarations]
    assert symbols == ["fetch", "twice", "Store.key", "Store.put"]
    assert library().errors == 0


def test_the_body_begins_behind_the_docstring_with_its_comments():
    module = library()
    found = find(module, "fetch")
    assert found.signature.endswith('"""Fetch a page."""\n    ')
    assert module.body(found).startswith("# never twice\n    text =")
    assert (found.doc, found.is_async, found.indent) == ("# Says what it is.", True, "    ")
    assert found.overloads == ("@cached(\n    size=1,\n)",)


@pytest.mark.parametrize(
    ("symbol", "argument"), [("fetch", "url"), ("Store.key", "name"), ("Store.put", "name")]
)
def test_the_first_argument_is_the_first_that_a_caller_gives(symbol, argument):
    assert PYTHON_3.first_argument(find(library(), symbol)) == argument


@pytest.mark.parametrize("symbol", ["fetch", "twice", "Store.key", "Store.put"])
def test_every_trivial_body_is_valid_in_every_function(symbol):
    module = library()
    declaration = find(module, symbol)
    assert replace_body(module, declaration, module.body(declaration)) == LIBRARY
    names = [one.name for one in mutants(module, declaration)]
    assert names[:4] == ["throw", "empty", 'return ""', "return []"]
    for mutant in mutants(module, declaration):
        changed = replace_body(module, declaration, mutant.body)
        assert syntax_errors(changed.encode(), "lib.py") == 0, changed
        compile(changed.replace("async def", "def"), "lib.py", "exec")


def test_a_marker_runs_before_the_body():
    module = library()
    for one in module.declarations:
        ((place, text),) = PYTHON_3.marked(one, "mark()")
        changed = module.source[:place] + text + module.source[place:]
        assert syntax_errors(changed, "lib.py") == 0, changed.decode()


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ("return 1", 1),
        ("if a and b:\n        return 1\n    elif c:\n        return 2", 4),
        ("return [x for x in a if x] if a else b", 4),
        ("try:\n        f()\n    except E:\n        pass\n    while a:\n        pass", 3),
    ],
)
def test_the_paths_through_a_body_are_counted(body, paths):
    assert complexity(body, "a.py") == paths


def test_an_ending_says_the_language():
    assert language_of("a/b.py") is PYTHON_3
    assert language_of("a/b.ts") is language_of("a/b.txt")


@pytest.fixture
def task(tmp_path):
    return made(tmp_path, SOURCE, "doubled")


def made(folder, source, symbol):
    tree = python_tree(folder, source)
    module = parse_module(source.encode(), "numbers_lib.py")
    case = Case(
        id=f"own:numbers_lib.py#{symbol}",
        split="eval",
        difficulty="easy",
        source=FileHash(path="numbers_lib.py", sha256=""),
        symbol=symbol,
        body_sha256="",
        body_lines=1,
        complexity=1,
        tests=(),
        fail_to_pass=("x",),
        pass_to_pass=(),
    )
    return Task(case, module, find(module, symbol), tree)


def test_the_question_shows_signature_docstring_and_the_file_around_but_no_body(task):
    (message,) = build_messages(task, context_tokens=1000)
    text = message.content
    assert "Write the Python function `doubled`." in text
    assert text.endswith(
        '```python\ndef doubled(value: int, times: int = 1) -> int:\n    """Double a number so many'
        ' times."""\n    # ...\n```'
    )
    assert "# doubled goes here" in text
    assert "class Counter:" in text
    assert "shifting" not in text
    assert "<<" not in text


def test_the_class_of_a_method_is_shown_around_it(tmp_path):
    (message,) = build_messages(made(tmp_path, SOURCE, "Counter.add"), context_tokens=60)
    assert 'class Counter:\n    """Counts."""' in message.content
    assert "    # Counter.add goes here" in message.content
    assert "self.count += step" not in message.content


FILE = "def doubled(value: int, times: int = 1) -> int:\n    "
DOC = '"""Double a number so many times."""\n    '


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            fenced("def doubled(value, times=1):\n    return value << times"),
            "return value << times",
        ),
        ("def doubled(value, times=1):\n    return value << times", "return value << times"),
        (fenced("    return value << times"), "return value << times"),
        (fenced(">>> def doubled(value, times=1):\n...     return 2"), "return 2"),
        (
            "<think>\n```\ndef doubled(): return 0\n```\n</think>\n" + fenced(f"{FILE}return 5"),
            "return 5",
        ),
        (fenced(f"{FILE}return 1") + fenced(f"{FILE}return 2"), "return 2"),
        (fenced(f"{FILE}return 1") + fenced(f"{FILE}pass"), "return 1"),
        (fenced(f"{FILE}return 1\n\nprint(doubled(2))"), "return 1"),
    ],
)
def test_the_function_takes_its_place_under_the_signature_of_the_file(task, text, kept):
    found = extract(text, task)
    assert found.file_text == SOURCE.replace("# by shifting\n    return value << times", kept)
    assert found.syntax_errors == 0


def test_other_parameters_come_with_their_own_signature(task):
    found = extract(fenced("def doubled(number):\n  return number"), task)
    assert "\ndef doubled(number):\n" in found.file_text
    assert "return number\n" in found.file_text
    assert found.syntax_errors == 0


def test_what_the_function_uses_comes_with_it_and_nothing_else(task):
    code = "import os, re\nfrom math import floor\n\nSTEP = 2\n\ndef other():\n    return STEP\n\n"
    code += (
        "def unused():\n    return 1\n\n" + f"{FILE}return floor(other())\n\nassert doubled(1)\n"
    )
    found = extract(fenced(code), task)
    for used in ("from math import floor", "STEP = 2", "def other():\n    return STEP"):
        assert found.file_text.count(used) == 1
    assert "unused" not in found.file_text
    assert "import os" not in found.file_text
    assert "assert" not in found.file_text
    compile(found.file_text, "a.py", "exec")


@pytest.mark.parametrize(
    "code",
    [
        "class Counter:\n    def add(self, step):\n        text = '''\nx'''\n"
        "        return self._more(text)\n\n    def _more(self, text):\n        return text\n",
        "def add(self, step):\n    text = '''\nx'''\n    return self._more(text)\n",
    ],
)
def test_a_method_is_found_in_its_class_and_alone(tmp_path, code):
    found = extract(fenced(code), made(tmp_path, SOURCE, "Counter.add"))
    assert "        text = '''\nx'''\n        return self._more(text)" in found.file_text
    assert ("def _more" in found.file_text) == ("def _more" in code)
    compile(found.file_text, "a.py", "exec")


def test_a_torn_function_is_a_syntax_error(task):
    found = extract("```python\ndef doubled(value, times=1):\n    return (value <<", task)
    assert found.syntax_errors > 0


@pytest.mark.parametrize("text", ["", "I cannot do that.", "```json\n{}\n```"])
def test_what_is_no_code_is_no_answer(task, text):
    assert extract(text, task) is None
    assert answered(text).text == text
