// The simplest work with the names of users and tools.

/** Returns the first character of `name`, or "" when `name` is empty. */
export function initialOf(name: string): string {
  return name.charAt(0);
}

/** Returns `last`, a comma, a space and `first`. */
export function lastNameFirst(first: string, last: string): string {
  return `${last}, ${first}`;
}

/** Returns the greeting for `name`: "Hello, Ada!" for "Ada". */
export function greeting(name: string): string {
  return `Hello, ${name}!`;
}

/** Returns those of `names` that start with `start`. */
export function namesStartingWith(names: string[], start: string): string[] {
  return names.filter((name) => name.startsWith(start));
}

/** Returns true when `a` has more characters than `b`. */
export function isLonger(a: string, b: string): boolean {
  return a.length > b.length;
}

/** Returns the last character of `name`, or "" when `name` is empty. */
export function finalCharacter(name: string): string {
  return name.slice(-1);
}
