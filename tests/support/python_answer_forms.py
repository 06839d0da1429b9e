"""The forms an answer in Python may have: one file, four functions of it, each form as a text.

What a file with an answer in it does is told by `solves`, which runs it here: no text of a stranger
is among these.
"""
# ruff: noqa: ARG005, E501, PLW0108 - a table, one form a line

import json

SOURCE = '''\
"""Words."""

import re

MARK = "."
_seen = set()


def is_word(text: str) -> bool:
    return bool(re.match("[a-z]", text, re.I))


def initials(text: str, size: int = 2, *, mark: str | None = None) -> str:
    """First letters of the words.

    Each with a mark behind it.
    """
    mark = MARK if mark is None else mark
    words = [one for one in text.split(" ") if is_word(one)][:size]
    return "".join(one[0].upper() + mark for one in words)


class Ledger:
    """Sums."""

    def __init__(self):
        self._sums = {}
        self.last = ""

    def book(self, name: str, amount: int) -> int:
        """Book an amount and return the sum."""
        total = self._sums.get(name, 0) + amount
        self._sums[name] = total
        self.last = name
        return total

    def _line(self, name):
        return f"{name}={self._sums.get(name)}"

    def report(self):
        return self._line(self.last)

    @staticmethod
    def clean(name: str) -> str:
        return name.strip().lower()

    @property
    def size(self) -> int:
        return len(self._sums)


def label(text):
    known = text in _seen
    _seen.add(text)
    return f"{is_word(text)}{MARK}{max(1, 2)}{known}"
'''
CHECKS = {
    "initials": "assert [initials('ann bo cid', 2), initials('ann 4 bo', 3, mark='-'), initials('1 2')] == ['A.B.', 'A-B-', '']",
    "Ledger.book": "one = Ledger()\nassert [one.book('a', 2), one.book('b', 3), one.book('a', 5)] == [2, 3, 7]\nassert one.report() == 'a=7'",
    "Ledger.clean": "assert [Ledger.clean(' A '), Ledger().clean('b')] == ['a', 'b']",
    "Ledger.size": "one = Ledger()\none.book('a', 1)\nassert one.size == 1",
}
THE_REST = "assert [label('abc'), label('abc')] == ['True.2False', 'True.2True']"
RIGHT = {
    "initials": """\
mark = "." if mark is None else mark
found = []
for one in text.split(" "):
    if re.match("[a-z]", one, re.I):
        found.append(one[0].upper() + mark)
return "".join(found[:size])""",
    "Ledger.book": """\
total = amount + self._sums.get(name, 0)
self._sums[name] = total
self.last = name
return total""",
    "Ledger.clean": "return name.lower().strip()",
    "Ledger.size": "return len(self._sums.keys())",
}
WRONG = {
    "initials": RIGHT["initials"].replace("[:size]", "[: size + 1]"),
    "Ledger.book": RIGHT["Ledger.book"].replace("amount +", "1 + amount +"),
    "Ledger.clean": "return name.lower()",
    "Ledger.size": "return len(self._sums) + 1",
}
HEADS = {
    "initials": "def initials(text: str, size: int = 2, *, mark: str | None = None) -> str:",
    "Ledger.book": "def book(self, name: str, amount: int) -> int:",
    "Ledger.clean": "@staticmethod\ndef clean(name: str) -> str:",
    "Ledger.size": "@property\ndef size(self) -> int:",
}


def solves(file_text, symbol):
    """Whether the file does what is asked, and the rest of it what it did."""
    space = {"__name__": "words"}
    try:
        exec(compile(f"{file_text}\n{CHECKS[symbol]}\n{THE_REST}", "words.py", "exec"), space)
    except Exception as error:  # noqa: BLE001 - whatever an answer raises
        return f"{type(error).__name__}: {error}"
    return True


def inside(code, step="    "):
    return "\n".join(f"{step}{line}" if line.strip() else line for line in code.split("\n"))


def whole(symbol, body, head=""):
    return f"{head or HEADS[symbol]}\n{inside(body)}"


def fenced(code, label="python", fence="```"):
    return f"{fence}{label}\n{code}\n{fence}"


def marked(code, mark):
    return "\n".join(f"{mark}{line}" for line in code.split("\n"))


ASSERTS = '"""Doc."""\nassert False, "to come"'
AID = "def aid(v):\n    return v"


