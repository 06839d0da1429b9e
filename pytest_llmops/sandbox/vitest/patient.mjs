// Loaded before all else in what vitest forks: limits of tests and hooks are of the process's own time (`clock.mjs`).
//
// vitest counts by the wall clock, and says that a right answer is late where the machine is busy with others. Its text is
// changed as it loads, in all places or in none: of a version that says it otherwise, limits stay those of the wall clock.
import module from "node:module";

import { clock } from "../clock.mjs";

const RUNNER = /\/@vitest\/runner\/dist\/[^/]+\.js$/;
const CLOCK = Symbol.for("llmops.clock");
const HELD = `globalThis[Symbol.for("llmops.clock")]`;
const CHANGES = [
  [/const startTime = now\$?\d*\(\);(?=\s*const runner = getRunner\(\);)/, (found) => `${found} const begun = ${HELD}();`],
  [
    /const timer = setTimeout\(\(\) => \{\s*clearTimeout\(timer\);\s*rejectTimeoutError\(\);\s*\}, timeout\);/,
    () => `let timer;
      const wait = (left) => { timer = setTimeout(expire, left); timer.unref?.(); };
      const expire = () => {
        const left = begun + timeout - ${HELD}();
        if (left > 0) return wait(left);
        rejectTimeoutError();
      };
      wait(timeout);`,
  ],
  [/now\$?\d*\(\) - startTime >= timeout/, () => `${HELD}() - begun >= timeout`],
];

/** The text with all changes; as it is where one of them does not fit. */
function changed(text) {
  return CHANGES.every(([old]) => old.test(text)) ? CHANGES.reduce((now, [old, made]) => now.replace(old, made), text) : text;
}

Object.defineProperty(globalThis, CLOCK, { value: clock });
module.registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!RUNNER.test(url) || loaded.source === null || loaded.source === undefined) return loaded;
    return { ...loaded, source: changed(Buffer.from(loaded.source).toString("utf-8")) };
  },
});
