// The simplest ways to show how far a task is.

/** Returns true when `done` is at least `total`. */
export function isFinished(done: number, total: number): boolean {
  return done >= total;
}

/** Returns `done`, the word "of" and `total`, separated by spaces: "3 of 8". */
export function progressText(done: number, total: number): string {
  return `${done} of ${total}`;
}

/** Returns `done` of `total` as a percentage, rounded to a whole number; `total` is not 0. */
export function percentDone(done: number, total: number): number {
  return Math.round((done / total) * 100);
}

/** Returns `filled` number signs followed by `empty` dots: "##..." for 2 and 3. */
export function progressBar(filled: number, empty: number): string {
  return "#".repeat(filled) + ".".repeat(empty);
}

/** Returns "done" when `left` is 0, otherwise "running". */
export function statusWord(left: number): string {
  return left === 0 ? "done" : "running";
}

/** Returns `text` followed by three dots. */
export function withDots(text: string): string {
  return `${text}...`;
}