def stub(symbol):
    return whole(symbol, "# ...")


def in_class(symbol, body):
    code = whole(symbol, body)
    return f"class Ledger:\n{inside(code)}" if "." in symbol else code


def with_line(body, line):
    """The body behind one more line."""
    return f"{line}\n{body}"


def file_with(symbol, body):
    """The whole file with the function answered."""
    lines = SOURCE.split("\n")
    name = symbol.rpartition(".")[2]
    at = next(at for at, line in enumerate(lines) if line.strip().startswith(f"def {name}("))
    margin = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    end = next(
        end
        for end in range(at + 1, len(lines))
        if lines[end].strip() and not lines[end].startswith(margin + " ")
    )
    start = at - HEADS[symbol].count("\n")
    return "\n".join([*lines[:start], inside(whole(symbol, body), margin), "", *lines[end:]])


def unified(symbol, body):
    return (
        f"--- a/words.py\n+++ b/words.py\n@@ -1,3 +1,5 @@\n{marked(HEADS[symbol], ' ')}\n"
        f"-    # ...\n{marked(inside(body), '+')}"
    )


def patch(symbol, body):
    head = HEADS[symbol].rpartition("\n")[2]
    change = f"@@ {head}\n-    # ...\n{marked(inside(body), '+')}"
    return f"*** Begin Patch\n*** Update File: words.py\n{change}\n*** End Patch"


def search(symbol, body, first="<<<<<<< SEARCH", last=">>>>>>> REPLACE"):
    return f"{first}\n{stub(symbol)}\n=======\n{whole(symbol, body)}\n{last}"


