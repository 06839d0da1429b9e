// The trusted compiler of installed packages: gives a file with all that it loads, compiled and resolved, for
// the sandbox to read (`stored.mjs`). It parses and never runs what it reads, and it never reads an answer:
// what it makes outlives a session.
//
// Requests are JSON lines on stdin: {target}. An answer is one JSON line {files: [[name, text], ...]}; the last
// one, `NAME.closure`, says that the others are there.
import { NAMES_COSTLY } from "../runtime/globals.mjs";
import { Installed } from "./installed.mjs";

const installed = new Installed(process.argv[3]);

/** All that a file loads, itself included. */
function closureOf(target) {
  const names = new Set([target]);
  for (const name of names) {
    for (const { file } of Object.values(installed.imports(name))) if (file) names.add(file);
  }
  return [...names];
}

function textOf(name) {
  const { code, kind, required, error } = installed.file(name);
  return JSON.stringify({ kind, required, role: "", imports: installed.imports(name), code, error });
}

const sent = new Set();

function answer({ target }) {
  const names = closureOf(target);
  const named = names.map((name) => NAMES_COSTLY.exec(installed.file(name).code)?.[0]).find(Boolean) ?? "";
  const fresh = names.filter((name) => !sent.has(name));
  for (const name of fresh) sent.add(name);
  return { files: [...fresh.map((name) => [name, textOf(name)]), [`${target}.closure`, JSON.stringify({ named })]] };
}

let buffered = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  const lines = (buffered + chunk).split("\n");
  buffered = lines.pop();
  for (const line of lines) process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
});
process.stdin.on("end", () => process.exit(0));
