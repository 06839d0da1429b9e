#!/usr/bin/env bash
# Babel's TypeScript plugin 8.0.6 and 7.29.15, and sucrase 3.35.1: a member of a string enum gets the name of another as value.
#
# TypeScript maps values back to names for numbers only, so one would expect the values of a string enum to be what the
# file says. Where a member is given by another of the same enum, `standard = Role.user`, both packages take it for a
# number, as they did not follow the name, and write the mapping: `Role["user"] = "standard"`. Values are often the names,
# so this replaces the member `user` itself; where they differ, `Object.values` has one too many. Nothing is told. tsc
# allows the file with `isolatedModules` and compiles it as written, and so does esbuild. So tests under Jest, whose own
# transform is Babel, see other values than the program that tsc built. Babel follows the bare name, `standard = low`;
# sucrase does not, nor a template.
#
# Needs Node 20 or later (npm warns below 22) and npm, and about 50 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > enums.ts <<'TS'
enum Role { user = "user", system = "system", standard = Role.user }
enum Level { low = "low", high = "high", standard = low }
enum Path { root = "/api", chat = `${root}/chat` }
enum Code { ok = "200", done = Code.ok }
console.log(JSON.stringify({ Role, Level, Path, Code }));
TS
cat > babel.mjs <<'JS'
import { readFileSync } from "node:fs";
import { transformSync, version } from "@babel/core";
const plugins = ["@babel/plugin-transform-typescript"];
const options = { filename: "enums.ts", babelrc: false, configFile: false, plugins };
console.log(`Babel ${version}`);
eval(transformSync(readFileSync("../enums.ts", "utf8"), options).code);
JS
cat > others.mjs <<'JS'
import { readFileSync } from "node:fs";
import { transformSync } from "esbuild";
import { transform } from "sucrase";
import typescript from "typescript";
const text = readFileSync("../enums.ts", "utf8");
console.log("tsc and esbuild");
eval(typescript.transpileModule(text, {}).outputText);
eval(transformSync(text, { loader: "ts" }).code);
console.log("sucrase");
eval(transform(text, { transforms: ["typescript"] }).code);
JS
tried() { # folder, program, packages
  mkdir "$1"
  cp "$2" "$1"
  cd "$1"
  echo '{ "private": true, "type": "module" }' > package.json
  npm install --silent --no-audit --no-fund --ignore-scripts "${@:3}" > installed 2>&1 || cat installed
  node "$2"
  cd ..
}
{
  tried others others.mjs typescript@5.9.3 esbuild@0.28.2 sucrase@3.35.1
  others/node_modules/.bin/tsc --noEmit --strict --isolatedModules --lib es2022,dom enums.ts && echo "tsc: no error"
  tried babel7 babel.mjs @babel/core@7.29.13 @babel/plugin-transform-typescript@7.29.15
  tried babel8 babel.mjs @babel/core@8.1.3 @babel/plugin-transform-typescript@8.0.6
} | tee found
diff found - <<'EXPECTED'
tsc and esbuild
{"Role":{"user":"user","system":"system","standard":"user"},"Level":{"low":"low","high":"high","standard":"low"},"Path":{"root":"/api","chat":"/api/chat"},"Code":{"ok":"200","done":"200"}}
{"Role":{"user":"user","system":"system","standard":"user"},"Level":{"low":"low","high":"high","standard":"low"},"Path":{"root":"/api","chat":"/api/chat"},"Code":{"ok":"200","done":"200"}}
sucrase
{"Role":{"user":"standard","system":"system","standard":"user"},"Level":{"low":"standard","high":"high","standard":"low"},"Path":{"root":"/api","chat":"/api/chat","/api/chat":"chat"},"Code":{"200":"done","ok":"200","done":"200"}}
tsc: no error
Babel 7.29.13
{"Role":{"user":"standard","system":"system","standard":"user"},"Level":{"low":"low","high":"high","standard":"low"},"Path":{"root":"/api","chat":"/api/chat"},"Code":{"200":"done","ok":"200","done":"200"}}
Babel 8.1.3
{"Role":{"user":"standard","system":"system","standard":"user"},"Level":{"low":"low","high":"high","standard":"low"},"Path":{"root":"/api","chat":"/api/chat"},"Code":{"200":"done","ok":"200","done":"200"}}
EXPECTED
echo "as described"
