// Entry of the sandboxed process: runs the judge as one script (`judge/program.py` makes it), with what the
// engine had compiled of it by the end of a first job. Where the engine does not take that, it compiles anew.
"use strict";

const fs = require("node:fs");
const vm = require("node:vm");

const [, , , , script, cache, isMaking] = process.argv;
const cachedData = !isMaking && fs.existsSync(cache) ? fs.readFileSync(cache) : undefined;
const judge = new vm.Script(fs.readFileSync(script, "utf8"), { filename: script, cachedData });
if (isMaking) {
  const exit = process.reallyExit.bind(process);
  process.reallyExit = (code) => {
    if (code === 0) fs.writeFileSync(cache, judge.createCachedData());
    exit(code);
  };
  Atomics.wait = () => "timed-out"; // nobody comes to end this process
}
judge.runInThisContext()(require);
