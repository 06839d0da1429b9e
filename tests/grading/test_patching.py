"""Answers that are changes of files: every form that models write, and what does not apply."""

import difflib
import json
import random
import subprocess

import pytest

from pytest_llmops.grading.ground import serves_tests
from pytest_llmops.grading.patching import LONGEST, MOST, Ground, patch

SHELL = """\
export function split(text: string): string[] {
  const parts: string[] = [];
  for (const part of text.split(" ")) {
    parts.push(part);
  }
  return parts;
}

export function join(parts: string[]): string {
  return parts.join(" ");
}
"""
PATH = "packages/shared/src/shell.ts"
OTHER = "packages/shared/src/other.ts"
FIXED = SHELL.replace("    parts.push(part);", "    if (part) parts.push(part);")
DIFF = f"""\
--- a/{PATH}
+++ b/{PATH}
@@ -2,5 +2,5 @@
   const parts: string[] = [];
   for (const part of text.split(" ")) {{
-    parts.push(part);
+    if (part) parts.push(part);
   }}
   return parts;
"""
BLOCK = """\
<<<<<<< SEARCH
    parts.push(part);
=======
    if (part) parts.push(part);
>>>>>>> REPLACE
"""
CLINE = """\
------- SEARCH
    parts.push(part);
=======
    if (part) parts.push(part);
+++++++ REPLACE
"""
APPLY = f"""\
*** Begin Patch
*** Update File: {PATH}
@@ export function split(text: string): string[] {{
   for (const part of text.split(" ")) {{
-    parts.push(part);
+    if (part) parts.push(part);
   }}
*** End Patch
"""


def ground(files=None, sources=(PATH,), **options):
    files = {PATH: SHELL, OTHER: "export const one = 1;\n"} if files is None else files
    return Ground(read=files.get, sources=tuple(sources), folders=("packages",), **options)


def fenced(text, label=""):
    return f"```{label}\n{text}```\n"


