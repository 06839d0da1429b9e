#!/usr/bin/env bash
# astring 1.9.0: `(a?.b).c` is printed as `a?.b.c`, which is another program, and a name in quotes is exported as `undefined`.
#
# It prints ESTree trees of ECMAScript up to 2024, by its README, so one would expect the program that the tree was made of.
# In `(a?.b).c` the parentheses end the optional chain: where `a` is missing, `.c` is an error. Without them the chain goes
# on and the value is undefined, so what threw passes, and a call or a `delete` is skipped without a word. The tree has a
# node for the end of the chain (`ChainExpression`), which the printer does not ask. A name that is a string, as in
# `export { limit as "max-limit" }` (ES2022), becomes `undefined`: valid code, which exports another name. There is no
# error. esrap and Babel's generator print both as they were.
#
# Needs Node 20 or later and npm. Fails where the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts acorn@8.19.0 astring@1.9.0 esrap@2.4.0
cat > print.js <<'JS'
import { writeFileSync } from "node:fs";
import { parse } from "acorn";
import { generate } from "astring";
import { print } from "esrap";
import ts from "esrap/languages/ts";

const tree = (text) => parse(text, { ecmaVersion: 2024, sourceType: "module", locations: true });
const tried = (text) => {
  try {
    return String(Function(`let user, log = []; ${text}; return log`)());
  } catch (error) {
    return error.name;
  }
};
for (const text of ["log.push((user?.name).length)", "(user?.save)()", "delete (user?.data).key"]) {
  const printed = generate(tree(text)).trim();
  console.log(`${text}: ${tried(text)}`);
  console.log(`  ${printed} ${tried(printed)}`);
  console.log(`  ${print(tree(text), ts()).code} (esrap)`);
}
const module = 'const limit = 3;\nexport { limit as "max-limit" };\n';
writeFileSync("before.js", module);
writeFileSync("after.js", generate(tree(module)));
console.log(Object.keys(await import("./before.js")), Object.keys(await import("./after.js")));
JS
node print.js | tee found
diff found - <<'EXPECTED'
log.push((user?.name).length): TypeError
  log.push(user?.name.length); 
  log.push((user?.name).length); (esrap)
(user?.save)(): TypeError
  user?.save(); 
  (user?.save)(); (esrap)
delete (user?.data).key: TypeError
  delete user?.data.key; 
  delete (user?.data).key; (esrap)
[ 'max-limit' ] [ 'undefined' ]
EXPECTED
echo "as described"
