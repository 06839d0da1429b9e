// Drives vitest's runtime over one test file: gives it the state that vitest's worker would, its modules
// and snapshots, and reads the tree of tasks that it leaves.
import { Asserts } from "./asserts.mjs";
import { clock } from "./clock.mjs";
import { Falsifier } from "./falsify.mjs";
import { Mocks } from "./mocks.mjs";
import { Modules } from "./modules.mjs";
import { messageOf, resultsOf, titlesOf } from "./results.mjs";
import { SnapshotStore } from "./snapshots.mjs";
import { isStarvation } from "./starvation.mjs";

const CONFIG = {
  name: "", testTimeout: 5_000, hookTimeout: 10_000, teardownTimeout: 10_000, setupFiles: [], retry: 0,
  maxConcurrency: 5, allowOnly: true, passWithNoTests: true, includeTaskLocation: false, isolate: true,
  sequence: { hooks: "stack", shuffle: false, concurrent: false, setupFiles: "parallel" }, bail: 0,
  clearMocks: false, mockReset: false, restoreMocks: false, unstubEnvs: false, unstubGlobals: false,
  expect: {}, chaiConfig: {}, mode: "test", logHeapUsage: false, tags: [], strictTags: true, fakeTimers: { loopLimit: 10_000, shouldClearNativeTimers: true },
  experimental: { importDurations: { limit: 0 }, viteModuleRunner: true }, benchmark: {},
};
const GLOBALS = ["suite", "test", "describe", "it", "chai", "expect", "assert", "expectTypeOf", "assertType",
  "vitest", "vi", "beforeAll", "afterAll", "beforeEach", "afterEach", "onTestFinished", "onTestFailed", "aroundAll", "aroundEach"];
const [keepAlive, letGo] = [setInterval, clearInterval];
const untraced = { $: (_name, options, run) => (run ?? options)() };

// A copy: a slice would keep the whole text alive.
function briefly(error) {
  return { message: JSON.parse(JSON.stringify(messageOf(error).slice(0, 2_000))) };
}

/** What `import ... from "vitest"` and its relatives give to test files. */
export function apiOf({ vitest }, assert) {
  const all = Object.freeze({ ...vitest, assert });
  const types = Object.freeze({ expectTypeOf: vitest.expectTypeOf });
  return (name) => (name === "expect-type" ? types : all);
}

/** A host of vitest's runtime; `judge` is the bundle, loaded before anything was frozen. */
export class Host {
  /**
   * @param judge the bundle
   * @param env what `import.meta.env` is
   * @param parts `forbid` notes what an answer may not import and returns the error for it; `positions`
   */
  constructor(judge, env, { forbid, positions }) {
    const asserts = new Asserts(judge);
    judge.hooks.clock = clock;
    Object.assign(this, { judge, env, forbid, positions, asserts, api: apiOf(judge, asserts.chai) });
    this.globals = Object.fromEntries(GLOBALS.map((name) => [name, judge.vitest[name]]));
    this.globals.assert = asserts.chai;
    this.modules = null;
    this.packages = null;
    this.falsifier = new Falsifier(null);
  }

  /** From now on packages are loaded once, and not for each test file anew. */
  sharePackages() {
    this.packages = new Map();
  }

  /** From now on judges with changed expectations too, drawn from `seed` (null for not), everywhere or warily. */
  falsify(seed, isWary) {
    const { isMatcher, recordedBy: recordOf } = this.judge;
    this.falsifier = new Falsifier(seed, { isMatcher, recordOf, isWary });
  }

  /**
   * Runs the test file `name` of a job; resolves to its results, and what went wrong outside of tests.
   * @param ends whether nothing is run after a test of this title that fails
   */
  async run(name, job, ends = () => false) {
    const { judge } = this;
    const { api, env, globals, forbid, asserts, packages } = this;
    const parts = { api, env, globals, forbid, asserts, packages, mocks: null };
    this.modules = new Modules(job, parts);
    this.positions.use(job, this.modules);
    parts.mocks = new Mocks(judge, this.modules, name);
    judge.hooks.mocker = parts.mocks;
    const path = this.modules.pathOf(name);
    const state = this.#state(path, job);
    judge.facade.__vitest_worker__ = state;
    const runner = this.#runner(state.config, ends);
    let starved = false;
    judge.hooks.thrown = (error) => {
      starved ||= isStarvation(error);
    };
    const files = await judge.startTests([{ filepath: path, testLocations: undefined }], runner);
    letGo(runner.alive);
    this.#undo();
    return { ...resultsOf(name, files[0], runner, this.falsifier), starved, loadError: runner.loadError };
  }

  #state(path, job) {
    const snapshotOptions = { updateSnapshot: "none", expand: false, snapshotFormat: { printBasicPrototype: false, escapeString: false },
      snapshotEnvironment: new SnapshotStore(job.snapshots ?? {}, job.options.root, (text) => this.judge.hooks.snapshot(text)) };
    return {
      filepath: path, ctx: { pool: "forks" }, environment: { name: "node", viteEnvironment: "ssr" },
      config: { ...CONFIG, root: job.options.root, snapshotOptions }, metaEnv: this.env, providedContext: {},
      rpc: { snapshotSaved: async () => {} }, resolvingModules: new Set(), moduleExecutionInfo: new Map(),
      evaluatedModules: { idToModuleMap: this.modules }, onCleanup: () => {},
    };
  }

  #runner(config, ends) {
    const { modules, judge } = this;
    class Runner extends judge.TestRunner {
      planned = new Map();
      titles = new Map();
      loadError = null;
      alive = null;

      async importFile(path) {
        try {
          return await modules.load(modules.nameOf(path));
        } catch (error) {
          this.loadError = { thrown: error };
          throw error;
        }
      }

      // Nobody is told of these; a test that makes them gets them back.
      async onTestAnnotate(_test, annotation) {
        return annotation;
      }

      async onTestArtifactRecord(_test, artifact) {
        return artifact;
      }

      // What a long file's failures say is held to its end: their first words do.
      onAfterRunTask(test) {
        super.onAfterRunTask(test);
        if (test.result?.errors) test.result.errors = test.result.errors.map(briefly);
        if (test.result?.state === "fail" && ends(this.titles.get(test))) this.cancel();
      }

      onCollected(files) {
        // From here on everything has a time limit, whose timers do not keep the process alive.
        this.alive = keepAlive(() => {}, 2 ** 30);
        for (const file of files) this.#plan(file);
        this.titles = titlesOf(files[0]);
        if (!this.loadError && files[0].result?.errors?.length) this.loadError = { thrown: files[0].result.errors[0] };
      }

      #plan(suite) {
        for (const task of suite.tasks) {
          this.planned.set(task, task.mode);
          if (task.type === "suite") this.#plan(task);
        }
      }
    }
    const runner = new Runner(config);
    runner.__setTraces(untraced);
    return runner;
  }

  // What a test file leaves behind in the process goes before the next.
  #undo() {
    const { vi } = this.judge;
    vi.useRealTimers();
    vi.resetConfig();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.unstubAllEnvs();
  }
}
