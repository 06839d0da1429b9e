#!/usr/bin/env bash
# sucrase 3.35.1: class fields are missing where the second `super()` of a constructor ran, and come after static blocks.
#
# Class fields are among what it transforms unless `disableESTransforms` is set, with the slight differences of TypeScript's
# older fields, so one would expect them to be set once `super()` has returned. It sets them behind the first `super(` of
# the text only: an object that the other branch of an `if` made has none, without an error, and counts from undefined to
# NaN. Static fields are set behind the class, but a static block stays in it: it sees none of the fields above it, and
# they replace what it has set. `super.label?.()` fails where there is no such method. So a test that sucrase compiled,
# as with its plugin for Jest, tests another program than the one that runs. `disableESTransforms` avoids all of it.
#
# Needs Node 20 or later and npm. Fails where the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts sucrase@3.35.1
cat > classes.js <<'JS'
class Model {
  constructor(name) { this.name = name; }
}
class Local extends Model {
  calls = 0;
  constructor(name) {
    if (name) {
      super(name);
    } else {
      super("base");
    }
  }
  call() { return (this.calls += 1); }
}
console.log("  calls:", new Local("own").call(), new Local().call());

class Table {
  static size = 1;
  static { this.size += 1; }
}
console.log("  size:", Table.size);

class Named extends Model {
  label() { return super.label?.() ?? "none"; }
}
try {
  console.log("  label:", new Named("a").label());
} catch (error) {
  console.log("  label:", error.name);
}
JS
cat > run.js <<'JS'
const { readFileSync } = require("fs");
const { transform } = require("sucrase");
const text = readFileSync("classes.js", "utf8");
console.log("Node");
eval(text);
for (const disableESTransforms of [false, true]) {
  console.log(`sucrase, disableESTransforms: ${disableESTransforms}`);
  eval(transform(text, { transforms: ["jest"], disableESTransforms }).code);
}
JS
node run.js | tee found
diff found - <<'EXPECTED'
Node
  calls: 1 1
  size: 2
  label: none
sucrase, disableESTransforms: false
  calls: 1 NaN
  size: 1
  label: TypeError
sucrase, disableESTransforms: true
  calls: 1 1
  size: 2
  label: none
EXPECTED
echo "as described"
