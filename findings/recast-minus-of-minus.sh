#!/usr/bin/env bash
# recast 0.24.0, and jscodeshift 17.4.0 with it: the minus of a negative value is printed as `--`, which counts a variable down.
#
# A codemod changes the tree of a program, and recast prints it; it puts in the parentheses that the tree needs, such as
# those of `(a + b) * c`, so that a codemod need not think of them. One would expect the same of a sign before a sign. A
# codemod that puts the value of a variable in the place of its name, `-share` for `change` in `-change`, gets `--share`:
# valid code, which takes one away from `share`, then and for all that follows. With `+` it adds one. There is no
# error. `- -a` in a text that is printed anew is changed so, too, and a negative number gives `--1`, which no parser reads.
# Only in front of a sign is this so: `a - -b` is right. Put the inner one in a `parenthesizedExpression`.
#
# Needs Node 20 or later and npm, and about 50 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts jscodeshift@17.4.0 recast@0.24.0
cat > inline.js <<'JS'
// Puts the value of the constant `change` in the place of its name.
module.exports = ({ source }, { jscodeshift: j }) => {
  const root = j(source);
  const made = root.find(j.VariableDeclarator, { id: { name: "change" } });
  const value = made.get().node.init;
  made.remove();
  return root.find(j.Identifier, { name: "change" }).replaceWith(() => value).toSource();
};
JS
cat > program.js <<'JS'
let share = 0.25;
const change = -share;
const total = (1 + change) * 2;
const back = -change;
console.log(total, back, share);
JS
cat > print.js <<'JS'
const recast = require("recast");
const { builders: b } = recast.types;
const minus = (value) => b.unaryExpression("-", value);
const shown = (tree) => console.log(`  ${recast.print(tree).code}`);
console.log(`recast ${require("recast/package.json").version}`);
shown(minus(minus(b.identifier("a"))));
shown(b.unaryExpression("+", b.unaryExpression("+", b.identifier("a"))));
shown(minus(b.numericLiteral(-1)));
shown(b.binaryExpression("-", b.identifier("a"), minus(b.identifier("b"))));
console.log(`  ${recast.prettyPrint(recast.parse("b = - -a;")).code}`);
JS
{
  echo "before: $(node program.js)"
  npx jscodeshift --silent --transform inline.js program.js > told 2>&1 || cat told
  cat program.js
  echo "after: $(node program.js)"
  node print.js
} | tee found
diff found - <<'EXPECTED'
before: 1.5 0.25 0.25
let share = 0.25;
const total = (1 + -share) * 2;
const back = --share;
console.log(total, back, share);
after: 1.5 -0.75 -0.75
recast 0.24.0
  --a
  ++a
  --1
  a - -b
  b = --a;
EXPECTED
echo "as described"
