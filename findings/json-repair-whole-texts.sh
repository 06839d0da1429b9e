#!/usr/bin/env bash
# json-repair 0.64.6: where one brace is missing, it also changes texts that were whole: the code of a tool's call, for one.
#
# It mends the JSON that models write, such as the arguments of a call that lack the last brace or have a comma too many.
# One would expect the value that the JSON has without that fault. But all of it goes through a parser that guesses, and
# strings that are valid JSON come out changed: those that end with a line's end lose it, with the spaces before it; `\\\"`,
# a quoted quote in code, loses its backslash; a text that begins with a block of JSON loses the beginning of the fence; and
# an array over several lines loses its last item if that is empty. So a file that an agent writes has no last line's
# end, or is no Python any more, an edit does not find what it quotes, and all of that only in some calls. Nothing is
# told. The README says that whitespace is adjusted and line breaks are removed, which one takes for those between
# values, and warns of `skip_json_loads` with valid JSON. Adding "}" and asking `json.loads` first avoids it here.
#
# Needs Python 3.11 or later and about 20 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check json-repair==0.64.6
cat > ask.py <<'PY'
import json

import json_repair

VALUES = [
    {"path": "a.py", "content": 'print("a")\n'},
    {"path": "a.py", "content": 'print("say \\"hi\\"")'},
    {"path": "a.md", "content": '```json\n{"limit": 3}\n```'},
    {"path": "a.py", "lines": ["import a", ""]},
]


def python(text):
    try:
        compile(text, "a.py", "exec")
    except SyntaxError:
        return ", which is no Python any more"
    return ""


for value in VALUES:
    text = json.dumps(value, indent=2)
    last = list(value)[-1]
    assert json_repair.loads(text) == value
    missing, comma = json_repair.loads(text[:-1]), json_repair.loads(text[:-2] + ",\n}")
    assert missing == comma
    told = python(missing[last]) if isinstance(missing[last], str) and value["path"] == "a.py" else ""
    print(f"written {json.dumps(value[last])}")
    print(f"   read {json.dumps(missing[last])}{told}")
    assert json.loads(text[:-1] + "}") == value
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
test ! -s errors
diff found - <<'EXPECTED'
written "print(\"a\")\n"
   read "print(\"a\")"
written "print(\"say \\\"hi\\\"\")"
   read "print(\"say \"hi\"\")", which is no Python any more
written "```json\n{\"limit\": 3}\n```"
   read "n{\"limit\": 3}\n```"
written ["import a", ""]
   read ["import a"]
EXPECTED
echo "as described"
