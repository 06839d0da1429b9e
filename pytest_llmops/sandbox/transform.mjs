// The trusted transformer: turns tests, overlay and source tree into plain JavaScript and a
// resolved import graph. It parses and never executes what it reads; the sandboxed process gets
// texts only, so neither the tree nor a TypeScript parser has to be inside the sandbox.
//
// Requests are JSON lines on stdin: {root, tests, overlay, options}. An answer is one JSON line
// {status, detail, length}, followed by `length` bytes of payload for runner.mjs where status is
// "ready".
import fs from "node:fs";
import { builtinModules, stripTypeScriptTypes } from "node:module";
import path from "node:path";
import vm from "node:vm";

const EXTENSIONS = [".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".json"];
// What a JavaScript extension in an import may stand for in a TypeScript tree.
const WRITTEN_AS = { ".js": [".ts", ".tsx", ".js"], ".mjs": [".mts", ".mjs"], ".jsx": [".tsx"] };
const BUILTINS = new Set(builtinModules.filter((name) => !name.startsWith("_")));
const DYNAMIC_IMPORT = /\bimport\s*\(\s*(["'])([^"'\n\\]+)\1\s*[,)]/g;

class SourceError extends Error {}

function toJavaScript(text, name) {
  try {
    return stripTypeScriptTypes(text);
  } catch (error) {
    if (error?.code !== "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") throw error;
  }
  // Enums, namespaces and parameter properties have values; they need more than blanking out.
  return stripTypeScriptTypes(text, { mode: "transform", sourceUrl: name });
}

function parse(text, name) {
  if (name.endsWith(".json")) {
    JSON.parse(text);
    return { code: text, specifiers: [], optional: [] };
  }
  if (/\.[jt]sx$/.test(name)) throw new SourceError("JSX needs real vitest");
  const code = /\.[cm]?ts$/.test(name) ? toJavaScript(text, name) : text;
  const module = new vm.SourceTextModule(code, { identifier: name });
  const specifiers = [...new Set(module.moduleRequests.map((request) => request.specifier))];
  const optional = [...code.matchAll(DYNAMIC_IMPORT)].map((match) => match[2]);
  return { code, specifiers, optional: optional.filter((name) => !specifiers.includes(name)) };
}

const GLOBALS = ["describe", "suite", "it", "test", "expect", "vi", "beforeAll", "afterAll", "beforeEach",
  "afterEach"];

/** A test file without imports from vitest uses its globals; only test files are given them. */
function withGlobals(file) {
  if (file.error || file.specifiers.includes("vitest")) return file;
  const used = GLOBALS.filter((global) => new RegExp(`\\b${global}\\b`).test(file.code)
    && !new RegExp(`\\b(const|let|var|function|class)\\s+${global}\\b`).test(file.code));
  const { json: _, ...plain } = file;
  const code = `import { ${used.join(", ")} } from "vitest"; ${file.code}`;
  return { ...plain, code, specifiers: [...file.specifiers, "vitest"] };
}

/** One source tree: parsed files and resolved imports, kept for as long as files do not change. */
class Tree {
  #parsed = new Map();
  #packages = null;

  constructor(root) {
    this.root = root;
  }

  /** The tree-relative POSIX path of `file`, with links resolved; null outside the tree. */
  relative(file) {
    const real = fs.realpathSync.native(file);
    const name = path.relative(this.root, real).split(path.sep).join("/");
    return name.startsWith("../") || path.isAbsolute(name) ? null : name;
  }

  isFile(name) {
    if (name.startsWith("../")) return false;
    return fs.statSync(path.join(this.root, name), { throwIfNoEntry: false })?.isFile() ?? false;
  }

  file(name) {
    const full = path.join(this.root, name);
    const stat = fs.statSync(full);
    const known = this.#parsed.get(name);
    if (known && known.mtime === stat.mtimeMs && known.size === stat.size) return known;
    const made = { ...this.#read(full, name), mtime: stat.mtimeMs, size: stat.size };
    this.#parsed.set(name, made);
    return made;
  }

  #read(full, name) {
    try {
      const file = parse(fs.readFileSync(full, "utf8"), name);
      return { ...file, json: JSON.stringify(file.code), imports: new Map() };
    } catch (error) {
      return { error: `${name}: ${error.message}`, specifiers: [], optional: [], json: '""' };
    }
  }

  /** What `specifier` in file `from` means: {file} | {builtin} | {vitest} | {missing}. */
  resolve(specifier, from, overlay) {
    const bare = specifier.replace(/^node:/, "");
    if (BUILTINS.has(bare)) return { builtin: bare };
    if (specifier === "vitest") return { vitest: true };
    const relative = /^\.\.?(\/|$)/.test(specifier);
    const found = relative
      ? this.#probe(path.posix.join(path.posix.dirname(from), specifier), overlay)
      : this.#workspace(specifier, overlay);
    if (found) return { file: found };
    const what = relative ? "no such file in the tree" : "npm packages need real vitest";
    return { missing: `cannot find '${specifier}' imported from ${from}: ${what}` };
  }

  #probe(name, overlay) {
    const extension = path.posix.extname(name);
    const stem = name.slice(0, name.length - extension.length);
    const written = (WRITTEN_AS[extension] ?? []).map((other) => stem + other);
    const exact = EXTENSIONS.includes(extension) ? [name] : [];
    const added = EXTENSIONS.map((other) => name + other);
    const index = EXTENSIONS.map((other) => `${name}/index${other}`);
    for (const candidate of [...exact, ...written, ...added, ...index]) {
      const normal = path.posix.normalize(candidate);
      if (normal in overlay) return normal;
      if (this.isFile(normal)) return this.relative(path.join(this.root, normal));
    }
    return null;
  }

  /** Sources of a workspace package: `src` in the place of the `dist` that its exports name. */
  #workspace(specifier, overlay) {
    this.#packages ??= this.#findPackages();
    const parts = specifier.split("/");
    const name = parts.splice(0, specifier.startsWith("@") ? 2 : 1).join("/");
    const found = this.#packages.get(name);
    if (!found) return null;
    const subpath = parts.length ? `./${parts.join("/")}` : ".";
    let target = found.exports?.[subpath];
    while (target && typeof target === "object") target = target.import ?? target.default;
    const guesses = [target?.replace(/^(\.\/)?dist\//, "src/"), `src/${parts.join("/") || "index"}`];
    for (const guess of guesses.filter(Boolean)) {
      const file = this.#probe(path.posix.join(found.folder, guess), overlay);
      if (file) return file;
    }
    return null;
  }

  #findPackages() {
    const packages = new Map();
    const visit = (folder, depth) => {
      for (const entry of fs.readdirSync(path.join(this.root, folder), { withFileTypes: true })) {
        const name = path.posix.join(folder, entry.name);
        const skipped = entry.name === "node_modules" || entry.name.startsWith(".");
        if (entry.isDirectory() && depth < 5 && !skipped) visit(name, depth + 1);
        if (entry.name !== "package.json") continue;
        const { name: title, exports } = JSON.parse(fs.readFileSync(path.join(this.root, name)));
        if (title) packages.set(title, { folder, exports });
      }
    };
    visit("", 0);
    return packages;
  }
}

/** A candidate never reaches the test API, not even through a file that has it. */
function refuseTestApi(name, target, file) {
  if (target.vitest || file?.specifiers.includes("vitest")) {
    throw new SourceError(`${name}: only test files may import vitest or what imports it`);
  }
}

function closure(tree, tests, overlay) {
  const judged = Object.fromEntries(Object.entries(overlay).map(([name, text]) => [
    name, { ...parse(text, name), imports: new Map() }]));
  const files = new Map();
  const pending = [...tests, ...Object.keys(judged)];
  while (pending.length) {
    const name = pending.pop();
    if (files.has(name)) continue;
    const found = judged[name] ?? tree.file(name);
    const file = tests.includes(name) ? withGlobals(found) : found;
    const imports = {};
    for (const specifier of [...file.specifiers, ...file.optional]) {
      const kept = file.imports.get(specifier);
      const target = kept ?? tree.resolve(specifier, name, judged);
      if (!target.file || tree.isFile(target.file)) file.imports.set(specifier, target);
      imports[specifier] = target;
      if (name in judged && !tests.includes(name)) {
        const text = target.file && !(target.file in judged) ? tree.file(target.file) : null;
        refuseTestApi(name, target, text);
      }
      if (target.file) pending.push(target.file);
    }
    files.set(name, { file, imports });
  }
  return files;
}

function payload(files, tests, options) {
  const parts = [];
  for (const [name, { file, imports }] of files) {
    const code = file.json ?? JSON.stringify(file.code);
    const error = file.error ? `,"error":${JSON.stringify(file.error)}` : "";
    parts.push(`${JSON.stringify(name)}:{"code":${code},"imports":${JSON.stringify(imports)}${error}}`);
  }
  const head = `"tests":${JSON.stringify(tests)},"options":${JSON.stringify(options)}`;
  return `{${head},"files":{${parts.join(",")}}}`;
}

const trees = new Map();

function answer({ root, tests, overlay, options }) {
  if (!trees.has(root)) trees.set(root, new Tree(root));
  const tree = trees.get(root);
  const missing = tests.find((name) => !(name in overlay) && !tree.isFile(name));
  if (missing !== undefined) return { status: "no_test", detail: missing };
  try {
    const files = closure(tree, tests, overlay);
    return { status: "ready", detail: "", payload: payload(files, tests, { ...options, root }) };
  } catch (error) {
    if (error instanceof SourceError) return { status: "load_error", detail: error.message };
    const isSyntax = error instanceof SyntaxError || error?.code === "ERR_INVALID_TYPESCRIPT_SYNTAX";
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
