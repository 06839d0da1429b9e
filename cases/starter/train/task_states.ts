// The states of a task, and which steps lead from one to another.

export type State = "queued" | "running" | "paused" | "done" | "failed";
export type Action = "start" | "pause" | "resume" | "finish" | "fail" | "retry";

/** A state that a task entered, and when (milliseconds). */
export interface Visit {
  state: State;
  at: number;
}

/** Returns true for the states in which a task has ended: "done" and "failed". */
export function hasEnded(state: State): boolean {
  return state === "done" || state === "failed";
}

/**
 * Returns the state after an action, or null when the action is not possible. A queued task can
 * start (running); a running one can pause (paused), finish (done) or fail (failed); a paused one
 * can resume (running) or fail (failed); a failed one can retry (queued).
 */
export function nextState(state: State, action: Action): State | null {
  const steps: Record<State, { [action: string]: State }> = {
    queued: { start: "running" },
    running: { pause: "paused", finish: "done", fail: "failed" },
    paused: { resume: "running", fail: "failed" },
    done: {},
    failed: { retry: "queued" },
  };
  return steps[state][action] ?? null;
}

/**
 * Returns the state after all actions, starting in "queued". `step` gives the state after one
 * action, or null when it is not possible. Throws Error("cannot ACTION a STATE task") for the
 * first action that is not possible, for example "cannot pause a queued task".
 */
export function runActions(
  actions: readonly Action[],
  step: (state: State, action: Action) => State | null,
): State {
  let state: State = "queued";
  for (const action of actions) {
    const next = step(state, action);
    if (next === null) {
      throw new Error(`cannot ${action} a ${state} task`);
    }
    state = next;
  }
  return state;
}

/** Returns the states of the visits in their order, joined with " > ": "queued > running". */
export function stateTrail(visits: readonly Visit[]): string {
  return visits.map((visit) => visit.state).join(" > ");
}

/**
 * Returns how many milliseconds a task spent in `state` until `now`. `visits` are in the order of
 * time; each state lasts until the next visit, the last one until `now`.
 */
export function timeInState(visits: readonly Visit[], state: State, now: number): number {
  let total = 0;
  for (const [index, visit] of visits.entries()) {
    if (visit.state === state) {
      total += (visits[index + 1]?.at ?? now) - visit.at;
    }
  }
  return total;
}

/**
 * Says what became of several tasks, given their states, as counts joined with ", " in the order
 * "N done", "N failed", "N open" (queued, running or paused); counts of 0 are left out. When all
 * tasks are done, the text is "all done", and without any task it is "no tasks".
 */
export function summary(states: readonly State[]): string {
  if (states.length === 0) {
    return "no tasks";
  }
  let done = 0;
  let failed = 0;
  for (const state of states) {
    if (state === "done") {
      done += 1;
    } else if (state === "failed") {
      failed += 1;
    }
  }
  if (done === states.length) {
    return "all done";
  }
  const open = states.length - done - failed;
  const parts = [
    { count: done, word: "done" },
    { count: failed, word: "failed" },
    { count: open, word: "open" },
  ];
  const shown = parts.filter(({ count }) => count > 0);
  return shown.map(({ count, word }) => `${count} ${word}`).join(", ");
}
