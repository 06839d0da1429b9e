// One vitest of a repository, driven by its own interface, for the test files that have one configuration.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

import { builtSources } from "./built.mjs";

const [, , , , TREE] = process.argv;
const CONFIGS = ["vitest", "vite"].flatMap((stem) => ["ts", "mts", "cts", "js", "mjs", "cjs"].map((ending) => `${stem}.config.${ending}`));

/** Why there is no verdict on tests, by the status of a report. */
export class Fault extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** The vitest that a folder of the tree finds, with its vite; null where it finds none. */
export async function vitestOf(folder) {
  const asked = createRequire(path.join(folder, "x.js"));
  let entry;
  try {
    entry = asked.resolve("vitest/node");
  } catch {
    return null;
  }
  const found = await import(entry);
  const vite = await import(createRequire(entry).resolve("vite"));
  return { createVitest: found.createVitest, vite };
}

/** The folder whose configuration is nearest to a test file, and that configuration. */
export function nearestConfig(test) {
  for (let folder = path.posix.dirname(test); ; folder = path.posix.dirname(folder)) {
    const name = CONFIGS.find((one) => fs.existsSync(path.join(TREE, folder, one)));
    if (name) return { root: path.join(TREE, folder), config: path.join(TREE, folder, name) };
    if (folder === ".") return { root: TREE, config: false };
  }
}

/** One vitest for the test files that have one configuration. */
export class Session {
  static async open({ root, config }) {
    const found = await vitestOf(root);
    if (!found) throw new Fault("load_error", `${path.relative(TREE, root) || "."}: no vitest among the packages of the lock file`);
    const self = new Session();
    Object.assign(self, { loaded: new Set(), ended: null });
    const options = {
      root, config, watch: false, run: true, pool: "forks", isolate: true, fileParallelism: false, maxWorkers: 1,
      coverage: { enabled: false }, typecheck: { enabled: false }, ui: false, update: false, allowOnly: true,
      passWithNoTests: true, reporters: [self], browser: { enabled: false },
    };
    const seen = { name: "llmops-loaded", transform: { order: "pre", handler: (_, id) => void self.loaded.add(id.split("?")[0]) } };
    // No name can be looked up where there is no network, not even "localhost".
    const server = { host: "127.0.0.1" };
    // What is read in this process lies where no fork writes.
    const more = { cacheDir: path.join(TREE, ".llmops"), server, plugins: [builtSources(TREE), seen] };
    self.vitest = await found.createVitest("test", options, more);
    for (const { config: set } of self.vitest.projects) {
      if (set.pool !== "forks") throw new Fault("load_error", `vitest is configured for ${set.pool}, not for forks`);
      // It would run here, with all that it loads of the tree.
      if (set.globalSetup?.length) throw new Fault("load_error", "vitest's configuration has globalSetup, which is not run here");
    }
    return self;
  }

  onTestModuleCollected() {
    this.began = performance.now();
  }

  onTestModuleEnd() {
    this.spent += performance.now() - this.began;
  }

  onTestRunEnd(modules, errors) {
    this.ended = { modules: [...modules], errors: [...errors] };
  }

  /** What a run of test files tells: rows, notes, and what keeps it from being one. */
  async run(tests) {
    const files = tests.map((test) => path.join(TREE, test));
    const all = await this.vitest.globTestSpecifications(files);
    const specs = all.filter((one) => files.includes(one.moduleId));
    const left = files.filter((file) => !specs.some((one) => one.moduleId === file));
    if (left.length) throw new Fault("load_error", `${path.relative(TREE, left[0])}: vitest's configuration leaves it out`);
    Object.assign(this, { ended: null, began: performance.now(), spent: 0 });
    await this.vitest.runTestSpecifications(specs, false);
    if (!this.ended) throw new Fault("load_error", "vitest did not tell how it ended");
    return this.#told(files);
  }

  #told(files) {
    const { modules, errors } = this.ended;
    const notes = errors.map((one) => `${one.name ?? "Error"}: ${one.message ?? one}`);
    const rows = [];
    let status = "finished";
    for (const file of files) {
      const module = modules.find((one) => one.moduleId === file);
      const faults = module?.errors() ?? [];
      if (!module || faults.length || module.state() === "queued" || module.state() === "pending") {
        const said = faults[0]?.message ?? notes[0] ?? "it was not run";
        status = faults.length ? "load_error" : "crashed";
        notes.unshift(`${path.relative(TREE, file)}: ${said}`);
        continue;
      }
      const count = new Map();
      for (const test of module.children.allTests()) {
        const { state, errors: failures } = test.result();
        if (state === "skipped") continue;
        if (state === "pending") status = "crashed";
        const times = (count.get(test.fullName) ?? 0) + 1;
        count.set(test.fullName, times);
        const title = times > 1 ? `${test.fullName} (${times})` : test.fullName;
        rows.push([path.relative(TREE, file), title, state === "passed", failures?.[0]?.message ?? ""]);
      }
    }
    return { status, rows, detail: notes.join("\n"), seconds: this.spent / 1_000 };
  }
}