AROUND = {
    "a fence": lambda s, b: fenced(whole(s, b)),
    "a fence without label": lambda s, b: fenced(whole(s, b), ""),
    "a fence of Python 3": lambda s, b: fenced(whole(s, b), "Python3"),
    "a fence with a path": lambda s, b: fenced(whole(s, b), "python:src/words.py"),
    "a fence of a file's name": lambda s, b: fenced(whole(s, b), "words.py"),
    "a fence of text": lambda s, b: fenced(whole(s, b), "text"),
    "tildes": lambda s, b: fenced(whole(s, b), fence="~~~"),
    "a fence that is not closed": lambda s, b: f"```python\n{whole(s, b)}",
    "a fence closed behind the code": lambda s, b: f"```python\n{whole(s, b)}```",
    "carriage returns": lambda s, b: fenced(whole(s, b)).replace("\n", "\r\n"),
    "a list": lambda s, b: f"1. So:\n\n{inside(fenced(whole(s, b)), '   ')}",
    "a fence behind the number of a list": lambda s, b: f"1. {inside(fenced(whole(s, b)), '   ').lstrip()}",
    "a fence behind a dash": lambda s, b: f"- {inside(fenced(whole(s, b)), '  ').lstrip()}",
    "a fence in a fence": lambda s, b: fenced(fenced(whole(s, b)), "markdown"),
    "a longer fence around": lambda s, b: fenced(fenced(whole(s, b)), "md", "````"),
    "no fence": lambda s, b: whole(s, b),
    "no fence but prose": lambda s, b: f"Here's the function:\n\n{whole(s, b)}\n\nIt isn't long (it's short.",
    "an indented block in prose": lambda s, b: f"Here:\n\n{inside(whole(s, b))}\n\nDone, isn't it?",
    "prose on the line of the function": lambda s, b: f"Sure, don't worry:\n{whole(s, b)}\nIf it's fine, use it.",
    "a closing fence alone": lambda s, b: f"{whole(s, b)}\n```\n\nThat's it.",
    "prose in the fence": lambda s, b: fenced(f"Here's it:\n\n{whole(s, b)}\n\nDone."),
    "dots around": lambda s, b: fenced(f"...\n{whole(s, b)}\n..."),
    "line numbers": lambda s, b: fenced("\n".join(f"{n:3} | {line}" for n, line in enumerate(whole(s, b).split("\n"), 1))),
    "prompts": lambda s, b: fenced(">>> " + whole(s, b).replace("\n", "\n... ")),
    "cells": lambda s, b: fenced("In [1]: " + whole(s, b).replace("\n", "\n   ...: ")),
    "no-break spaces": lambda s, b: fenced(whole(s, b).replace("    ", "\u00a0" * 4)),
    "tabs": lambda s, b: fenced(whole(s, b).replace("    ", "\t")),
    "two spaces": lambda s, b: fenced(whole(s, b).replace("    ", "  ")),
    "indented in the fence": lambda s, b: fenced(inside(whole(s, b))),
    "thinking before": lambda s, b: f"<think>\n{fenced(stub(s))}\n</think>\n{fenced(whole(s, b))}",
    "thinking that was opened in the prompt": lambda s, b: f"So.\n</think>\n\n{fenced(whole(s, b))}",
    "a draft in the thinking, then the body": lambda s, b: f"[THINK]So:\n{fenced(whole(s, WRONG[s]))}\n[/THINK]{fenced(b)}",
    "marks of a change before all lines": lambda s, b: fenced(marked(whole(s, b), "+")),
    "an end mark": lambda s, b: fenced(whole(s, b)) + "<|im_end|>",
    "a byte order mark": lambda s, b: "\ufeff" + fenced(whole(s, b)),
    "a byte order mark alone": lambda s, b: "\ufeff" + whole(s, b),
    "the bare body": lambda s, b: fenced(b),
    "the bare body, indented": lambda s, b: fenced(inside(b)),
    "the bare body without fence": lambda s, b: inside(b),
    "the bare body, its first line stripped": lambda s, b: fenced(inside(b).lstrip()),
    "the bare body with a docstring": lambda s, b: fenced(f'"""Doc."""\n{b}'),
    "the whole file": lambda s, b: fenced(file_with(s, b)),
    "the whole file without fence": lambda s, b: file_with(s, b),
    "the class": lambda s, b: fenced(in_class(s, b)),
    "the class with dots": lambda s, b: fenced(in_class(s, b).replace("class Ledger:\n", "class Ledger:\n    ...\n\n")),
    "a stub before": lambda s, b: f"You gave:\n{fenced(stub(s))}\nDone:\n{fenced(whole(s, b))}",
    "a stub after": lambda s, b: f"{fenced(whole(s, b))}\nThis replaces:\n{fenced(whole(s, 'pass'))}",
    "a stub of one line after": lambda s, b: f"{fenced(whole(s, b))}\nThis replaces:\n{fenced(HEADS[s] + ' ...')}",
    "a stub that raises after": lambda s, b: f"{fenced(whole(s, b))}\nIt was:\n" + fenced(
        whole(s, 'raise NotImplementedError(\n    "not (yet) written"\n)')),
    "a stub with a docstring after": lambda s, b: f"{fenced(whole(s, b))}\nIt was:\n" + fenced(
        whole(s, '"""Doc.\n\nMore.\n"""\n# TODO\nraise Exception("TODO")')),
    "a stub that returns dots after": lambda s, b: f"{fenced(whole(s, b))}\nIt was:\n{fenced(whole(s, 'return ...'))}",
    "a stub that is to do after": lambda s, b: f"{fenced(whole(s, b))}\nIt was:\n{fenced(whole(s, '# TODO: implement it' + chr(10) + 'return None'))}",
    "a stub that returns None after": lambda s, b: f"{fenced(whole(s, b))}\nIt was:\n{fenced(whole(s, 'return None'))}",
    "a stub that returns after": lambda s, b: fenced(f"{whole(s, b)}\n\n\n{whole(s, '# nothing' + chr(10) + 'return  # yet')}"),
    "a stub that asserts after, and more": lambda s, b: f"{fenced(whole(s, b))}\nIt was:\n{fenced(whole(s, ASSERTS) + chr(10) * 3 + AID)}",
    "a file with a stub after": lambda s, b: f"{fenced(whole(s, b))}\nIt was:\n{fenced(file_with(s, 'return None'))}",
    "a stub that returns None, then the body": lambda s, b: f"You have:\n{fenced(whole(s, 'return None'))}\nThe body:\n{fenced(b)}",
    "a draft before": lambda s, b: f"{fenced(whole(s, WRONG[s]))}\nBetter:\n{fenced(whole(s, b))}",
    "a draft before in one fence": lambda s, b: fenced(f"{whole(s, WRONG[s])}\n\n\n{whole(s, b)}"),
    "a cut off repetition": lambda s, b: f"{fenced(whole(s, b))}\nAgain:\n```python\n{whole(s, b)[:-6]}",
    "an example after": lambda s, b: f"{fenced(whole(s, b))}\nTry:\n{fenced('found = initials(1)')}",
    "an example in the fence": lambda s, b: fenced(f"{whole(s, b)}\n\n\nfound = initials('a')\nprint(found)\ntotal = Ledger().book(1)"),
    "a main guard": lambda s, b: fenced(f'{whole(s, b)}\n\n\nif __name__ == "__main__":\n    text = name = initials(1)'),
    "tests after": lambda s, b: f"{fenced(whole(s, b))}\n" + fenced(
        "import pytest\nfrom words import initials\n\n\ndef test_it():\n    assert initials('a') == 'A.'"),
    "output after": lambda s, b: f"{fenced(whole(s, b))}\nOutput:\n{fenced('A.B.', 'text')}",
    "a shell after": lambda s, b: f"{fenced(whole(s, b))}\n{fenced('python -m words', 'bash')}",
    "a comment that ends in a fence": lambda s, b: fenced(whole(s, f"# not a ```\n{b}")),
    "a fence in the docstring": lambda s, b: fenced(whole(s, f'"""Doc.\n\n```python\nx\n```\n"""\n{b}')),
    "a line of hashes": lambda s, b: fenced(whole(s, f"{'#' * 60}\n# {s}\n{'#' * 60}\n{b}")),
    "a quote": lambda s, b: marked(fenced(whole(s, b)), "> "),
    "a quote without fence": lambda s, b: f"So:\n\n{marked(whole(s, b), '> ')}",
    "pre and code": lambda s, b: f'<pre><code class="python">{whole(s, b)}</code></pre>',
    "an answer tag": lambda s, b: f"<answer>\n{whole(s, b)}\n</answer>",
    "CDATA": lambda s, b: f"<code><![CDATA[{whole(s, b)}]]></code>",
    "a tool call of tags": lambda s, b: f"<write_to_file>\n<path>words.py</path>\n<content>\n{whole(s, b)}\n</content>\n</write_to_file>",
    "a tool call of parameters": lambda s, b: f'<invoke name="edit">\n<parameter name="new_string">{whole(s, b)}</parameter>\n</invoke>',
    "a tool call of JSON": lambda s, b: "<tool_call>\n" + json.dumps(
        {"name": "write", "arguments": {"path": "words.py", "content": whole(s, b)}}) + "\n</tool_call>",
    "arguments as a string": lambda s, b: json.dumps({"name": "write", "arguments": json.dumps({"content": whole(s, b)})}),
    "JSON": lambda s, b: json.dumps({"code": whole(s, b)}),
    "JSON in a fence": lambda s, b: fenced(json.dumps({"code": whole(s, b)}, indent=1), "json"),
    "JSON with a fence inside": lambda s, b: json.dumps({"answer": fenced(whole(s, b))}),
    "JSON with the body": lambda s, b: json.dumps({"code": b}),
    "a JSON string": lambda s, b: json.dumps(whole(s, b)),
    "escaped line ends": lambda s, b: fenced(whole(s, b)).replace("\n", "\\n"),
    "a unified diff": lambda s, b: fenced(unified(s, b), "diff"),
    "a unified diff without fence": lambda s, b: unified(s, b),
    "a diff without header": lambda s, b: fenced(f"{marked(stub(s), '-')}\n{marked(whole(s, b), '+')}", "diff"),
    "SEARCH and REPLACE": lambda s, b: f"words.py\n{fenced(search(s, b))}",
    "SEARCH and REPLACE as Cline has it": lambda s, b: search(s, b, "------- SEARCH", "+++++++ REPLACE"),
    "apply_patch of the body": lambda s, b: patch(s, b),
    "imports repeated": lambda s, b: fenced(f"from __future__ import annotations\n\nimport re\nfrom typing import Any\n\n\n{whole(s, b)}"),
    "a helper in the fence": lambda s, b: fenced(f"def aid(v):\n    return v\n\n\n{whole(s, with_line(b, 'assert aid(1)'))}"),
    "a helper in its own fence": lambda s, b: f"{fenced('def aid(v):' + chr(10) + '    return v')}\n{fenced(whole(s, with_line(b, 'assert aid(1)')))}",
    "a helper in a fence behind": lambda s, b: f"{fenced(whole(s, with_line(b, 'assert aid(1)')))}\nwith\n{fenced('aid = lambda v: v')}",
    "an import in its own fence": lambda s, b: f"{fenced('import math')}\n{fenced(whole(s, with_line(b, 'assert math.pi')))}",
    "a constant that is filled": lambda s, b: fenced(f"AIDS = {{}}\nAIDS[1] = 2\nfor at in range(3):\n    AIDS[at] = 2\n\n\n{whole(s, with_line(b, 'assert AIDS[1] == AIDS[2]'))}"),
    "a constant that grows": lambda s, b: fenced(f"AIDS = []\nAIDS.append(4)\nAIDS += [5]\n\n\n{whole(s, with_line(b, 'assert AIDS == [4, 5]'))}"),
    "an import that may fail": lambda s, b: fenced(f"try:\n    import nothing_of_this as aid\nexcept ImportError:\n    aid = None\n\n\n{whole(s, with_line(b, 'assert aid is None'))}"),
    "an import of everything": lambda s, b: fenced(f"from math import *\n\n\n{whole(s, with_line(b, 'assert sqrt(4) == 2'))}"),
    "a logger": lambda s, b: fenced(f"import logging\n\nlog = logging.getLogger(__name__)\n\n\n{whole(s, with_line(b, 'log.debug(1)'))}"),
    "a class beside": lambda s, b: fenced(f"import enum\n\n\nclass Aid(enum.Enum):\n    ONE = 1\n\n\n{whole(s, with_line(b, 'assert Aid.ONE.value'))}"),
    "a name of the file in another meaning": lambda s, b: fenced(f"MARK = '+'\n\n\ndef label(v):\n    return v + MARK\n\n\n{whole(s, with_line(b, 'assert label(MARK) == chr(43) * 2'))}"),
    "a name of Python in another meaning": lambda s, b: fenced(f"def max(*given):\n    return 7\n\n\n{whole(s, with_line(b, 'assert max(1) == 7'))}"),
    "an import in another meaning": lambda s, b: fenced(f"from json import dumps as MARK\nimport json as is_word\n\n\n{whole(s, with_line(b, 'assert MARK(1) == is_word.dumps(1)'))}"),
    "an import of the file itself": lambda s, b: fenced(f"from words import MARK\nfrom .words import is_word\n\n\n{whole(s, with_line(b, 'assert is_word(chr(97)) and MARK'))}"),
    "a helper of the file as a stub": lambda s, b: fenced(f"def is_word(text: str) -> bool:\n    ...\n\n\n{whole(s, with_line(b, 'assert is_word(chr(97))'))}"),
    "state of the file that is shared": lambda s, b: fenced(f"_seen: set = set()  # as it is\n\n\n{whole(s, with_line(b, '_seen.discard(1)'))}"),
    "a decorator": lambda s, b: fenced(f"import functools\n\n\ndef plain(f):\n    return f\n\n\n{whole(s, b)}" if "." in s else f"import functools\n\n\n@functools.cache\n{whole(s, b)}"),
    "functions that are registered": lambda s, b: fenced(f"AIDS = {{}}\n\n\ndef aid(name):\n    def told(f):\n        AIDS[name] = f\n        return f\n    return told\n\n\n@aid(1)\ndef _one():\n    return 1\n\n\n{whole(s, with_line(b, 'assert AIDS[1]() == 1'))}"),
    "subclasses that are registered": lambda s, b: fenced(f"class Aid:\n    known = []\n\n    def __init_subclass__(cls):\n        Aid.known.append(cls)\n\n\nclass More(Aid):\n    pass\n\n\nclass is_word(Aid):\n    pass\n\n\n{whole(s, with_line(b, 'assert Aid.known'))}"),
    "a table with print": lambda s, b: fenced(f"AIDS = {{1: print, 2: lambda v: print(v)}}\n\n\n{whole(s, with_line(b, 'assert AIDS[1] is print'))}"),
    "accents in names": lambda s, b: fenced(whole(s, with_line(b, "größe = 1  # naïve"))),
    "strings of several lines": lambda s, b: fenced(f'def aid():\n    return """a\nb\n  c"""\n\n\n{whole(s, with_line(b, "assert aid()[1:4] == chr(10) + chr(98) + chr(10)"))}'),
}  # fmt: skip
"""Forms that any of the functions may have: from its symbol and a body to the answer."""