RIGHT = {
    "a diff": DIFF,
    "a diff in a fence": f"Here:\n\n{fenced(DIFF, 'diff')}\nThat skips empty parts.\n",
    "a diff of git": f"diff --git a/{PATH} b/{PATH}\nindex 1..2 100644\n{DIFF}",
    "a diff with prose behind it": f"{DIFF}\n- It skips empty parts.\n- Nothing else changes.\n",
    "a diff with wrong numbers": DIFF.replace("@@ -2,5 +2,5 @@", "@@ -40,3 +41,9 @@"),
    "a diff without numbers": DIFF.replace("@@ -2,5 +2,5 @@", "@@"),
    "a diff without a head": DIFF.replace("@@ -2,5 +2,5 @@\n", ""),
    "a diff with the last parts of the path": DIFF.replace("packages/shared/", ""),
    "a diff with dates": DIFF.replace(".ts\n", ".ts\t2026-01-01 00:00:00\n"),
    "a diff without paths, of the only file": fenced(DIFF.split("\n", 2)[2], "diff"),
    "a diff in CRLF": DIFF.replace("\n", "\r\n"),
    "a diff that is thought about first": f"<think>\n{DIFF}</think>\n{DIFF}",
    "a diff given twice": f"{fenced(DIFF, 'diff')}\nIn full:\n\n{fenced(DIFF, 'diff')}",
    "a diff with other prefixes": DIFF.replace("--- a/", "--- i/").replace("+++ b/", "+++ w/"),
    "a diff with the folder of a clone": DIFF.replace("a/p", "/src/it/p").replace(
        "b/p", "/src/it/p"
    ),
    "a diff with dates behind spaces": DIFF.replace(".ts\n", ".ts 2026-01-01 00:00:00 +0000\n"),
    "a diff of a copy": DIFF.replace(f"--- a/{PATH}", f"--- {PATH}.orig"),
    "a diff without its first line": DIFF.split("\n", 1)[1],
    "a diff without its second line": DIFF.replace(f"+++ b/{PATH}\n", ""),
    "a diff without paths or fence, of the only file": DIFF.split("\n", 2)[2],
    "a diff of git's mail": (
        f"From 1 Mon Sep 17\nSubject: [PATCH] x\n\n---\n {PATH} | 2 +-\n 1 file changed\n\n"
        f"diff --git a/{PATH} b/{PATH}\n{DIFF}-- \n2.40.0\n"
    ),
    "a diff in a list": "1. So:\n\n   " + fenced(DIFF, "diff").replace("\n", "\n   "),
    "a diff whose fence closes behind it": f"```diff\n{DIFF.rstrip()}```\n\nIt skips them.\n",
    "a diff in JSON": json.dumps({"patch": DIFF}),
    "a call of apply_patch": "<tool_call>\n"
    + json.dumps({"name": "apply_patch", "arguments": {"input": APPLY}})
    + "\n</tool_call>",
    "a block of three marks": BLOCK.replace("<<<<<<< SEARCH", "<<< SEARCH>")
    .replace("=======", "===")
    .replace(">>>>>>> REPLACE", ">>> REPLACE>"),
    "a block of ten marks": CLINE.replace("-------", "-" * 10).replace("+++++++", "+" * 10),
    "a block of other words": BLOCK.replace("SEARCH", "ORIGINAL").replace("REPLACE", "UPDATED"),
    "a block that closes with marks alone": BLOCK.replace(">>>>>>> REPLACE", ">>>>>>>"),
    "a block of Roo Code": BLOCK.replace("SEARCH\n", "SEARCH\n:start_line:4\n-------\n"),
    "a block with the numbers of lines": BLOCK.replace("    parts", "4 |     parts").replace(
        "    if", "4 |     if"
    ),
    "a block with empty lines around": BLOCK.replace("H\n", "H\n\n").replace("\n=", "\n\n="),
    "write_to_file": (
        f"<write_to_file>\n<path>{PATH}</path>\n<content>\n{FIXED}</content>\n</write_to_file>\n"
    ),
    "a file between tags": f'<file path="{PATH}">\n{FIXED}</file>\n',
    "a file in a fence between tags": f'<file name="{PATH}">\n{fenced(FIXED, "ts")}</file>\n',
    "a whole file whose fence closes behind it": f"{PATH}\n```ts\n{FIXED.rstrip()}```\n",
    "a block below its path": f"{PATH}\n{BLOCK}",
    "a block in a fence below its path": f"**`{PATH}`**:\n\n{fenced(BLOCK, 'typescript')}",
    "a block with the path in the fence": fenced(f"{PATH}\n{BLOCK}", "ts"),
    "a block with the path in the label": fenced(BLOCK, f"ts:{PATH}"),
    "a block below a sentence": f"In `{PATH}`, skip empty parts:\n\n{fenced(BLOCK)}",
    "a block without a path, of the only file": f"Here it is.\n\n{fenced(BLOCK)}",
    "a block of Cline": fenced(f"{PATH}\n{CLINE}"),
    "a call of Cline's tool": (
        f"<replace_in_file>\n<path>{PATH}</path>\n<diff>\n{CLINE}</diff>\n</replace_in_file>"
    ),
    "a block without indentation": f"{PATH}\n{BLOCK.replace('    ', '')}",
    "a block with spaces at line ends": f"{PATH}\n{BLOCK.replace('(part);', '(part);  ', 1)}",
    "apply_patch": APPLY,
    "apply_patch in a fence": f"Done:\n\n{fenced(APPLY)}",
    "apply_patch without its envelope": "\n".join(APPLY.split("\n")[1:-2]) + "\n",
    "apply_patch with an anchor that is not there": APPLY.replace("@@ export", "@@ class"),
    "apply_patch without an anchor": APPLY.replace(APPLY.split("\n")[2] + "\n", ""),
    "apply_patch with the end of the file": APPLY.replace(
        "*** End P", "*** End of File\n*** End P"
    ),
    "a whole file below its path": f"`{PATH}`\n\n{fenced(FIXED, 'typescript')}",
    "a whole file below a heading": f"### {PATH}\n{fenced(FIXED, 'ts')}",
    "a whole file with the path in the label": fenced(FIXED, f"typescript {PATH}"),
    "a whole file with a title": fenced(FIXED, f'ts title="{PATH}"'),
    "a whole file and an example of its use": (
        f"{PATH}:\n{fenced(FIXED, 'ts')}\nUsed as:\n{fenced('split(a)')}"
    ),
}


@pytest.mark.parametrize("answer", RIGHT.values(), ids=RIGHT)
def test_a_right_answer_applies_in_every_form(answer):
    made = patch(answer, ground())
    assert made.fault == ""
    assert made.files == {PATH: FIXED}


def test_a_comment_names_the_path_of_a_whole_file_and_stays_in_it():
    text = f"// {PATH}\n{FIXED}"
    assert patch(fenced(text, "ts"), ground()).files == {PATH: text}


