// Grouping and counting the records of a run.

/** One finished attempt. */
export interface Attempt {
  model: string;
  task: string;
  tokens: number;
  passed: boolean;
}

/**
 * Groups items by the key that `keyOf` returns: a Map from each key, in the order in which the keys
 * first occur, to the items with that key, in their order.
 */
export function groupItems<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) {
      group.push(item);
    } else {
      groups.set(key, [item]);
    }
  }
  return groups;
}

/** Returns an object from each model to the sum of the tokens of its attempts. */
export function tokensByModel(attempts: readonly Attempt[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { model, tokens } of attempts) {
    totals[model] = (totals[model] ?? 0) + tokens;
  }
  return totals;
}

/**
 * Returns the share of attempts that passed, from 0 to 1; 0 when there are no attempts.
 */
export function passRate(attempts: readonly Attempt[]): number {
  if (attempts.length === 0) {
    return 0;
  }
  return attempts.filter((attempt) => attempt.passed).length / attempts.length;
}

/**
 * Returns an object from the `key` of each item to that item. Of items with the same key the last
 * one is kept. `indexByKey([{ id: "a" }], "id")` is `{ a: { id: "a" } }`.
 */
export function indexByKey<T extends Record<K, string>, K extends string>(
  items: readonly T[],
  key: K,
): Record<string, T> {
  const index: Record<string, T> = {};
  for (const item of items) {
    index[item[key]] = item;
  }
  return index;
}

/**
 * Returns for each task, in the order in which the tasks first occur, the passed attempt with the
 * fewest tokens; of equal ones the first. Tasks without a passed attempt are left out.
 */
export function shortestPasses(attempts: readonly Attempt[]): Attempt[] {
  const best = new Map<string, Attempt | undefined>();
  for (const attempt of attempts) {
    const known = best.get(attempt.task);
    if (!attempt.passed) {
      best.set(attempt.task, known);
    } else if (!known || attempt.tokens < known.tokens) {
      best.set(attempt.task, attempt);
    }
  }
  return [...best.values()].filter((attempt) => attempt !== undefined);
}

/**
 * Compares two models task by task. For every task that both have attempted, it passed for a model
 * when at least one attempt of that model passed. Returns how many such tasks passed for both, for
 * the first model only, for the second only, and for neither.
 */
export function compareModels(
  attempts: readonly Attempt[],
  first: string,
  second: string,
): { both: number; first: number; second: number; neither: number } {
  const results = new Map<string, { [model: string]: boolean }>();
  for (const { model, task, passed } of attempts) {
    const result = results.get(task) ?? {};
    result[model] = passed || (result[model] ?? false);
    results.set(task, result);
  }
  const counts = { both: 0, first: 0, second: 0, neither: 0 };
  for (const result of results.values()) {
    const [a, b] = [result[first], result[second]];
    if (a === undefined || b === undefined) {
      continue;
    }
    if (a && b) {
      counts.both += 1;
    } else if (a) {
      counts.first += 1;
    } else if (b) {
      counts.second += 1;
    } else {
      counts.neither += 1;
    }
  }
  return counts;
}
