#!/usr/bin/env bash
# recast 0.24.0, and jscodeshift 17.4.0 with it: adding a name to an import loses its `with { type: "json" }`.
#
# recast keeps the text of what a codemod did not touch and prints the rest anew, so one would expect everything in the
# tree to come out again, and the tree has the attributes. A statement that is printed anew, as where a name was added to
# it or it became a namespace, has none: Node no longer loads the file, and a bundler that goes by the attribute takes
# another kind. Where only a name or the path in it was changed they stay, so a codemod may seem to be right in its tests.
# Exports with `from` lose theirs in the same way, types the `resolution-mode` that says which declarations are meant, and
# a mapped type its `as`, which changes the names of the keys without an error. Nothing is told.
#
# Needs Node 20.10 or later and npm, and about 50 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts jscodeshift@17.4.0 recast@0.24.0
cat > add.js <<'JS'
// Adds the name `version` to the import of the settings.
module.exports = ({ source }, { jscodeshift: j }) => {
  const added = () => j.importSpecifier(j.identifier("default"), j.identifier("settings"));
  return j(source).find(j.ImportDeclaration, { source: { value: "./settings.json" } })
    .forEach((path) => path.node.specifiers.push(added())).toSource();
};
JS
echo '{ "limit": 10 }' > settings.json
cat > program.mjs <<'JS'
import { default as options } from "./settings.json" with { type: "json" };
console.log(options.limit);
JS
cat > print.js <<'JS'
const recast = require("recast");
const parser = require("recast/parsers/babel-ts");
const { builders: b } = recast.types;
const changed = (text, change) => {
  const tree = recast.parse(text, { parser });
  change(tree.program.body[0]);
  console.log(`  ${recast.print(tree).code.replace(/\s+/g, " ")}`);
};
const name = b.identifier("other");
console.log(`recast ${require("recast/package.json").version}`);
const text = 'import data from "./a.json" with { type: "json" };';
changed(text, (made) => { made.specifiers[0].local.name = "other"; });
changed(text, (made) => { made.source = b.stringLiteral("./b.json"); });
changed(text, (made) => { made.specifiers = [b.importNamespaceSpecifier(name)]; });
changed('export { a } from "./a.json" with { type: "json" };', (made) => {
  made.specifiers.push(b.exportSpecifier.from({ local: name, exported: name }));
});
changed('import type { A } from "a" with { "resolution-mode": "import" };', (made) => {
  made.specifiers.push(b.importSpecifier(name));
});
console.log(`  ${recast.prettyPrint(recast.parse("type G<T> = { [K in keyof T as `get_${K}`]: T[K] }", { parser })).code}`);
JS
{
  node --no-warnings program.mjs
  npx jscodeshift --silent --transform add.js --extensions=mjs program.mjs > told 2>&1 || cat told
  cat program.mjs
  node --no-warnings program.mjs 2> error || grep -q ERR_IMPORT error && echo "does not load"
  node print.js
} | tee found
diff found - <<'EXPECTED'
10
import { default as options, default as settings } from "./settings.json";
console.log(options.limit);
does not load
recast 0.24.0
  import other from "./a.json" with { type: "json" };
  import data from "./b.json" with { type: "json" };
  import * as other from "./a.json";
  export { a, other } from "./a.json";
  import type { A, other } from "a";
  type G<T> = {
    [K in keyof T]: T[K];
};
EXPECTED
echo "as described"
