// The simplest work with the labels of an issue.

/** Returns `label` between square brackets. */
export function inBrackets(label: string): string {
  return `[${label}]`;
}

/** Returns the first `count` characters of `label`. */
export function labelStart(label: string, count: number): string {
  return label.slice(0, count);
}

/** Returns `labels` joined with a comma and a space. */
export function labelList(labels: string[]): string {
  return labels.join(", ");
}

/** Returns a new array with `labels` in alphabetical order. */
export function sortedLabels(labels: string[]): string[] {
  return [...labels].sort();
}

/** Returns true when `a` and `b` are equal in lower case. */
export function sameLabel(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Returns `labels` without repeats, in their order. */
export function uniqueLabels(labels: string[]): string[] {
  return [...new Set(labels)];
}
