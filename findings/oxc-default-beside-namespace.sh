#!/usr/bin/env bash
# oxc-transform 0.151.0 and 0.158.0: the module-runner form of `import a, * as b from "c"` loses `a`.
#
# One would expect `a` to become `__vite_ssr_import_0__.default`, as it does where the default stands
# alone. Beside a namespace it stays `a`, which nothing declares: a ReferenceError when it is used. The
# transform reports no error.
#
# Needs Node 20 or later and npm. Fails where the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
for version in 0.151.0 0.158.0; do
  npm install --silent --no-audit --no-fund --ignore-scripts "oxc-transform@$version"
  node - "$version" <<'JS'
const { moduleRunnerTransformSync } = require("oxc-transform");
const made = (text) => moduleRunnerTransformSync("a.js", text, {});
const alone = made('import a from "c";\nuse(a);\n');
const both = made('import a, * as b from "c";\nuse(a, b);\n');
console.log(`oxc-transform ${process.argv[2]}\n${both.code}errors: ${both.errors.length}`);
const isSo = alone.code.includes("use(__vite_ssr_import_0__.default)") && both.errors.length === 0
  && both.code.includes("use(a, __vite_ssr_import_0__)");
process.exit(isSo ? 0 : 1);
JS
done
