// The simplest work with a queue of tasks.

/** Returns a new array with `task`, followed by the elements of `queue`. */
export function withFirst(queue: string[], task: string): string[] {
  return [task, ...queue];
}

/** Returns a new array without the first element of `queue`. */
export function withoutFirst(queue: string[]): string[] {
  return queue.slice(1);
}

/** Returns the last two elements of `queue`, or all when there are fewer. */
export function lastTwo(queue: string[]): string[] {
  return queue.slice(-2);
}

/** Returns a new array with the elements of `first`, followed by those of `second`. */
export function joinedQueues(first: string[], second: string[]): string[] {
  return first.concat(second);
}

/** Returns `queue` with a number and a dot before each element: ["1. a", "2. b"]. */
export function numberedTasks(queue: string[]): string[] {
  return queue.map((task, index) => `${index + 1}. ${task}`);
}

/** Returns how many elements of `queue` are equal to `task`. */
export function countTask(queue: string[], task: string): number {
  return queue.filter((other) => other === task).length;
}
