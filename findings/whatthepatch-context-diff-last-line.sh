#!/usr/bin/env bash
# whatthepatch 1.0.7: a context diff that changes the last line of a file takes the old line away and loses the new one.
#
# It parses and applies diffs of most formats, copied context (`diff -c`) among them by its README, so one would expect the
# new file. It reads the two halves of a hunk side by side; once one of them is through, a replaced line in the rest is no
# longer taken for one, nor some that were removed. So where the last line of a file was replaced, the new one is
# dropped, and where it went while another line came, the old one stays. Nothing is raised, and what a model changed is
# judged by a file that lacks its `return`, or prints once too often. Where context follows the last change, all is
# well. A file of one line (`*** 1 ****`) is a ValueError. The same changes as a unified or normal diff are right, and so
# are these with `use_patch=True`, which calls patch.
#
# Needs Python 3.11 or later, diffutils and patch, and about 20 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check whatthepatch==1.0.7
cat > apply.py <<'PY'
import pathlib
import subprocess

import whatthepatch

CASES = {
    "last replaced": ("def total(rows):\n    rows = list(rows)\n    return len(rows)", "def total(rows):\n    rows = list(rows)\n    return sum(rows)"),
    "last removed, one added": ("import os\n\nprint(1)\nprint(2)", "import os\nimport sys\n\nprint(1)"),
    "last added": ("a = 1\nprint(a)", "a = 1\nprint(a)\nprint(2)"),
    "in the middle": ("a = 1\nb = 2\nprint(a, b)", "a = 1\nb = 3\nprint(a, b)"),
    "one line": ("print(1)", "print(2)"),
}


def applied(diff, old, **options):
    [parsed] = whatthepatch.parse_patch(diff)
    return whatthepatch.apply_diff(parsed, old, **options)


for name, (old, new) in CASES.items():
    pathlib.Path("old.py").write_text(old + "\n")
    pathlib.Path("new.py").write_text(new + "\n")
    for style in "-u", "--normal", "-c":
        diff = subprocess.run(["diff", style, "old.py", "new.py"], capture_output=True, text=True).stdout
        try:
            found = applied(diff, old + "\n")
        except ValueError as error:
            found = error
        result = "the new file" if found == new.splitlines() else repr(found)
        print(f"{name}, diff {style}: {result}")
    if name != "one line" and applied(diff, old + "\n", use_patch=True)[0] != new.splitlines():
        print("patch: another file")
PY
env/bin/python apply.py | tee found
diff found - <<'EXPECTED'
last replaced, diff -u: the new file
last replaced, diff --normal: the new file
last replaced, diff -c: ['def total(rows):', '    rows = list(rows)']
last removed, one added, diff -u: the new file
last removed, one added, diff --normal: the new file
last removed, one added, diff -c: ['import os', 'import sys', '', 'print(1)', 'print(2)']
last added, diff -u: the new file
last added, diff --normal: the new file
last added, diff -c: the new file
in the middle, diff -u: the new file
in the middle, diff --normal: the new file
in the middle, diff -c: the new file
one line, diff -u: the new file
one line, diff --normal: the new file
one line, diff -c: ValueError("invalid literal for int() with base 10: ''")
EXPECTED
echo "as described"
