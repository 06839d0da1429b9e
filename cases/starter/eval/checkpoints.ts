// Checkpoints of a task: snapshots of the workspace that the user can go back to.

export interface Checkpoint {
  id: string;
  /** Milliseconds since the epoch. */
  time: number;
  /** Pinned checkpoints are never pruned. */
  pinned?: boolean;
}

/**
 * Returns the id of a checkpoint: the task id, "-" and the number padded with zeros to at least
 * four digits. `checkpointId("task", 7)` is "task-0007".
 */
export function checkpointId(task: string, number: number): string {
  return `${task}-${String(number).padStart(4, "0")}`;
}

/**
 * Returns the number for the next checkpoint of `task`: one more than the highest number among
 * the ids that are `task`, "-" and digits only; 1 when there is none. Other ids are ignored.
 * `nextNumber("a", ["a-0001", "b-0009"])` is 2.
 */
export function nextNumber(task: string, ids: readonly string[]): number {
  let highest = 0;
  for (const id of ids) {
    const digits = id.startsWith(`${task}-`) ? id.slice(task.length + 1) : "";
    if (/^\d+$/.test(digits)) {
      highest = Math.max(highest, Number(digits));
    }
  }
  return highest + 1;
}

/**
 * Returns the checkpoints sorted by time, newest first; of equal times the one later in the list
 * comes first. The list given is not changed.
 */
export function newestFirst(checkpoints: readonly Checkpoint[]): Checkpoint[] {
  return [...checkpoints].reverse().sort((a, b) => b.time - a.time);
}

/**
 * Returns the newest checkpoint whose time is not after `time`, or undefined when there is none.
 * Checkpoints may be in any order; their times are distinct.
 */
export function checkpointAt(
  checkpoints: readonly Checkpoint[],
  time: number,
): Checkpoint | undefined {
  let best: Checkpoint | undefined;
  for (const checkpoint of checkpoints) {
    if (checkpoint.time <= time && (!best || checkpoint.time > best.time)) {
      best = checkpoint;
    }
  }
  return best;
}

/**
 * Returns the ids of the checkpoints to delete, oldest first. `checkpoints` is sorted by time,
 * oldest first. Kept are: every pinned one, the first and the last of the list, every one younger
 * than `maxAge` milliseconds at `now` (`now - time < maxAge`), and of the others the newest ones,
 * as long as the number of all kept checkpoints stays at most `maxCount`.
 */
export function checkpointsToPrune(
  checkpoints: readonly Checkpoint[],
  now: number,
  maxAge: number,
  maxCount: number,
): string[] {
  const optional: Checkpoint[] = [];
  checkpoints.forEach((checkpoint, index) => {
    const atEnd = index === 0 || index === checkpoints.length - 1;
    if (!checkpoint.pinned && !atEnd && now - checkpoint.time >= maxAge) {
      optional.push(checkpoint);
    }
  });
  const kept = checkpoints.length - optional.length;
  const room = Math.max(0, maxCount - kept);
  return optional.slice(0, Math.max(0, optional.length - room)).map(({ id }) => id);
}
