"""Loops of agents: one as a value, and one that tries to break the page which shows it."""

import msgspec
from records import RUN, record
from report_runs import HOSTILE, attempts

from pytest_llmops.agents.turns import BESIDE
from pytest_llmops.completions import Loop, Timing, ToolCall, Turn, Usage

SECRET = "sk-very-secret"


def turn(number, **fields):
    values = {
        "usage": Usage(input=100 + 50 * number, output=20, cached=40 * number),
        "timing": Timing(started=10.0 + 3 * number, queue=0.0, first_token=0.1, total=1.0),
        "finish_reason": "stop",
        "tool_seconds": 2.0,
    }
    return Turn(**{**values, **fields})


TOOL = ToolCall(name="bash", arguments='{"command": "ls"}', result=f"a.ts {SECRET}")
LOOP = Loop(
    ending="done",
    turns=(turn(0, tools=(TOOL,), text="look"), turn(1, passing=True), turn(2, purpose=BESIDE)),
    seconds=9.0,
    files={"a.ts": f"// {SECRET}"},
)
LOOPED = record(
    loop=LOOP,
    usage=sum((one.usage for one in LOOP.turns), Usage(input=0, output=0)),
    timing=Timing(started=RUN.started + 1, queue=0.0, first_token=0.1, total=9.0),
)
AGENT_RUN = msgspec.structs.replace(RUN, agent="cline 3.0.65")
EDIT = ToolCall(
    name="editor",
    arguments='{"path": "a.ts", "old_text": "return 1;", "new_text": "return 2;"}',
    result='{"success": true}',
    started=11.2,
    seconds=0.1254,
)
EVIL = ToolCall(name=HOSTILE, arguments=HOSTILE, result=HOSTILE, failed=True)
PATCH = "--- a/a.ts\n+++ b/a.ts\n@@ -1,2 +1,2 @@\n-return 1;\n+return 2;\n }\n"
PAGED = Loop(
    ending="done",
    detail=HOSTILE,
    turns=(
        turn(0, text=HOSTILE, tools=(EDIT, EVIL), passing=False),
        turn(1, text="It is done.", passing=True),
    ),
    seconds=6.0,
    files={"a.ts": "return 2;\n}\n", HOSTILE: HOSTILE},
    diffs={"a.ts": PATCH, HOSTILE: HOSTILE},
    edited_tests=(HOSTILE,),
)


def paged(loop):
    usage = sum((one.usage for one in loop.turns), Usage(input=0, output=0))
    first, *others = attempts(3)
    return [msgspec.structs.replace(first, loop=loop, priced=42.0, usage=usage), *others]
