"""Changes of files as tools and their calls write them, and what stays refused of these."""

import json

import pytest
from test_patching import BLOCK, FIXED, NEW, OTHER, PATH, SHELL, WORDS, fenced, ground

from pytest_llmops.grading.patching import patch

OLD, NEW_TEXT = "    parts.push(part);", "    if (part) parts.push(part);"
EDIT = {"path": PATH, "old_str": OLD, "new_str": NEW_TEXT}
WRITE = {"path": PATH, "content": FIXED}


def parameters(given, tag="parameter name="):
    inner = "\n".join(f"<{tag}{key}>{value}</parameter>" for key, value in given.items())
    return f'<invoke name="edit">\n{inner}\n</invoke>'


RIGHT = {
    "a replacement": json.dumps({"name": "str_replace", "input": EDIT}),
    "a replacement of a part of a line": json.dumps(
        {
            "file_path": PATH,
            "old_string": "parts.push(part)",
            "new_string": "if (part) parts.push(part)",
        }
    ),
    "replacements of one file": json.dumps(
        {"file_path": PATH, "edits": [{"oldText": OLD, "newText": NEW_TEXT}]}
    ),
    "a replacement in a list": fenced(
        json.dumps([{"file": PATH, "search": OLD, "replace": NEW_TEXT}], indent=1) + "\n", "json"
    ),
    "arguments as a string": json.dumps(
        {"tool_calls": [{"function": {"name": "edit", "arguments": json.dumps(EDIT)}}]}
    ),
    "a replacement in tags": parameters(EDIT),
    "a replacement in tags of functions": parameters(EDIT, "parameter="),
    "a replacement in tags of its own": (
        f"<edit>\n<path>{PATH}</path>\n<search>\n{OLD}\n</search>\n<replace>\n{NEW_TEXT}\n"
        "</replace>\n</edit>"
    ),
    "keys and values": "<tool_call>edit\n"
    + "\n".join(
        f"<arg_key>{key}</arg_key>\n<arg_value>{value}</arg_value>" for key, value in EDIT.items()
    )
    + "\n</tool_call>",
    "a written file": json.dumps({"name": "write_file", "arguments": WRITE}),
    "a written file in tags": parameters(WRITE),
    "files in a list": json.dumps({"files": [WRITE]}),
    "files by their paths": json.dumps({PATH: FIXED}),
    "a file of a shell": fenced(f"cat > {PATH} <<'EOF'\n{FIXED}EOF\n", "bash"),
    "a file of a shell, the path behind": f"cat <<EOF > {PATH}\n{FIXED}EOF\n",
    "a file in an action": f'<boltAction type="file" filePath="{PATH}">\n{FIXED}</boltAction>\n',
    "a file below the number of a heading": f"### 1. `{PATH}`\n\n{fenced(FIXED, 'ts')}",
    "a file below a sentence": f"Here is the updated `{PATH}`:\n\n{fenced(FIXED, 'ts')}",
    "a file below a sentence in bold": f"The whole of **{PATH}**:\n\n{fenced(FIXED, 'ts')}",
    "marks of a merge": f"{PATH}\n"
    + fenced(BLOCK.replace("SEARCH", "HEAD").replace("REPLACE", "mine")),
    "a block below a sentence without backticks": f"In {PATH}:\n\n{fenced(BLOCK)}",
    "dots for lines that stay": (
        f"{PATH}\n<<<<<<< SEARCH\nexport function split(text: string): string[] {{\n  ...\n{OLD}\n"
        f"=======\nexport function split(text: string): string[] {{\n  ...\n{NEW_TEXT}\n"
        ">>>>>>> REPLACE\n"
    ),
}


@pytest.mark.parametrize("answer", RIGHT.values(), ids=RIGHT)
def test_a_right_answer_applies_in_every_form(answer):
    made = patch(answer, ground(sources=(PATH, OTHER)))
    assert made.fault == ""
    assert made.files == {PATH: FIXED}


def test_a_quote_without_spaces_keeps_those_of_its_diff():
    lines = f" {SHELL.splitlines()[2]}\n-{OLD}\n+{NEW_TEXT}\n"
    diff = f"--- a/{PATH}\n+++ b/{PATH}\n@@ -3,2 +3,2 @@\n{lines}"
    for mark in (">", "> "):
        quoted = "".join(f"{mark}{line}" for line in diff.splitlines(keepends=True))
        assert patch(quoted, ground()).files == {PATH: FIXED}


def test_a_file_may_hold_what_looks_like_a_change():
    text = "export const help = `\n*** Begin Patch\n*** Update File: a/b.ts\n@@\n-a\n+b\n`;\n"
    answers = (
        f"{NEW}\n{fenced(text, 'ts')}",
        f"Here is `{NEW}`:\n{fenced(text, 'ts')}",
        f'<invoke name="write">\n<parameter name="path">{NEW}</parameter>\n'
        f'<parameter name="content">{text}</parameter>\n</invoke>',
    )
    for answer in answers:
        assert patch(answer, ground(sources=(PATH, NEW))).files == {NEW: text}


def test_an_example_below_a_sentence_is_no_file():
    example = fenced("split(text);\n", "ts")
    for sources in ((PATH,), (PATH, OTHER)):
        answer = f"Used as in `{PATH}`:\n\n{example}"
        assert not patch(answer, ground(sources=sources)).files


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (json.dumps({**EDIT, "old_str": "part"}), "places for a change"),
        (json.dumps({**EDIT, "path": "../a.ts"}), "leaves the tree"),
        (json.dumps({"path": "packages/.git/config", "content": "x\n"}), "no answer may change"),
        (parameters({"path": "/etc/hosts", "content": "x"}), "no path from the top"),
        (f"cat > ../../a.ts <<'EOF'\n{WORDS}EOF\n", "leaves the tree"),
        (json.dumps({"path": "packages/shared/src/a.test.ts", "content": "x"}), "tests alone"),
        (RIGHT["dots for lines that stay"].replace("  ...\n", "", 1), "no place"),
        (parameters(WRITE) + parameters(EDIT).rpartition("</parameter>")[0], "is not closed"),
        (RIGHT["a file of a shell"].replace("EOF\n", "", 2), "not closed"),
    ],
)
def test_what_is_no_one_change_stays_refused(answer, why):
    made = patch(answer, ground())
    assert why in made.fault
    assert not made.files


def test_calls_behind_a_text_that_holds_a_tag_are_read():
    text = "export const tag = '<path>';\n"
    calls = [{"path": NEW, "content": text}, WRITE]
    assert patch("\n".join(map(parameters, calls)), ground()).files == {NEW: text, PATH: FIXED}
