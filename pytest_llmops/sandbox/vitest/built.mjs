// A vite plugin: packages of the tree that nobody has built lead to their sources.
//
// A workspace exports what a build puts into `dist`, and scripts are off here. An import of such a package leads to the
// file of the same name in `src` (`dist`, `lib`, `build` and `out` stand for it), as it does in our own judge.
import fs from "node:fs";
import path from "node:path";

const CONDITIONS = ["import", "module", "node", "default"];
const BUILT = /^\.\/(?:dist|lib|build|out)\//;
const ENDINGS = [".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", "/index.ts"];

/** The packages of a tree by their names. */
function packagesOf(tree, folder = tree, found = new Map()) {
  for (const one of fs.readdirSync(folder, { withFileTypes: true })) {
    if (one.isDirectory() && one.name !== "node_modules") packagesOf(tree, path.join(folder, one.name), found);
    if (!one.isFile() || one.name !== "package.json") continue;
    try {
      const manifest = JSON.parse(fs.readFileSync(path.join(folder, one.name), "utf-8"));
      if (typeof manifest.name === "string") found.set(manifest.name, { folder, manifest });
    } catch {
      continue; // no manifest: a fixture of some test
    }
  }
  return found;
}

/** What `exports` says for a sub-path, the first that fits; null for nothing. */
function exported(entry) {
  if (typeof entry === "string") return entry;
  if (Array.isArray(entry)) return exported(entry[0]);
  if (!entry) return null;
  const name = Object.keys(entry).find((one) => CONDITIONS.includes(one) && exported(entry[one]));
  return name ? exported(entry[name]) : null;
}

function target({ exports, module, main }, sub) {
  if (!exports) return sub === "." ? (module ?? main ?? "./index.js") : sub;
  const isTable = typeof exports === "object" && Object.keys(exports).some((one) => one.startsWith("."));
  if (!isTable) return sub === "." ? exported(exports) : null;
  if (sub in exports) return exported(exports[sub]);
  for (const [name, entry] of Object.entries(exports)) {
    const [head, tail] = name.split("*");
    if (tail === undefined || !sub.startsWith(head) || !sub.endsWith(tail)) continue;
    return exported(entry)?.replaceAll("*", sub.slice(head.length, sub.length - tail.length)) ?? null;
  }
  return null;
}

/** The source behind a file that a build would make; null where there is none. */
function sourceOf(folder, built) {
  const name = built.startsWith("./") ? built : `./${built}`;
  for (const place of [name.replace(BUILT, "./src/"), name.replace(BUILT, "./")]) {
    const stem = path.join(folder, place.replace(/(?:\.d)?\.[cm]?[jt]sx?$/, ""));
    const found = ENDINGS.map((ending) => stem + ending).find((one) => fs.existsSync(one));
    if (found) return found;
  }
  return null;
}

export function builtSources(tree) {
  let packages = null;
  return {
    name: "llmops-built-sources",
    enforce: "pre",
    resolveId(source) {
      const [, name, sub] = /^((?:@[^/]+\/)?[^/.@][^/]*)(\/.*)?$/.exec(source) ?? [];
      packages ??= packagesOf(tree);
      const found = packages.get(name);
      const built = found && target(found.manifest, sub ? `.${sub}` : ".");
      if (!built || fs.existsSync(path.join(found.folder, built))) return null;
      return sourceOf(found.folder, built);
    },
  };
}
