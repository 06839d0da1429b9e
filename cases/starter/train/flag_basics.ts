// The simplest work with settings that are on or off.

/** Returns true when both `a` and `b` are true. */
export function bothSet(a: boolean, b: boolean): boolean {
  return a && b;
}

/** Returns true when exactly one of `a` and `b` is true. */
export function onlyOneSet(a: boolean, b: boolean): boolean {
  return a !== b;
}

/** Returns the opposite of `flag`. */
export function switched(flag: boolean): boolean {
  return !flag;
}

/** Returns "yes" when `flag` is true, otherwise "no". */
export function yesOrNo(flag: boolean): string {
  return flag ? "yes" : "no";
}

/** Returns how many of `flags` are true. */
export function countSet(flags: boolean[]): number {
  return flags.filter((flag) => flag).length;
}

/** Returns 1 when `flag` is true, otherwise 0. */
export function asBit(flag: boolean): number {
  return flag ? 1 : 0;
}
