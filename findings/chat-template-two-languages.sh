#!/usr/bin/env bash
# @huggingface/jinja 0.5.11 and transformers 5.24.0 write another prompt from the same chat template and messages.
#
# Both render the template that a model was trained with: transformers for training and servers in Python, the package
# for transformers.js. One would expect the same text, or an error. A value that the template writes as it is, such as an
# argument of an earlier tool call, comes out in the language of the renderer: true or True, nothing or None, lists with
# quotes of the one or the other; and joined by `~`, a table is "[object Map]", so the schema of a tool is lost. No
# error, no warning: the model sees calls that it never saw in training, and counts of tokens differ. A template that
# passes values through `tojson` has none of this here.
#
# Needs Node 20 or later with npm, Python 3.11 or later, and about 350 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/jinja@0.5.11
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check transformers==5.24.0 jinja2==3.1.6
cat > asked.json <<'JSON'
{
  "messages": [{
    "role": "assistant",
    "tool_calls": [{"type": "function", "function": {
      "name": "find", "arguments": {"recursive": true, "limit": null, "paths": ["a", "b"], "skip": {"hidden": false}}
    }}]
  }],
  "tools": [{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}]
}
JSON
call='{% for name, value in messages[0].tool_calls[0].function.arguments | items %}'
printf '%s' "$call{{ name }}: {{ value }}; {% endfor %}{{ 'tool ' ~ tools[0].function.parameters }}" > as-it-is
printf '%s' "$call{{ name }}: {{ value | tojson }}; {% endfor %}{{ 'tool ' ~ (tools[0].function.parameters | tojson) }}" > tojson
cat > render.js <<'JS'
import { readFileSync } from "node:fs";
import { Template } from "@huggingface/jinja";
const asked = JSON.parse(readFileSync("asked.json", "utf8"));
for (const name of ["as-it-is", "tojson"]) {
  console.log(`${name}, JavaScript: ${new Template(readFileSync(name, "utf8")).render(asked)}`);
}
JS
cat > render.py <<'PY'
import json
import pathlib

from transformers.utils.chat_template_utils import render_jinja_template

asked = json.loads(pathlib.Path("asked.json").read_text())
for name in ("as-it-is", "tojson"):
    template = pathlib.Path(name).read_text()
    (text,), _ = render_jinja_template([asked["messages"]], tools=asked["tools"], chat_template=template)
    print(f"{name}, Python: {text}")
PY
node render.js | tee found
env/bin/python render.py 2> errors | tee -a found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
as-it-is, JavaScript: recursive: true; limit: ; paths: ["a", "b"]; skip: {"hidden": false}; tool [object Map]
tojson, JavaScript: recursive: true; limit: null; paths: ["a", "b"]; skip: {"hidden": false}; tool {"type": "object"}
as-it-is, Python: recursive: True; limit: None; paths: ['a', 'b']; skip: {'hidden': False}; tool {'type': 'object'}
tojson, Python: recursive: true; limit: null; paths: ["a", "b"]; skip: {"hidden": false}; tool {"type": "object"}
EXPECTED
echo "as described"
