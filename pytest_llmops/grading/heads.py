"""Where the asked function begins in a text, whatever stands around it."""

import re

from pytest_llmops.tasks.code.languages import PYTHON_3, language_of
from pytest_llmops.tasks.code.modules import Declaration
from pytest_llmops.tasks.materialize import Task


def heads(task: Task) -> re.Pattern[str]:
    """The beginning of a line that declares the asked function."""
    asked = task.declaration
    if language_of(task.module.path) is PYTHON_3:
        return _python_heads(asked)
    name = re.escape(asked.name)
    named = rf"(?:async[ \t]+)?function\b[ \t*]*{name}\b|(?:const|let|var)[ \t]+{name}\b"
    default = r"|export[ \t]+default\b" if asked.symbol == "default" else ""
    return re.compile(
        rf"^[ \t]*(?:[\w$.]{{1,60}}:[ \t]+)?(?P<code>"
        rf"(?:export[ \t]+)?(?:default[ \t]+)?(?:{named}){default})",
        re.MULTILINE,
    )


def method_heads(task: Task) -> re.Pattern[str]:
    """The beginning of a line that may declare it as a method."""
    asked = task.declaration
    if language_of(task.module.path) is PYTHON_3:
        return _python_heads(asked)
    words = r"(?:(?:public|private|protected|static|override|async)[ \t]+|\*[ \t]*)*"
    begins = r"[<(]"
    if asked.of_object:
        begins += r"|:[ \t]*(?:async\b|function\b|[<(]|[\w$]+[ \t]*=>)"
    name = re.escape(asked.name)
    return re.compile(
        rf"^[ \t]*(?:[\w$.]{{1,60}}:[ \t]+)?(?P<code>{words}{name}[ \t]*(?:{begins}))", re.MULTILINE
    )


def _python_heads(asked: Declaration) -> re.Pattern[str]:
    name = re.escape(asked.name)
    return re.compile(
        rf"^[ \t]*(?P<code>(?:async[ \t]+)?def[ \t]+{name}\b|{name}[ \t]*=[ \t]*lambda\b)",
        re.MULTILINE,
    )
