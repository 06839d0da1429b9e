// Planning the steps of a task that depend on each other.

/** The names of the steps that must be finished before each step. Every name is a key. */
export type Needs = Record<string, string[]>;

/** Returns the steps that can begin: not in `finished`, and all that they need is in it. */
export function readySteps(needs: Needs, finished: readonly string[]): string[] {
  return Object.keys(needs).filter(
    (step) =>
      !finished.includes(step) && (needs[step] ?? []).every((other) => finished.includes(other)),
  );
}

/** Returns the steps that need `step` directly, in the order of the keys. */
export function dependentsOf(needs: Needs, step: string): string[] {
  return Object.keys(needs).filter((other) => needs[other]?.includes(step));
}

/**
 * Returns all steps in an order in which each comes behind all that it needs: again and again, the
 * first key that is not in the order yet and whose needs are all in it. Throws an Error with the
 * message "circle: " and the names left, joined with ", ", when no such step is left.
 */
export function stepOrder(needs: Needs): string[] {
  const order: string[] = [];
  const left = Object.keys(needs);
  while (left.length > 0) {
    const index = left.findIndex((step) =>
      (needs[step] ?? []).every((other) => order.includes(other)),
    );
    if (index === -1) {
      throw new Error(`circle: ${left.join(", ")}`);
    }
    order.push(...left.splice(index, 1));
  }
  return order;
}

/**
 * Returns the steps that a step needs, directly or through other steps, sorted by name and without
 * the step itself. Circles among the needs are allowed.
 */
export function allNeeds(needs: Needs, step: string): string[] {
  const found = new Set<string>();
  const open = [...(needs[step] ?? [])];
  while (open.length > 0) {
    const next = open.pop() as string;
    if (found.has(next)) {
      continue;
    }
    found.add(next);
    open.push(...(needs[next] ?? []));
  }
  found.delete(step);
  return [...found].sort();
}

/**
 * Returns when each step ends when it begins as soon as all that it needs has ended (at 0 when it
 * needs nothing) and any number of steps can run at once. `minutes` says how long each step takes.
 * There are no circles. `endTimes({ a: [], b: ["a"] }, { a: 2, b: 3 })` is `{ a: 2, b: 5 }`.
 */
export function endTimes(needs: Needs, minutes: Record<string, number>): Record<string, number> {
  const ends: Record<string, number> = {};
  const endOf = (step: string): number => {
    const known = ends[step];
    if (known !== undefined) {
      return known;
    }
    const start = Math.max(0, ...(needs[step] ?? []).map((other) => endOf(other)));
    const end = start + (minutes[step] ?? 0);
    ends[step] = end;
    return end;
  };
  for (const step of Object.keys(needs)) {
    endOf(step);
  }
  return ends;
}

/**
 * Gives jobs to `workers` workers: each job, in the order of the list, goes to the worker with the
 * least work so far, of equal ones to the first. Returns for each worker the names of its jobs.
 */
export function assignJobs(
  jobs: readonly { name: string; minutes: number }[],
  workers: number,
): string[][] {
  const names: string[][] = Array.from({ length: workers }, () => []);
  const loads = new Array<number>(workers).fill(0);
  for (const job of jobs) {
    const worker = loads.indexOf(Math.min(...loads));
    names[worker]?.push(job.name);
    loads[worker] = (loads[worker] ?? 0) + job.minutes;
  }
  return names;
}
