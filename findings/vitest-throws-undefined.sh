#!/usr/bin/env bash
# vitest 4.1.12: `toThrow("text")` and `rejects.toThrow(/pattern/)` hold where undefined or null was thrown.
#
# One would expect a message to be asked for and not found. chai's `throws`, which does the work,
# compares messages only of a thrown value that is truthy, so `throw undefined` meets any expected text:
# a test that names the message of an error passes for code that throws nothing of the kind.
#
# Needs Node 20 or later and npm. Fails where the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts vitest@4.1.12
cat > thrown.test.js <<'JS'
import { expect, it } from "vitest";
it("undefined", () => { expect(() => { throw undefined; }).toThrow("stop reading"); });
it("null", () => { expect(() => { throw null; }).toThrow(/stop/); });
it("a rejection", async () => { await expect(Promise.reject(undefined)).rejects.toThrow("stop reading"); });
it("no other error", () => { expect(() => expect(() => { throw new Error("x"); }).toThrow("stop reading")).toThrow(); });
JS
npx vitest --version
CI=true NO_COLOR=1 npx vitest run --reporter=verbose | grep -E "✓|×|Tests"
CI=true NO_COLOR=1 npx vitest run | grep -q "4 passed"
