#!/usr/bin/env bash
# libcst 1.9.0: renaming what a module imports also renames the attribute that a `match` statement asks for.
#
# libcst resolves names by scope, so that a codemod changes the uses of an import and leaves an attribute, a keyword of
# a call or a local of the same name alone. In a class pattern, `Page(limit=None)`, `limit` is the name of an attribute,
# like a keyword of a call. Its scopes take it for a use of the import: the rename that comes with libcst writes
# `Page(maximum=None)`. That is valid Python, and as no page has such an attribute, the case never matches again, without
# an error. What a pattern captures, `{"limit": limit}`, is no assignment for it either, so uses of that local count as
# uses of the import: it is renamed too, and a check for unused imports sees a use where there is none.
#
# Needs Python 3.11 or later and about 20 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check libcst==1.9.0
cat > config.py <<'PY'
limit = 10
PY
cat > settings.py <<'PY'
maximum = 10
PY
cat > before.py <<'PY'
from dataclasses import dataclass

from config import limit


@dataclass
class Page:
    limit: int | None = None


def of_call():
    return Page(limit=None).limit or limit


def of_pattern(value):
    match value:
        case Page(limit=None):
            return "all"
    return "some"


def of_assignment(value):
    limit = value["limit"]
    return limit


def of_capture(value):
    match value:
        case {"limit": limit}:
            return limit
PY
cat > rename.py <<'PY'
import difflib
import pathlib

import libcst
from libcst.codemod import CodemodContext
from libcst.codemod.commands.rename import RenameCommand
from libcst.metadata import ImportAssignment, MetadataWrapper, ScopeProvider

before = pathlib.Path("before.py").read_text()
command = RenameCommand(CodemodContext(), old_name="config.limit", new_name="settings.maximum")
after = command.transform_module(libcst.parse_module(before)).code
pathlib.Path("after.py").write_text(after)
for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""):
    if not line.startswith(("---", "+++", "@@")):
        print(line)


def uses(code):
    """How often the import is used, as libcst sees it."""
    scopes = {*MetadataWrapper(libcst.parse_module(code)).resolve(ScopeProvider).values()}
    imports = [one for scope in scopes if scope for one in scope.assignments if isinstance(one, ImportAssignment)]
    return sum(len(one.references) for one in imports)


first, last = "from config import limit\n\n\ndef f(value):\n", "        return limit\n"
print("uses of an import that is hidden by an assignment:", uses(f"{first}    limit = value\n    if value:\n{last}"))
print("by a capture:", uses(f"{first}    match value:\n      case [limit]:\n{last}"))
PY
env/bin/python rename.py | tee found
for module in before after; do
  env/bin/python -c "from $module import Page, of_pattern; print('$module:', of_pattern(Page()))"
done | tee -a found
diff found - <<'EXPECTED'
-from config import limit
+from settings import maximum
-    return Page(limit=None).limit or limit
+    return Page(limit=None).limit or maximum
-        case Page(limit=None):
+        case Page(maximum=None):
-        case {"limit": limit}:
-            return limit
+        case {"limit": maximum}:
+            return maximum
uses of an import that is hidden by an assignment: 0
by a capture: 2
before: all
after: some
EXPECTED
echo "as described"
