// The trusted checker: formats, lints and type-checks files, and runs none of them.
//
// Requests are JSON lines on stdin: {root, files: [{path, text, style, at, only}]}. An answer is one JSON
// line {files: [{formatted, lint, syntax, types, fault}]}, in the same order. Every file is checked
// beside the tree's own files, as if it stood in its folder under a name of its own, so that all
// answers to a batch share one program, and one checker that knows the library types already.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import path from "node:path";

const tools = process.argv[2];
const require = createRequire(path.join(tools, "node_modules", "checker.cjs"));
const ts = require("typescript");
const biome = require("@biomejs/wasm-nodejs");

const TYPES = path.join(tools, "node_modules", "@types");

// --- biome: one workspace, one project for every style that is asked for

biome.main();
const workspace = new biome.Workspace();
const projects = new Map();

function projectFor(style) {
  const key = JSON.stringify(style);
  if (!projects.has(key)) {
    const folder = `/style-${projects.size}`;
    const { projectKey } = workspace.openProject({ path: folder, openUninitialized: true });
    workspace.updateSettings({ projectKey, configuration: style, workspaceDirectory: folder });
    projects.set(key, { projectKey, folder });
  }
  return projects.get(key);
}

function ruled(diagnostic) {
  const { category, severity, location, description } = diagnostic;
  const [start, end] = location.span ?? [0, 0];
  return { rule: category, severity, start, end, message: description };
}

/** What biome makes of a file: its formatted text, null where it cannot be parsed, and what it objects to. */
function checkStyle({ at: name, text, style, only }) {
  const { projectKey, folder } = projectFor(style);
  const file = { projectKey, path: `${folder}/${name}` };
  workspace.openFile({ ...file, content: { type: "fromClient", content: text, version: 0 } });
  try {
    const { errors } = workspace.pullDiagnostics({ ...file, categories: ["syntax"], pullCodeActions: false });
    const formatted = errors || only === "lint" ? null : workspace.formatFile(file).code;
    const found = workspace.pullDiagnostics({ ...file, categories: ["lint"], pullCodeActions: false });
    const lint = found.diagnostics.filter(({ category }) => category?.startsWith("lint/")).map(ruled);
    return { formatted, lint };
  } finally {
    workspace.closeFile(file);
  }
}

// --- TypeScript: one program for every tsconfig, renewed from the last one

const DEFAULTS = {
  strict: true,
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.esnext.d.ts"],
  esModuleInterop: true,
  resolveJsonModule: true,
  allowImportingTsExtensions: true,
};
// What is emitted is none of our business, and neither is what nobody wrote in the answer.
const ALWAYS = {
  noEmit: true, composite: false, incremental: false, declaration: false, declarationMap: false, sourceMap: false,
  skipLibCheck: true, isolatedDeclarations: false, noUnusedLocals: false, noUnusedParameters: false,
  moduleDetection: ts.ModuleDetectionKind.Force, typeRoots: [TYPES], types: ["node"], outDir: undefined, rootDir: undefined,
  tsBuildInfoFile: undefined, plugins: undefined,
};

const settings = new Map(); // of a folder: its options, shared by folders under the same tsconfig.json
const sources = new Map(); // of a path: the parsed file of the tree or the library
const programs = new Map(); // of options: the last program

const readable = (name) => name.startsWith(tools + path.sep) || name.startsWith(root + path.sep);
let root = "";

function read(name) {
  if (!readable(name)) return undefined;
  try {
    return ts.sys.readFile(name);
  } catch {
    return undefined;
  }
}

function exists(name) {
  try {
    return readable(name) && ts.sys.fileExists(name);
  } catch {
    return false;
  }
}

function hasFolder(name) {
  try {
    return (readable(name + path.sep) || root.startsWith(name)) && ts.sys.directoryExists(name);
  } catch {
    return false;
  }
}

function optionsFor(folder) {
  const known = settings.get(folder);
  if (known) return known;
  const config = path.join(folder, "tsconfig.json");
  let found;
  if (exists(config)) {
    const host = { useCaseSensitiveFileNames: true, fileExists: exists, readFile: read, readDirectory: () => [] };
    const { config: json } = ts.readConfigFile(config, read);
    found = { ...ts.parseJsonConfigFileContent(json ?? {}, host, folder).options, ...ALWAYS };
  } else if (folder === root || !folder.startsWith(root)) {
    found = { ...DEFAULTS, ...ALWAYS };
  } else {
    found = optionsFor(path.dirname(folder));
  }
  settings.set(folder, found);
  return found;
}

function hostFor(options, overlay) {
  const parsed = (name, text, language) => ts.createSourceFile(name, text, language, true);
  return {
    ...ts.createCompilerHost(options, true),
    getSourceFile(name, language) {
      if (overlay.has(name)) return parsed(name, overlay.get(name), language);
      const key = `${name}\0${JSON.stringify(language)}`;
      if (!sources.has(key)) {
        const text = read(name);
        sources.set(key, text === undefined ? undefined : parsed(name, text, language));
      }
      return sources.get(key);
    },
    fileExists: (name) => overlay.has(name) || exists(name),
    readFile: (name) => overlay.get(name) ?? read(name),
    directoryExists: hasFolder,
    getDirectories: () => [],
    realpath: (name) => name,
    getCurrentDirectory: () => root,
    getDefaultLibLocation: () => path.join(tools, "node_modules", "typescript", "lib"),
    writeFile() {},
  };
}

function told(diagnostic) {
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, " ");
  const { file, start = 0 } = diagnostic;
  return { code: diagnostic.code, line: file ? file.getLineAndCharacterOfPosition(start).line : 0, message };
}

/** Syntax and type errors of files that share their options; `files` have the names they are checked under. */
function checkTypes(options, files) {
  const overlay = new Map(files.map(({ name, text }) => [name, text]));
  const rootNames = [...overlay.keys()];
  const program = ts.createProgram({ rootNames, options, host: hostFor(options, overlay), oldProgram: programs.get(options) });
  programs.set(options, program);
  return files.map(({ name }) => {
    const file = program.getSourceFile(name);
    const syntax = program.getSyntacticDiagnostics(file).map(told);
    return { syntax, types: syntax.length ? [] : program.getSemanticDiagnostics(file).map(told) };
  });
}

// --- a batch

function nameOf(file, number) {
  const { dir, name, ext } = path.parse(path.join(root, file));
  return path.join(dir, `${name}.answer-${number}${ext}`);
}

function check(request) {
  root = request.root;
  const groups = new Map();
  const files = request.files.map((file, number) => {
    const named = { name: nameOf(file.path, number), text: file.text, number };
    const options = optionsFor(path.dirname(named.name));
    groups.set(options, [...(groups.get(options) ?? []), named]);
    return checkStyle(file);
  });
  for (const [options, members] of groups) {
    checkTypes(options, members).forEach((found, at) => Object.assign(files[members[at].number], found));
  }
  return { files };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  let answer;
  try {
    answer = check(JSON.parse(line));
  } catch (error) {
    answer = { fault: String(error?.stack ?? error).slice(0, 500) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
