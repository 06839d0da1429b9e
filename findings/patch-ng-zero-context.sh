#!/usr/bin/env bash
# patch-ng 1.19.1: lines that a diff without context adds are put in one line too early, and `apply()` returns True.
#
# The package applies unified diffs, and one without context is such a diff (`-U0`; the shortest for a model to write).
# Where a hunk of it only adds lines, `@@ -3,0 +4 @@` means behind line 3, so one would expect them there, as `patch` and
# whatthepatch put them. It takes the number for the first line that the hunk changes, as in hunks with lines of the old
# file, and what belongs behind line 3 comes before it: statements are exchanged, and a program gives other numbers or
# none. Hunks that take lines away are right, so one diff may be half right. Nothing can be compared without context, so
# there is no message either. The README does not have it among what does not work, nor that a last line which the diff
# marks as without a newline gets one.
#
# Needs Python 3.11 or later, git and patch, and about 20 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check patch-ng==1.19.1 whatthepatch==1.0.7
git init --quiet
cat > price.py <<'PY'
def price(amount):
    total = amount * 2
    total += 1
    return total


print(price(5))
print(price(6))
PY
git add price.py
sed -i '3a\    total *= 10' price.py
sed -i 's/price(6)/price(7)/' price.py
printf 'print(price(8))' >> price.py
cp price.py new.py
git diff --no-prefix -U0 > change.diff
git checkout --quiet price.py
cat > compare.py <<'PY'
import pathlib
import subprocess
import sys

import patch_ng
import whatthepatch

path = pathlib.Path("price.py")
old, new, diff = (pathlib.Path(name).read_text() for name in ("price.py", "new.py", "change.diff"))


def tried(name, text):
    ran = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    same = "the new file" if text == new else "another file"
    print(f"{name}: {same}, prints {ran.stdout.split()}")


print("\n".join(line for line in diff.splitlines() if line[0] in "@+-\\"))
[parsed] = whatthepatch.parse_patch(diff)
tried("whatthepatch", "\n".join(whatthepatch.apply_diff(parsed, old)))
subprocess.run(["patch", "--silent", "--output=patched.py", path, "change.diff"], check=True)
tried("patch", pathlib.Path("patched.py").read_text())
print("apply() returns", patch_ng.fromstring(diff.encode()).apply())
tried("patch-ng", path.read_text())
print(path.read_text())
PY
env/bin/python compare.py | tee found
diff found - <<'EXPECTED'
--- price.py
+++ price.py
@@ -3,0 +4 @@ def price(amount):
+    total *= 10
@@ -8 +9,2 @@ print(price(5))
-print(price(6))
+print(price(7))
+print(price(8))
\ No newline at end of file
whatthepatch: the new file, prints ['110', '150', '170']
patch: the new file, prints ['110', '150', '170']
apply() returns True
patch-ng: another file, prints ['101', '141', '161']
def price(amount):
    total = amount * 2
    total *= 10
    total += 1
    return total


print(price(5))
print(price(7))
print(price(8))

EXPECTED
echo "as described"