_INITIALS = "''.join([one[0].upper() + ('.' if mark is None else mark) for one in text.split(' ') if re.match('[a-z]', one, re.I)][:{size}])"


def own(body):
    """The function as a method of a class that has none of the file's."""
    return whole("initials", body, HEADS["initials"].replace("(text", "(self, text"))


def as_impl(body):
    return whole("initials", body, HEADS["initials"].replace("initials", "_impl"))


def cased(body, other):
    """The function as a case that is registered, with another one that is none."""
    return f"import functools\n\n\n@functools.singledispatch\n{whole('initials', 'raise TypeError')}\n\n\n{other(whole('initials', body, HEADS['initials'].replace('initials', '_of_text')))}"


def on_a_line(body):
    return _INITIALS.format(size="size" if body == RIGHT["initials"] else "size + 1")


def booked(symbol, body, helper):
    code = whole(symbol, body.replace("self._sums.get(name, 0)", "self._old(name)"))
    old = "def _old(self, name):\n    return self._sums.get(name, 0)"
    return helper(code, old)


ONLY = {
    ("initials", "one line"): lambda b: fenced(f"def initials(text, size=2, *, mark=None): return {on_a_line(b)}"),
    ("initials", "a lambda"): lambda b: fenced(f"initials = lambda text, size=2, *, mark=None: {on_a_line(b)}"),
    ("initials", "a lambda without fence"): lambda b: f"initials = lambda text, size=2, *, mark=None: {on_a_line(b)}",
    ("initials", "another function's name"): lambda b: fenced(f"{as_impl(b)}\n\n\ninitials = _impl"),
    ("initials", "a partial"): lambda b: fenced(f"import functools\n\n\n{as_impl(b)}\n\n\ninitials = functools.partial(_impl)"),
    ("initials", "a cached function"): lambda b: fenced(f"from functools import lru_cache\n\n\n{as_impl(b)}\n\n\ninitials = lru_cache(maxsize=None)(_impl)"),
    ("initials", "a class of its own"): lambda b: fenced(f"class Solution:\n{inside(own(b))}"),
    ("initials", "a static method of a class of its own"): lambda b: fenced(f"class Solution:\n    @staticmethod\n{inside(whole('initials', b))}"),
    ("initials", "a class of its own with another method"): lambda b: fenced(f"class Solution:\n    def ok(self, one):\n        return re.match('[a-z]', one, re.I)\n\n{inside(own(b.replace('re.match(' + chr(34) + '[a-z]' + chr(34) + ', one, re.I)', 'self.ok(one)')))}"),
    ("initials", "a static lambda of a class of its own"): lambda b: fenced(f"class Solution:\n    initials = staticmethod(lambda text, size=2, *, mark=None: {on_a_line(b)})"),
    ("initials", "a static name of a class of its own"): lambda b: fenced(f"class Solution:\n{inside(as_impl(b))}\n\n    initials = staticmethod(_impl)"),
    ("initials", "a protocol behind"): lambda b: f"{fenced(whole('initials', b))}\nIts type:\n{fenced('class Aid(Protocol):' + chr(10) + '    def initials(self, text: str) -> str: ...')}",
    ("initials", "other parameters"): lambda b: fenced(f"from typing import Any\n\nKept = Any\n\n\n{whole('initials', b, 'def initials(text: str, size: int = 2, mark: Kept = None, *rest: Kept) -> str:')}"),
    ("initials", "a decorator of its own"): lambda b: fenced(f"def twice(f):\n    return lambda *a, **k: (f(*a, **k), f(*a, **k))[1]\n\n\n@twice\n{whole('initials', b)}"),
    ("initials", "an example with the names of its variables"): lambda b: fenced(f"{whole('initials', b)}\n\n\nfound = initials('ann')\nmark = '+'\ntext = found"),
    ("initials", "overloads"): lambda b: fenced(f"from typing import overload\n\n\n@overload\ndef initials(text: str) -> str: ...\n\n\n{whole('initials', b)}"),
    ("initials", "a branch of a condition"): lambda b: fenced(f"if MARK:\n    AID = 1\n\n{inside(whole('initials', with_line(b, 'assert AID == 1')))}\nelse:\n\n{inside(whole('initials', 'raise TypeError'))}"),
    ("initials", "a branch of a condition with a table"): lambda b: fenced(f"AID = {{}}\nwith open(0, closefd=False):\n    AID[1] = 2\n\n{inside(whole('initials', with_line(b, 'text = str(text)')))}"),
    ("initials", "a branch that imports"): lambda b: fenced(f"try:\n    from nothing_of_this import initials\nexcept ImportError:\n{inside(whole('initials', b))}"),
    ("initials", "attributes of its own"): lambda b: fenced(f"{whole('initials', with_line(b, 'initials.calls += len(initials.known)'))}\n\n\nKNOWN = [1]\ninitials.calls = 0\nsetattr(initials, 'known', KNOWN)\nprint(initials('a'))"),
    ("initials", "a case that is registered"): lambda b: fenced(cased(b, lambda code: f"@initials.register(str)\n{code}")),
    ("initials", "a case that is registered by a call"): lambda b: fenced(cased(b, lambda code: f"{code}\n\n\ninitials.register(str, _of_text)")),
    ("Ledger.book", "a case that is registered"): lambda b: fenced(f"from functools import singledispatchmethod\n\n\nclass Ledger:\n    @singledispatchmethod\n    def book(self, name, amount):\n        raise TypeError\n\n    @book.register\n    def _(self, name: str, amount):\n{inside(b, '        ')}"),
    ("Ledger.book", "another method's name"): lambda b: fenced(f"class Ledger:\n    def _book(self, name, amount):\n{inside(b, '        ')}\n\n    book = _book"),
    ("Ledger.clean", "a static lambda"): lambda b: fenced(f"class Ledger:\n    clean = staticmethod(lambda name: {b.removeprefix('return ')})"),
    ("Ledger.clean", "a static name"): lambda b: fenced(f"class Ledger:\n    def _clean(name):\n{inside(b, '        ')}\n\n    clean = staticmethod(_clean)"),
    ("Ledger.clean", "a name of a class method"): lambda b: fenced(f"class Ledger:\n    def _clean(cls, name):\n{inside(b, '        ')}\n\n    clean = classmethod(_clean)"),
    ("Ledger.size", "a property of a lambda"): lambda b: fenced(f"class Ledger:\n    size = property(lambda self: {b.removeprefix('return ')})"),
    ("Ledger.size", "a property of a name"): lambda b: fenced(f"class Ledger:\n    def _size(self):\n{inside(b, '        ')}\n\n    size = property(_size)"),
    ("Ledger.book", "a helper in its class"): lambda b: fenced("class Ledger:\n" + booked("Ledger.book", b, lambda code, old: f"{inside(old)}\n\n{inside(code)}")),
    ("Ledger.book", "a helper in its class, two spaces"): lambda b: fenced("class Ledger:\n" + booked("Ledger.book", b, lambda code, old: f"{inside(old)}\n\n{inside(code)}").replace("    ", "  ")),
    ("Ledger.book", "a helper beside it"): lambda b: fenced(booked("Ledger.book", b, lambda code, old: f"{code}\n\n\n{old}")),
    ("Ledger.book", "a helper in its own fence"): lambda b: booked("Ledger.book", b, lambda code, old: f"{fenced(old)}\nand\n{fenced(code)}"),
    ("Ledger.book", "a private method of the file in another meaning"): lambda b: fenced(f"class Ledger:\n    def _line(self, name):\n        return 0\n\n{inside(whole('Ledger.book', with_line(b, 'assert self._line(name) == 0')))}"),
    ("Ledger.book", "set on the class"): lambda b: fenced(f"{whole('Ledger.book', b)}\n\n\nLedger.book = book"),
    ("Ledger.book", "another class too"): lambda b: fenced(f"class Other:\n    def book(self, name, amount):\n        return 0\n\n\n{in_class('Ledger.book', b)}"),
    ("Ledger.clean", "another decorator"): lambda b: fenced(f"class Ledger:\n    @classmethod\n{inside(whole('Ledger.clean', b, 'def clean(cls, name):'))}"),
    ("Ledger.clean", "no decorator"): lambda b: fenced(whole("Ledger.clean", b, "def clean(name):")),
    ("Ledger.size", "another decorator"): lambda b: fenced(f"from functools import cached_property\n\n\nclass Ledger:\n    @cached_property\n{inside(whole('Ledger.size', b, 'def size(self):'))}"),
    ("Ledger.size", "a setter behind it"): lambda b: fenced(f"{in_class('Ledger.size', b)}\n\n    @size.setter\n    def size(self, value):\n        raise AttributeError"),
}  # fmt: skip
"""Forms of one function: from a body to the answer."""
