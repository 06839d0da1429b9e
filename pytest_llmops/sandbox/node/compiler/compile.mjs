// One text to JavaScript in the form that Vite's module runner gives it, on the trusted side: it parses
// and never runs what it reads.
//
// oxc compiles TypeScript, as it does for vitest 4.1 with Vite 8; where Node cannot parse what it made
// (decorators, `export =`) or wants a package of helpers for it (legacy decorators), esbuild does. Lines
// and columns are kept in a source map.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

const FOLDER = process.argv[2];
const { hoistMocks, parse, remapping } = await import(pathToFileURL(path.join(FOLDER, "hoist.mjs")).href);
const oxc = createRequire(import.meta.url)(path.join(FOLDER, "oxc.node"));

const TYPED = { ".ts": "ts", ".mts": "ts", ".cts": "ts", ".tsx": "tsx", ".jsx": "jsx" };
const REQUIRED = /\brequire\s*(?:\.\s*resolve\s*)?\(\s*(["'])([^"'\n\\]+)\1\s*\)/g;
const MOCKED = /\b(?:vi|vitest)\s*\.\s*(?:mock|doMock|unmock|doUnmock|importActual|importMock)\s*\(\s*(["'`])([^"'`\n\\]+)\1/g;
const SCRIPT = /\brequire\s*\(|\bmodule\s*\.\s*exports\b|\bexports\s*(?:\.|\[)/;
/** Characters of a text that nobody wrote: its lines are worth less than a map of them costs in every job. */
const LARGE = 2 ** 20;
const NAMED_BY_VITE = /__vite_ssr_(?:exports|import)/;
/** What oxc has legacy decorators import; esbuild puts its own helpers into the file. */
const HELPERS = "@oxc-project/runtime/";
const METADATA = `${HELPERS}helpers/decorateMetadata`;

export class SyntaxFault extends Error {}

const encode = (text) => Buffer.from(text, "utf8");

/** What went wrong, where, in one line. */
function told(error, name, text) {
  const [label] = error.labels ?? [];
  if (!label) return `${name}: ${error.message}`;
  const before = encode(text).subarray(0, label.start).toString("utf8").split("\n");
  return `${name}:${before.length}:${before.at(-1).length + 1}: ${error.message}`;
}

function checked(result, name, text) {
  const fatal = result.errors.find((error) => error.severity === "Error");
  if (fatal) throw new SyntaxFault(told(fatal, name, text));
  return result;
}

function byOxc(text, name, lang, options, isMapped) {
  const result = checked(oxc.transformSync(name, text, {
    lang, sourceType: name.endsWith(".cts") ? "commonjs" : "module", sourcemap: isMapped, target: "esnext", cwd: "/",
    typescript: { onlyRemoveTypeImports: options.verbatimModuleSyntax === true },
    decorator: { legacy: options.experimentalDecorators === true, emitDecoratorMetadata: options.emitDecoratorMetadata === true },
    assumptions: { setPublicClassFields: options.useDefineForClassFields === false },
    jsx: {
      runtime: options.jsx === "react" ? "classic" : "automatic", development: false, importSource: options.jsxImportSource,
      pragma: options.jsxFactory, pragmaFrag: options.jsxFragmentFactory,
    },
  }), name, text);
  return { code: result.code, maps: [result.map] };
}

function byEsbuild(text, name, lang, options) {
  const { experimentalDecorators, useDefineForClassFields, verbatimModuleSyntax, jsxFactory, jsxFragmentFactory, jsxImportSource } = options;
  const jsx = options.jsx === "react" ? "react" : "react-jsx";
  const tsconfig = { compilerOptions: { experimentalDecorators, useDefineForClassFields, verbatimModuleSyntax, jsx, jsxFactory,
    jsxFragmentFactory, jsxImportSource } };
  const made = spawnSync(path.join(FOLDER, "esbuild"), [`--loader=${lang}`, "--format=esm", "--target=node24",
    "--log-level=error", "--sourcemap=inline", "--sources-content=false", `--sourcefile=${name}`,
    "--supported:using=true", `--tsconfig-raw=${JSON.stringify(tsconfig)}`], { input: text, encoding: "utf8", maxBuffer: 2 ** 28 });
  if (made.status !== 0) throw new SyntaxFault(`${name}: ${String(made.stderr ?? made.error).trim().split("\n")[0]}`);
  const [code, map] = made.stdout.split("//# sourceMappingURL=data:application/json;base64,");
  return { code, maps: map ? [JSON.parse(Buffer.from(map.trim(), "base64"))] : [] };
}

function hoisted({ code, maps }, name, isMapped) {
  const made = hoistMocks(code, name, (source) => parse(source, {
    ecmaVersion: "latest", sourceType: "module", locations: false, allowHashBang: true, allowReturnOutsideFunction: true,
  }));
  if (!made) return { code, maps };
  return { code: made.toString(), maps: isMapped ? [made.generateMap({ hires: true }), ...maps] : [] };
}

const BOTH = /\bimport\s+[\w$]+\s*,\s*\*\s*as\b/;

/**
 * Two imports in the place of `import a, * as b from "c"`, on the same line: of one with a default and a
 * namespace, oxc's runner form keeps the namespace alone.
 */
function withSplitImports(code) {
  if (!BOTH.test(code)) return code;
  let made = code;
  const { body } = parse(code, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true });
  for (const node of body.toReversed()) {
    if (node.type !== "ImportDeclaration" || node.specifiers.length !== 2) continue;
    const [first, second] = node.specifiers;
    if (second.type !== "ImportNamespaceSpecifier") continue;
    const from = code.slice(second.end, node.end).replace(/;?$/, ";");
    made = `${made.slice(0, node.start)}import ${first.local.name}${from} import ${code.slice(second.start, second.end)}${from}${made.slice(node.end)}`;
  }
  return made;
}

/** Whether Node parses it, as the body of the function that a module becomes. */
function isParsed(code, kind) {
  try {
    new vm.Script(kind === "module" ? `'use strict';async()=>{{${code}\n}}` : `(function(){${code}\n})`);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function inRunnerForm(made, name, isMapped) {
  const hoist = hoisted(made, name, isMapped);
  const split = withSplitImports(hoist.code);
  const result = checked(oxc.moduleRunnerTransformSync(name, split, { sourcemap: isMapped }), name, split);
  const kind = !NAMED_BY_VITE.test(result.code) && SCRIPT.test(hoist.code) ? "commonjs" : "module";
  const code = kind === "module" ? result.code : hoist.code;
  const literals = (pattern) => [...hoist.code.matchAll(pattern)].map((match) => match[2]);
  const mocked = literals(MOCKED);
  return {
    code, kind, specifiers: [...new Set(result.deps)], dynamic: [...new Set([...result.dynamicDeps, ...mocked])], mocked,
    required: [...new Set(literals(REQUIRED))], maps: kind === "module" ? [result.map, ...hoist.maps] : hoist.maps,
  };
}

// Maps from the last step to the first, as one. Only lines and columns are of use.
function mapped({ maps, ...file }, name) {
  const known = maps.filter(Boolean);
  if (!known.length) return file;
  const whole = remapping(known.map((map) => ({ ...map, version: 3, sources: [name], sourcesContent: undefined })), () => null, { excludeContent: true });
  return { ...file, map: typeof whole.mappings === "string" ? whole.mappings : "" };
}

function compiled({ text, name, lang, options, isMapped }, byWhat) {
  const made = lang ? byWhat(text, name, lang, options, isMapped) : { code: text, maps: [] };
  return inRunnerForm(made, name, isMapped);
}

/** Whether what oxc made can be taken: Node parses it, and it asks for no helpers. */
function isWhole(file, name) {
  if (file.specifiers.includes(METADATA)) {
    throw new SyntaxFault(`${name}: emitDecoratorMetadata is not supported: what it tells of types goes to Reflect.metadata, and Reflect is frozen`);
  }
  return isParsed(file.code, file.kind) && !file.specifiers.some((one) => one.startsWith(HELPERS));
}

/**
 * Compiles one file.
 * @param options compiler options of the nearest tsconfig.json
 * @param isMapped whether stacks are to tell lines and columns of the source
 * @returns code, kind (module, commonjs, json), and what it asks for: specifiers, dynamic, required
 */
export function compile(text, name, options, isMapped = true) {
  if (name.endsWith(".json")) {
    JSON.parse(text);
    return { code: text, kind: "json", specifiers: [], dynamic: [], required: [], mocked: [] };
  }
  const lang = TYPED[path.extname(name)];
  let file = null;
  let fault = null;
  try {
    file = compiled({ text, name, lang, options, isMapped }, byOxc);
  } catch (error) {
    if (!(error instanceof SyntaxFault) || !lang) throw error;
    fault = error;
  }
  if (!file || !isWhole(file, name)) {
    try {
      file = compiled({ text, name, lang: lang ?? "js", options, isMapped }, byEsbuild);
    } catch (error) {
      throw fault ?? error; // oxc says where
    }
    if (!isParsed(file.code, file.kind)) throw new SyntaxFault(`${name}: Node cannot parse it`);
  }
  return isMapped && text.length <= LARGE ? mapped(file, name) : { ...file, maps: undefined };
}

const IMPORTED = /\bimport\s*\(\s*(["'])([^"'\n\\]+)\1\s*\)/g;

/**
 * Compiles one file of an installed package, which is JavaScript. A script stays as it is.
 * @param kind module, commonjs or json; "" where the text decides
 */
export function compileInstalled(text, name, kind) {
  if (kind === "json") return compile(text, name, {});
  const code = text.replace(/^#![^\n]*/, "");
  if (kind === "commonjs" || (kind === "" && isParsed(code, "commonjs"))) {
    const literals = (pattern) => [...new Set([...code.matchAll(pattern)].map((match) => match[2]))];
    const made = code.replace(IMPORTED, (_, quote, specifier) => `__vite_ssr_dynamic_import__(${quote}${specifier}${quote})`);
    return { code: made, kind: "commonjs", specifiers: [], dynamic: literals(IMPORTED), required: literals(REQUIRED), mocked: [] };
  }
  const split = withSplitImports(code);
  const { code: made, deps, dynamicDeps } = checked(oxc.moduleRunnerTransformSync(name, split, { sourcemap: false }), name, split);
  if (!isParsed(made, "module")) throw new SyntaxFault(`${name}: Node cannot parse it`);
  return { code: made, kind: "module", specifiers: [...new Set(deps)], dynamic: [...new Set(dynamicDeps)], required: [], mocked: [] };
}