NEW = "packages/shared/src/words.ts"
WORDS = "export const words = 2;\n"
MADE = {
    "a diff": f"--- /dev/null\n+++ b/{NEW}\n@@ -0,0 +1 @@\n+{WORDS}",
    "a diff of git": (
        f"diff --git a/{NEW} b/{NEW}\nnew file mode 100644\nindex 0..1\n--- /dev/null\n"
        f"+++ b/{NEW}\n@@ -0,0 +1 @@\n+{WORDS}"
    ),
    "a block": f"{NEW}\n<<<<<<< SEARCH\n=======\n{WORDS}>>>>>>> REPLACE\n",
    "apply_patch": f"*** Begin Patch\n*** Add File: {NEW}\n+{WORDS}*** End Patch",
    "a whole file": f"{NEW}\n{fenced(WORDS, 'ts')}",
}


@pytest.mark.parametrize("answer", MADE.values(), ids=MADE)
def test_a_new_file_is_made_in_every_form(answer):
    assert patch(f"{answer}\n", ground()).files == {NEW: WORDS}


GONE = {
    "a diff": f"--- a/{OTHER}\n+++ /dev/null\n@@ -1 +0,0 @@\n-export const one = 1;\n",
    "a diff of git": f"diff --git a/{OTHER} b/{OTHER}\ndeleted file mode 100644\nindex 1..0\n",
    "apply_patch": f"*** Begin Patch\n*** Delete File: {OTHER}\n*** End Patch",
}


@pytest.mark.parametrize("answer", GONE.values(), ids=GONE)
def test_a_file_is_removed(answer):
    assert patch(answer, ground()).files == {OTHER: None}


MOVED = {
    "git": f"diff --git a/{OTHER} b/{NEW}\nsimilarity index 100%\nrename from x\nrename to y\n",
    "apply_patch": f"*** Begin Patch\n*** Update File: {OTHER}\n*** Move to: {NEW}\n*** End Patch",
}


@pytest.mark.parametrize("answer", MOVED.values(), ids=MOVED)
def test_a_file_is_moved(answer):
    assert patch(answer, ground()).files == {OTHER: None, NEW: "export const one = 1;\n"}


def test_changes_of_several_files_and_forms_are_one_answer():
    answer = f"{DIFF}\n\n{OTHER}\n<<<<<<< SEARCH\nexport const one = 1;\n=======\n"
    answer += f"export const one = 2;\n>>>>>>> REPLACE\n\n{NEW}\n{fenced(WORDS)}"
    made = patch(answer, ground())
    assert made.files == {PATH: FIXED, OTHER: "export const one = 2;\n", NEW: WORDS}


def test_two_blocks_below_one_path_are_of_one_file():
    second = '<<<<<<< SEARCH\n  return parts.join(" ");\n=======\n  return "";\n>>>>>>> REPLACE\n'
    made = patch(f"{PATH}\n{BLOCK}{second}", ground(sources=(PATH, OTHER)))
    assert made.files == {PATH: FIXED.replace('parts.join(" ")', '""')}


def test_a_block_without_a_path_is_of_the_only_file_that_has_its_lines():
    assert patch(fenced(BLOCK), ground(sources=(PATH, OTHER))).files == {PATH: FIXED}


def test_line_numbers_decide_between_equal_places():
    text = "a\nx\nb\nx\nc\n"
    diff = f"--- a/{PATH}\n+++ b/{PATH}\n@@ -4 +4 @@\n-x\n+y\n"
    assert patch(diff, ground({PATH: text})).files == {PATH: "a\nx\nb\ny\nc\n"}


def test_an_anchor_decides_between_equal_places():
    text = "one {\n  x\n}\ntwo {\n  x\n}\n"
    answer = f"*** Update File: {PATH}\n@@ two {{\n-  x\n+  y\n"
    assert patch(answer, ground({PATH: text})).files == {PATH: "one {\n  x\n}\ntwo {\n  y\n}\n"}


def test_a_later_hunk_is_looked_for_behind_the_one_before():
    answer = f"*** Update File: {PATH}\n@@\n a\n-x\n+y\n@@\n-x\n+z\n"
    made = patch(answer, ground({PATH: "a\nx\nb\nx\nc\n"}))
    assert made.files == {PATH: "a\ny\nb\nz\nc\n"}


def test_equal_blocks_change_two_places_where_there_are_two():
    block = f"{PATH}\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n"
    assert patch(f"{block}\n{block}", ground({PATH: "x\nb\nx\n"})).files == {PATH: "y\nb\ny\n"}


