// What vitest's tree of tasks says, as results: one for each test that ran.
const MESSAGE_LIMIT = 2_000;

/** Message of anything thrown, which may be no error at all. */
export function messageOf(error) {
  try {
    if (typeof error === "object" && error !== null && "message" in error) {
      const name = error.name ? `${error.name}: ` : "";
      return `${name}${error.message}`;
    }
    return String(error);
  } catch {
    return "[an error that cannot be shown]";
  }
}

/** Names results; the second test of a title gets ` (2)` behind it, and so on. */
class Titles {
  #seen = new Map();

  // Skipped tests are counted too: what a title is called must not depend on what was skipped.
  next(parts) {
    const title = parts.join(" > ");
    const count = (this.#seen.get(title) ?? 0) + 1;
    this.#seen.set(title, count);
    return count === 1 ? title : `${title} (${count})`;
  }
}

const isPlanned = (mode) => mode === "run" || mode === "queued" || mode === "only";

/** The title of each test in vitest's task of a file. */
export function titlesOf(file) {
  const titles = new Titles();
  const found = new Map();
  const visit = (suite, path) => {
    for (const task of suite.tasks) {
      const parts = [...path, task.name];
      if (task.type === "suite") visit(task, parts);
      else found.set(task, titles.next(parts));
    }
  };
  visit(file, []);
  return found;
}

/**
 * @param name the test file
 * @param file vitest's task of it
 * @param planned the mode of each task when collecting ended
 * @param titles what its tests are called
 * @param falsifier counts what became of changed expectations
 */
export function resultsOf(name, file, { planned, titles }, falsifier) {
  const results = [];
  const visit = (suite, failure) => {
    for (const task of suite.tasks) {
      const thrown = failure ?? (task.type === "suite" && task.result?.state === "fail" ? task.result.errors?.[0] : undefined);
      if (task.type === "suite") visit(task, thrown);
      else add(task, titles.get(task), thrown);
    }
  };
  const add = (task, title, failure) => {
    const { state, errors } = task.result ?? {};
    if (!isPlanned(planned.get(task)) || (state === "skip" && failure === undefined)) return;
    const passed = state === "pass";
    if (state !== "pass" && state !== "fail" && failure === undefined) return;
    const message = passed ? "" : messageOf(errors?.[0] ?? failure ?? "it did not run").slice(0, MESSAGE_LIMIT);
    results.push({ file: name, title, passed, message, ...falsifier.tallyOf(task) });
  };
  const own = file.result?.state === "fail" ? file.result.errors ?? [] : [];
  visit(file, own.length ? own[0] : undefined);
  return { results, thrown: own };
}
