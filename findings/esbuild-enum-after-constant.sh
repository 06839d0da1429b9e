#!/usr/bin/env bash
# esbuild 0.28.2, and tsx 4.23.15 with it: members of a TypeScript enum are `undefined` behind one that a constant gives.
#
# A member without a value is one more than the member before it. By its documentation, esbuild compiles a file as tsc does
# with `isolatedModules`, so one would expect the values of tsc's `transpileModule`. tsc follows a `const` of the file, and
# so do swc, oxc and Babel; esbuild does not, and writes `void 0` for what comes next. After `bad = base` all members up to
# the next number are one and the same, and the enum has a key "undefined". tsc has no error for the file, with
# `--strict --isolatedModules`, and goes on to tell the members apart. So when tests are run by tsx, or what else esbuild
# compiles, a branch is never taken, or taken for another case, where it is right in what tsc built. That it
# happens behind a value made of another file's enum is known (esbuild's issue 3868, open); here all is in one file.
#
# Needs Node 20 or later and npm, and about 200 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund typescript@5.9.3 esbuild@0.28.2 tsx@4.23.15 \
  @swc/core@1.16.22 oxc-transform@0.158.0 @babel/core@7.29.13 @babel/preset-typescript@7.29.7 > installed 2>&1 || cat installed
cat > enums.ts <<'TS'
const base = 400;
enum Status { ok = 200, bad = base, unauthorized, forbidden = base + 3, missing }
enum Reason { refused = Status.missing, filtered }
function told(status: Status): string {
  if (status === Status.missing) return "missing";
  return status === Status.unauthorized ? "unauthorized" : "other";
}
const names = [401, 404].map(told).join();
console.log(names, JSON.stringify([Status.unauthorized, Status.missing, Reason.filtered]), Object.keys(Reason).join());
TS
cat > compare.js <<'JS'
import { readFileSync } from "node:fs";
import babel from "@babel/core";
import swc from "@swc/core";
import esbuild from "esbuild";
import { transformSync } from "oxc-transform";
import typescript from "typescript";
const text = readFileSync("enums.ts", "utf8");
const presets = ["@babel/preset-typescript"];
const parser = { syntax: "typescript" };
const compiled = {
  tsc: typescript.transpileModule(text, {}).outputText,
  swc: swc.transformSync(text, { swcrc: false, isModule: false, jsc: { parser } }).code,
  oxc: transformSync("enums.ts", text).code,
  Babel: babel.transformSync(text, { filename: "enums.ts", babelrc: false, configFile: false, presets }).code,
  esbuild: esbuild.transformSync(text, { loader: "ts" }).code,
};
for (const name in compiled) {
  console.log(`${name}:`);
  new Function(compiled[name])();
}
JS
{
  node_modules/.bin/tsc --noEmit --strict --isolatedModules --target es2022 --lib es2022,dom enums.ts && echo "tsc: no error"
  node compare.js
  echo "tsx:"
  node_modules/.bin/tsx enums.ts
} | tee found
diff found - <<'EXPECTED'
tsc: no error
tsc:
unauthorized,missing [401,404,405] 404,405,refused,filtered
swc:
unauthorized,missing [401,404,405] 404,405,refused,filtered
oxc:
unauthorized,missing [401,404,405] 404,405,refused,filtered
Babel:
unauthorized,missing [401,404,405] 404,405,refused,filtered
esbuild:
other,other [null,null,null] refused,undefined,filtered
tsx:
other,other [null,null,null] refused,undefined,filtered
EXPECTED
echo "as described"