def test_lines_are_moved_to_the_indentation_of_the_file():
    answer = (
        f"{PATH}\n<<<<<<< SEARCH\nif (a) {{\n  b();\n}}\n=======\nif (a) {{\n  c();\n\n  d();\n}}\n"
    )
    made = patch(f"{answer}>>>>>>> REPLACE\n", ground({PATH: "\tif (a) {\n\t  b();\n\t}\n"}))
    assert made.files == {PATH: "\tif (a) {\n\t  c();\n\n\t  d();\n\t}\n"}


def test_a_file_keeps_its_ends_of_lines():
    made = patch(DIFF, ground({PATH: SHELL.replace("\n", "\r\n")}))
    assert made.files == {PATH: FIXED.replace("\n", "\r\n")}


def test_a_removed_line_that_looks_like_a_header_is_a_line():
    text = "a\n-- old\nb\n"
    diff = f"--- a/{PATH}\n+++ b/{PATH}\n@@ -1,3 +1,3 @@\n a\n--- old\n+-- new\n b\n"
    assert patch(diff, ground({PATH: text})).files == {PATH: "a\n-- new\nb\n"}


@pytest.mark.parametrize("context", [0, 1, 3])
@pytest.mark.parametrize("seed", range(12))
def test_diffs_apply_as_git_applies_them(seed, context, tmp_path):
    draw = random.Random(seed)
    old = [f"{draw.choice('abcdef')} = {draw.randrange(9)};\n" for _ in range(40)]
    new = [line for line in old if draw.random() > 0.1]
    for _ in range(6):
        new.insert(draw.randrange(len(new)), f"new {draw.randrange(99)};\n")
    diff = "".join(difflib.unified_diff(old, new, f"a/{PATH}", f"b/{PATH}", n=context))
    file = tmp_path / PATH
    file.parent.mkdir(parents=True)
    file.write_text("".join(old))
    command = ["git", "apply", "--unidiff-zero", "-"]
    subprocess.run(command, input=diff, text=True, check=True, cwd=tmp_path)
    assert file.read_text() == "".join(new)
    assert patch(diff, ground({PATH: "".join(old)})).files == {PATH: "".join(new)}


def renamed(path):
    return {
        "a diff": DIFF.replace(f"a/{PATH}", f"a/{path}").replace(f"b/{PATH}", f"b/{path}"),
        "a block": f"{path}\n{BLOCK}",
        "apply_patch": APPLY.replace(PATH, path),
        "an added file": f"*** Begin Patch\n*** Add File: {path}\n+x\n*** End Patch\n",
        "a moved file": f"*** Update File: {PATH}\n*** Move to: {path}\n",
        "a deleted file": f"*** Delete File: {path}\n",
        "a whole file": f"{path}\n{fenced(FIXED)}",
    }


@pytest.mark.parametrize("form", renamed(""))
@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("../outside.ts", "leaves the tree"),
        ("packages/../../outside.ts", "leaves the tree"),
        ("packages\\..\\..\\outside.ts", "leaves the tree"),
        ("/etc/passwd.ts", "no path from the top"),
        ("//host/share.ts", "host/share.ts'"),
        ("~/outside.ts", "no path from the top"),
        ("C:/outside.ts", "no path from the top"),
        ("packages/.git/hooks/pre-commit.ts", "no answer may change"),
        ("packages/node_modules/zod/index.ts", "no answer may change"),
        ("elsewhere/outside.ts", "outside of packages"),
        ("packages.ts", "outside of packages"),
    ],
)
def test_a_path_out_of_the_case_is_refused(form, path, why):
    asked = []

    def read(name):
        asked.append(name)
        return SHELL if name == PATH else None

    answer = renamed(path)[form]
    made = patch(answer, Ground(read=read, sources=(PATH, OTHER), folders=("packages",)))
    assert why in made.fault, made
    assert not made.files
    assert set(asked) <= {PATH, OTHER}


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_links_and_submodules_are_refused(mode):
    diff = f"diff --git a/{NEW} b/{NEW}\nnew file mode {mode}\n--- /dev/null\n+++ b/{NEW}\n"
    made = patch(f"{diff}@@ -0,0 +1 @@\n+/etc/passwd\n", ground())
    assert "a link, submodule or binary file" in made.fault


def test_a_change_of_lines_that_are_not_there_does_not_apply():
    made = patch(f"{PATH}\n{BLOCK.replace('parts.push(part)', 'list.add(part)', 1)}", ground())
    assert made.fault == f"{PATH} has no place for a change of 'list.add(part);'"
    assert not made.files


