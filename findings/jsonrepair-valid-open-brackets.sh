#!/usr/bin/env bash
# jsonrepair 3.15.0: valid JSON is refused or changed where the last text of an object or list ends in an open bracket.
#
# The package repairs what a model wrote, and its list of repairs is one of faults, so one would expect valid JSON to mean
# the same afterwards, as it did until 3.14.0. Where a quote is followed by a bracket that closes, a text that has one open is
# taken for one whose end quote was forgotten. So the arguments `{"path":"a.ts","text":"if (a) {"}`, an edit that writes the
# head of a block, raise an error, and in a list of words a command or a stop text is split: `["grep","["]` becomes
# `["grep","",[""]]`, which is valid JSON of another shape. Indented JSON is spared, as a line break follows the quote; so is
# a text with another key after it. The same holds where something else was to repair, and for the stream
# (`jsonrepairTransform`). A JSON.parse before it spares valid texts only; with a comma too many a list is still split.
#
# Needs Node 20 or later and npm. Fails where the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
cat > repair.js <<'JS'
import { jsonrepair } from "jsonrepair";
const texts = [
  { path: "a.ts", text: "if (a) {" },
  { path: "a.ts", text: "if (a) {}" },
  { text: "if (a) {", path: "a.ts" },
  { calls: [{ name: "reply", arguments: { text: "What does { mean?" } }] },
  { command: ["grep", "-n", "["] },
  { command: ["grep", "-n", "["], folder: "." },
  { names: ["a", "b[0"] },
  { stop: ["\n\n", "["] },
].map((value) => JSON.stringify(value));
texts.push(JSON.stringify({ path: "a.ts", text: "if (a) {" }, null, 2), '{"command":["grep","-n","["],}');
for (const text of texts) {
  let found;
  try {
    found = jsonrepair(text) === text ? "the same" : JSON.stringify(JSON.parse(jsonrepair(text)));
  } catch (error) {
    found = error.message;
  }
  console.log(`${text}\n  ${found}`);
}
JS
for version in 3.14.0 3.15.0; do
  npm install --silent --no-audit --no-fund --ignore-scripts "jsonrepair@$version"
  node repair.js > "found-$version"
done
grep -c "the same" found-3.14.0
tee found < found-3.15.0
diff found - <<'EXPECTED'
{"path":"a.ts","text":"if (a) {"}
  Unexpected character "{" at position 30
{"path":"a.ts","text":"if (a) {}"}
  the same
{"text":"if (a) {","path":"a.ts"}
  the same
{"calls":[{"name":"reply","arguments":{"text":"What does { mean?"}}]}
  Colon expected at position 65
{"command":["grep","-n","["]}
  {"command":["grep","-n","",[""]]}
{"command":["grep","-n","["],"folder":"."}
  {"command":["grep","-n","",["]","folder",":","."]]}
{"names":["a","b[0"]}
  {"names":["a","b",["0"]]}
{"stop":["\n\n","["]}
  {"stop":["\n\n","",[""]]}
{
  "path": "a.ts",
  "text": "if (a) {"
}
  the same
{"command":["grep","-n","["],}
  {"command":["grep","-n","",[""]]}
EXPECTED
echo "as described"
