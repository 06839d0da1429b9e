// The trusted compiler: turns tests, overlay and source tree into plain JavaScript and a resolved import
// graph. It parses and never executes what it reads; the sandboxed process gets texts only, so neither
// the tree nor a parser of TypeScript has to be inside the sandbox.
//
// Requests are JSON lines on stdin: {root, packages, tests, overlay, allows, trusted, survey, options, expected, rounds,
// sections}; of the last three rounds.mjs tells. An answer is one JSON line {status, detail, needs, length}, followed
// by `length` bytes of payload for runner.mjs where status is "ready". A survey is answered with {files, missing}
// instead: what the tests load, and what is not there.
import path from "node:path";

import { SyntaxFault } from "./compile.mjs";
import { SourceError, closure, graphsOf } from "./graphs.mjs";
import { Tree } from "./tree.mjs";

const targetsOf = (files) => [...files.values()].flatMap(({ imports }) => Object.values(imports));

/** The answers of a job and all that these load: no test API is ever within their reach. */
function withinReach(files) {
  const pending = [...files.keys()].filter((name) => files.get(name).role === "answer");
  const seen = new Set(pending);
  while (pending.length) {
    for (const { file } of Object.values(files.get(pending.pop())?.imports ?? {})) {
      if (file && !seen.has(file)) pending.push(file);
      if (file) seen.add(file);
    }
  }
  return seen;
}

/** Whether a file has vitest's globals: test files that import nothing of it, and what is set up to have them. */
function hasGlobals(tree, name, { file, role }, answers) {
  if (role === "test" && !file.specifiers.includes("vitest")) return true;
  return !answers.has(name) && tree.hasGlobals(name);
}

/** What the tests load of the tree, and of which packages, and each import that leads nowhere, for people. */
function surveyOf(files) {
  const each = (key) => [...new Set(targetsOf(files).map((target) => target[key]).filter(Boolean))].sort();
  return { files: [...files.keys()].sort(), missing: each("missing"), packages: each("package") };
}

/** Snapshot files that belong to the tests. */
function snapshotsOf(tree, tests) {
  const names = tests.map((name) => path.posix.join(path.posix.dirname(name), "__snapshots__", `${path.posix.basename(name)}.snap`));
  return Object.fromEntries(names.filter((name) => tree.isFile(name)).map((name) => [name, tree.read(name)]));
}

/** Files with what they are told, as the text of a JSON object; without those that another graph has as they are. */
function textOf(tree, files, { other = null, told = new Map() } = {}) {
  const parts = [];
  const answers = withinReach(files);
  for (const [name, found] of files) {
    const { file, imports, role } = found;
    const globals = hasGlobals(tree, name, found, answers);
    const same = other?.files.get(name);
    if (same && same.file === file && same.role === role && other.globals.get(name) === globals) continue;
    told.set(name, globals);
    const { kind, required, map, error } = file;
    const rest = JSON.stringify({ kind, required, role, globals, imports, map, error }).slice(1);
    parts.push(`${JSON.stringify(name)}:{"code":${file.json ?? JSON.stringify(file.code)},${rest}`);
  }
  return `{${parts.join(",")}}`;
}

function payload(tree, request, graphs, needs) {
  const { root, tests, overlay, options, expected, rounds, sections } = request;
  const files = graphs.get(overlay);
  const globals = new Map();
  const told = [`"files":${textOf(tree, files, { told: globals })}`];
  if (rounds.length) {
    const other = { files, globals };
    const changed = (one) => `"files":${textOf(tree, graphs.get(one.overlay), { other })}`;
    const listed = (ones) => `[${ones.map((one) => `{"whole":${one.whole},${changed(one)}}`).join(",")}]`;
    const parts = sections.map((one) => `{${changed(one)},"rounds":${listed(one.rounds)}}`);
    told.push(`"expected":${JSON.stringify(expected)},"rounds":${listed(rounds)},"sections":[${parts.join(",")}]`);
  }
  const head = { tests, options: { ...options, root, packages: needs }, snapshots: snapshotsOf(tree, tests) };
  return `${JSON.stringify(head).slice(0, -1)},${told.join(",")}}`;
}

const trees = new Map();
const KEPT = 8;

/** The tree in a folder; those that were asked for longest ago are forgotten. */
function treeAt(root, packages) {
  const tree = trees.get(root) ?? new Tree(root, packages);
  trees.delete(root);
  trees.set(root, tree);
  if (trees.size > KEPT) trees.delete(trees.keys().next().value);
  return tree;
}

function answer(request) {
  const { root, packages, tests, overlay, survey } = request;
  const tree = treeAt(root, packages);
  const missing = tests.find((name) => !(name in overlay) && !tree.isFile(name));
  if (missing !== undefined) return { status: "no_test", detail: missing };
  try {
    if (survey) return { status: "ready", detail: "", ...surveyOf(closure(tree, request)) };
    const graphs = graphsOf(tree, request);
    const files = new Set([...graphs.values()].flatMap((found) => [...found.values()]));
    const used = targetsOf(files).filter((target) => target.package && !target.forbidden).map(({ file }) => file);
    const needs = [...new Set(used)].sort();
    return { status: "ready", detail: "", needs, payload: payload(tree, request, graphs, needs) };
  } catch (error) {
    if (error instanceof SourceError) return { status: error.status, detail: error.message };
    const isSyntax = error instanceof SyntaxFault || error instanceof SyntaxError;
    // Anything else may have left the parser in an unknown state: the parent starts a new one.
    return { status: isSyntax ? "syntax_error" : "fault", detail: String(error?.message ?? error) };
  }
}

function reply(line) {
  const { payload: text, ...head } = answer(JSON.parse(line));
  const body = Buffer.from(text ?? "", "utf8");
  process.stdout.write(`${JSON.stringify({ ...head, length: body.length })}\n`);
  process.stdout.write(body);
}

let buffered = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  buffered += chunk;
  if (!chunk.includes("\n")) return;
  const lines = buffered.split("\n");
  buffered = lines.pop();
  for (const line of lines) reply(line);
});
process.stdin.on("end", () => process.exit(0));