def test_a_change_applies_whole_or_not_at_all():
    made = patch(f"{PATH}\n{BLOCK}\n{OTHER}\n{BLOCK}", ground())
    assert OTHER in made.fault
    assert not made.files


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (f"{PATH}\n{BLOCK.rpartition('>>>>>>>')[0]}", "is not closed"),
        (f"{PATH}\n<<<<<<< SEARCH\nx\n", "is not closed"),
        (f"{PATH}\n```ts\n{FIXED}", "is not closed"),
        (f"*** Begin Patch\n*** Update File: {PATH}\n*** End Patch\n", "nothing is changed"),
        (f"*** Update File: {NEW}\n@@\n-a\n+b\n", "there is no file"),
        (f"*** Delete File: {NEW}\n", "there is no file"),
        (f"{PATH}\n{fenced(SHELL)}", "leaves every file as it is"),
        (f"{PATH}\n{fenced('x' * (LONGEST + 1))}", "is longer than"),
        ("".join(f"*** Delete File: {at}.ts\n" for at in range(MOST + 1)), "more than"),
    ],
)
def test_what_does_not_apply_says_why(answer, why):
    made = patch(answer, ground())
    assert why in made.fault
    assert not made.files


def test_an_answer_that_asks_for_nothing_is_empty():
    for answer in ("", "I cannot do that.", f"Use it so:\n{fenced('split(a)', 'ts')}"):
        assert patch(answer, ground()).empty


def test_what_an_answer_does_to_tests_is_left_out():
    test = "packages/shared/src/shell.test.ts"
    answer = f"{DIFF}\n*** Add File: {test}\n+test.skip\n*** Delete File: packages/given.json\n"
    assert patch(answer, ground(hidden=("packages/given.json",))).files == {PATH: FIXED}
    alone = patch(f"*** Add File: {test}\n+test.skip\n", ground())
    assert alone.fault == "it changes tests alone"


@pytest.mark.parametrize(
    "path",
    [
        "packages/shared/tests/compare.ts",
        "packages/shared/src/test/compare.ts",
        "packages/shared/src/__mocks__/shell.ts",
        "packages/test-utils.ts",
        "packages/conftest.py",
    ],
)
def test_what_serves_tests_is_left_out_unless_it_is_asked_for(path):
    added = f"*** Add File: {path}\n+export const same = () => true;\n"
    assert patch(f"{DIFF}\n{added}", ground()).files == {PATH: FIXED}
    assert patch(added, ground()).fault == "it changes tests alone"
    assert serves_tests(path, (PATH,), None)


ASSERTING = {
    "vitest": 'import { expect } from "vitest";\nexport const same = expect.soft;\n',
    "chai, required": "const { assert } = require('chai');\n",
    "pytest": "import pytest\n\n\ndef same(a, b):\n    assert a == b\n",
}


@pytest.mark.parametrize("text", ASSERTING.values(), ids=ASSERTING)
def test_what_asserts_for_tests_is_left_out_whatever_its_name(text):
    files = {PATH: SHELL, OTHER: text}
    gone = f"*** Delete File: {OTHER}\n"
    other = f"*** Add File: {OTHER}\n+export const same = () => true;\n"
    for change in (gone, other):
        assert patch(f"{DIFF}\n{change}", ground(files)).files == {PATH: FIXED}
        assert patch(change, ground(files)).fault == "it changes tests alone"
    assert set(patch(other, ground(files, sources=(PATH, OTHER))).files) == {OTHER}


@pytest.mark.parametrize("name", ["a/" * 600 + "b.ts", "a" * 300 + ".ts", "\u00e4" * 130 + ".ts"])
def test_a_path_that_no_system_has_is_refused(name):
    found = patch(f"*** Add File: packages/{name}\n+export {{}};\n", ground())
    assert found.fault.endswith("is longer than a path may be")
    assert len(found.fault) < 400


def test_a_source_may_stand_among_tests():
    path = "packages/llms/src/tests/live.ts"
    added = f"*** Add File: {path}\n+export const live = 1;"
    assert patch(added, ground(sources=(path,))).files == {path: "export const live = 1;\n"}


def test_hostile_texts_are_read_in_time():
    for answer in (
        f"{PATH}\n" + "<<<<<<< SEARCH\n" * 30_000,
        "```\n" * 60_000,
        "--- a\n+++ b\n" * 20_000,
        "@@\n" * 100_000 + "`" * 100_000,
        f"*** Update File: {PATH}\n" + "@@\n-x\n+y\n" * 30_000,
        "# " * 200_000,
        "> - # " * 60_000 + "\n```\nx\n```\n",
    ):
        patch(answer, ground({PATH: "x\n" * 30_000}))
