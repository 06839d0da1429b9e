// The trusted compiler: turns tests, overlay and source tree into plain JavaScript and a resolved import
// graph. It parses and never executes what it reads; the sandboxed process gets texts only, so neither
// the tree nor a parser of TypeScript has to be inside the sandbox.
//
// Requests are JSON lines on stdin: {root, packages, tests, overlay, allows, trusted, survey, options, expected, rounds,
// sections}; of the last three rounds.mjs tells. An answer is one JSON line {status, detail, needs, length}, followed
// by `length` bytes of payload for runner.mjs where status is "ready". A survey is answered with {files, missing}
// instead: what the tests load, and what is not there.
import { builtinModules } from "node:module";
import path from "node:path";

import { PURE } from "../runtime/pure.mjs";
import { SyntaxFault } from "./compile.mjs";
import { Tree, isTestApi } from "./tree.mjs";

const BUILTINS = [...new Set(builtinModules.map((name) => name.replace(/^node:/, "")))].filter((name) => !name.startsWith("_"));

class SourceError extends Error {
  constructor(message, status = "load_error") {
    super(message);
    this.status = status;
  }
}

const keyOf = ({ file, builtin, api, specifier }) => file ?? builtin ?? api ?? specifier;
const asksFor = (file) => [...file.specifiers, ...file.dynamic, ...file.required];
/** How a file asks for something, which a package may answer in different ways. */
const howOf = (file, specifier) => (file.specifiers.includes(specifier) || file.dynamic.includes(specifier) ? "import" : "require");
const targetsOf = (files) => [...files.values()].flatMap(({ imports }) => Object.values(imports));

/** What the original of an overlaid file imports: all that the overlay may import of the tree. */
function allowedFor(tree, name, overlay) {
  if (!tree.isFile(name)) return new Set();
  const original = tree.file(name);
  const asked = asksFor(original).map((specifier) => keyOf(tree.resolve(specifier, name, overlay, howOf(original, specifier))));
  return new Set([...asked, ...namedBuiltins(tree.read(name))]);
}

const MADE_UP = /\b(?:createRequire|getBuiltinModule)\b|\bimport\s*\(\s*[^"'`\s]/;

/** Builtin modules that a file may ask for by a name that it puts together: those that it has in strings. */
function namedBuiltins(text) {
  if (!MADE_UP.test(text)) return [];
  return BUILTINS.filter((name) => text.includes(name) && new RegExp(`["'\`:]${name}["'\`]`).test(text));
}

/** An answer never reaches the test API, nor what its own file does not reach; where a change is asked for, any file. */
function isForbidden(target, allowed, { judged, tests, allows }) {
  if (tests.includes(target.file)) return true;
  if (PURE.includes(target.builtin) || (target.file && target.file in judged)) return false;
  if (allows && (target.file || allows.includes(target.builtin))) return false;
  return !allowed.has(keyOf(target));
}

function refuseTestApi(name, target, file) {
  if (isTestApi(target) || file?.specifiers.includes("vitest")) {
    throw new SourceError(`${name}: only test files may import vitest or what imports it`, "forbidden_import");
  }
}

/** Resolves what one file asks for, and checks it where the file is an answer. */
function importsOf(tree, name, file, job) {
  const { judged, tests, trusted, adds } = job;
  const isAnswer = name in judged && !tests.includes(name) && !trusted;
  const allowed = isAnswer ? allowedFor(tree, name, judged) : null;
  const imports = {};
  // What is asked for by a name that is made up while the answer runs.
  if (isAnswer) for (const builtin of namedBuiltins(tree.isFile(name) ? tree.read(name) : "")) imports[`node:${builtin}`] = { builtin };
  for (const specifier of asksFor(file)) {
    const target = (adds ? null : file.imports.get(specifier)) ?? tree.resolve(specifier, name, judged, howOf(file, specifier));
    if (!adds) file.imports.set(specifier, target);
    imports[specifier] = isAnswer || !file.mocked.includes(specifier) ? target : withMock(tree, name, target);
    if (!isAnswer) continue;
    const text = target.file && !target.package && !(target.file in judged) ? tree.file(target.file) : null;
    refuseTestApi(name, target, text);
    if (!isForbidden(target, allowed, job)) continue;
    if (target.missing) continue; // said where it is loaded
    const isStatic = file.specifiers.includes(specifier);
    if (isStatic) throw new SourceError(`${name}: an answer may not import '${specifier}'`, "forbidden_import");
    imports[specifier] = { ...target, forbidden: true };
  }
  return imports;
}

/** What a file mocks by name, with the file that stands for it. */
function withMock(tree, name, target) {
  const far = tree.farMockOf(target, name);
  const why = far && `vi.mock("${target.builtin ?? target.package}") in ${name}: ${far} is not supported, as only vitest's configuration tells its root`;
  const redirect = tree.mockOf(target);
  return { ...target, ...(redirect && { redirect }), ...(far && { unmockable: why }) };
}

function closure(tree, { tests, overlay, allows, trusted }, isMapped = true) {
  const judged = Object.fromEntries(Object.entries(overlay).map(([name, text]) => [name, tree.compile(text, name, isMapped)]));
  // A file that the tree has not got changes what imports mean: nothing is kept of it, or taken from before.
  const adds = Object.keys(judged).some((name) => !tree.isFile(name));
  const files = new Map();
  const pending = [...tests, ...Object.keys(judged)];
  while (pending.length) {
    const name = pending.pop();
    if (files.has(name)) continue;
    const file = judged[name] ?? tree.file(name);
    const imports = importsOf(tree, name, file, { judged, tests, allows, trusted, adds });
    for (const { file: found, package: installed, forbidden, redirect } of Object.values(imports)) {
      if (found && !installed && !forbidden) pending.push(found);
      if (redirect) pending.push(redirect);
    }
    const role = tests.includes(name) ? "test" : name in judged && !trusted ? "answer" : "";
    files.set(name, { file, imports, role });
  }
  return files;
}

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

/** Files with what they are told, as the text of a JSON object; without those that another round has as they are. */
function textOf(tree, files, other = null) {
  const parts = [];
  const answers = withinReach(files);
  for (const [name, found] of files) {
    const { file, imports, role } = found;
    found.globals = hasGlobals(tree, name, found, answers);
    const same = other?.get(name);
    if (same && same.file === file && same.role === role && same.globals === found.globals) continue;
    const { kind, required, map, error } = file;
    const rest = JSON.stringify({ kind, required, role, globals: found.globals, imports, map, error }).slice(1);
    parts.push(`${JSON.stringify(name)}:{"code":${file.json ?? JSON.stringify(file.code)},${rest}`);
  }
  return `{${parts.join(",")}}`;
}

/** What a job and all that follows in it load, by overlay. Nobody reads the messages of what follows: it has no maps. */
function graphsOf(tree, request) {
  const { overlay, rounds, sections } = request;
  const further = [...rounds, ...sections.flatMap((one) => [one, ...one.rounds])];
  const graph = (one) => [one.overlay, closure(tree, { ...request, overlay: one.overlay }, false)];
  return new Map([[overlay, closure(tree, request)], ...further.map(graph)]);
}

function payload(tree, request, graphs, needs) {
  const { root, tests, overlay, options, expected, rounds, sections } = request;
  const files = graphs.get(overlay);
  const told = [`"files":${textOf(tree, files)}`];
  if (rounds.length) {
    const changed = (one) => `"files":${textOf(tree, graphs.get(one.overlay), files)}`;
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
    const used = [...graphs.values()].flatMap(targetsOf).filter((target) => target.package && !target.forbidden).map(({ file }) => file);
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
