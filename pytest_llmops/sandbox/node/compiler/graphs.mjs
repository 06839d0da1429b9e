// What a job loads: which file imports which, and what an answer may import.
import { builtinModules } from "node:module";

import { PURE } from "../runtime/pure.mjs";
import { isTestApi } from "./tree.mjs";

const BUILTINS = [...new Set(builtinModules.map((name) => name.replace(/^node:/, "")))].filter((name) => !name.startsWith("_"));

export class SourceError extends Error {
  constructor(message, status = "load_error") {
    super(message);
    this.status = status;
  }
}

const keyOf = ({ file, builtin, api, specifier }) => file ?? builtin ?? api ?? specifier;
const asksFor = (file) => [...file.specifiers, ...file.dynamic, ...file.required];
/** How a file asks for something, which a package may answer in different ways. */
const howOf = (file, specifier) => (file.specifiers.includes(specifier) || file.dynamic.includes(specifier) ? "import" : "require");

/** What the original of an overlaid file imports: all that the overlay may import of the tree. */
function allowedFor(tree, name, overlay, adds) {
  if (!tree.isFile(name)) return new Set();
  const original = tree.file(name);
  const means = (specifier) => (adds ? null : original.imports.get(specifier)) ?? tree.resolve(specifier, name, overlay, howOf(original, specifier));
  const asked = asksFor(original).map((specifier) => keyOf(means(specifier)));
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
  const allowed = isAnswer ? allowedFor(tree, name, judged, adds) : null;
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

export function closure(tree, { tests, overlay, allows, trusted }, isMapped = true) {
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

/**
 * What an overlay loads, from what the tree loads without one; null where these are not the same files.
 * Where it asks for what the files ask for in whose place it stands, those alone are others.
 */
function replaced(tree, request, plain) {
  const { tests, allows, trusted, overlay } = request;
  const judged = {};
  for (const [name, text] of Object.entries(overlay)) {
    const original = plain.get(name)?.file;
    if (!original || tests.includes(name) || !tree.isFile(name)) return null;
    judged[name] = tree.compile(text, name, false);
    if (["specifiers", "dynamic", "required", "mocked"].some((key) => `${judged[name][key]}` !== `${original[key]}`)) return null;
    judged[name].imports = original.imports;
  }
  const files = new Map(plain);
  for (const [name, file] of Object.entries(judged)) {
    if (file.mocked.length) return null;
    const imports = importsOf(tree, name, file, { judged, tests, allows, trusted, adds: false });
    if (Object.values(imports).some((target) => target.forbidden)) return null;
    files.set(name, { file, imports, role: trusted ? "" : "answer" });
  }
  return files;
}

/** What a job and all that follows in it load, by overlay. Nobody reads the messages of what follows: it has no maps. */
export function graphsOf(tree, request) {
  const { overlay, rounds, sections } = request;
  const further = [...rounds, ...sections.flatMap((one) => [one, ...one.rounds])];
  const plain = further.length ? closure(tree, { ...request, overlay: {} }) : null;
  const graph = (one) => {
    const job = { ...request, overlay: one.overlay };
    return [one.overlay, replaced(tree, job, plain) ?? closure(tree, job, false)];
  };
  return new Map([[overlay, closure(tree, request)], ...further.map(graph)]);
}
