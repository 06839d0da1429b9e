// Formulas and conditions in settings.

/**
 * Computes a formula of whole or decimal numbers, "+", "-", "*", "/" and round brackets; "*" and
 * "/" come before "+" and "-", equal ones go from left to right, and white space is ignored. A
 * "-" is only allowed between two values. Throws Error("bad formula") for any other text.
 */
export function compute(formula: string): number {
  const tokens = formula.match(/\d+(?:\.\d+)?|[^\s\d]/g) ?? [];
  let at = 0;
  const value = (): number => {
    const token = tokens[at] ?? "";
    at += 1;
    if (token === "(") {
      const inner = sum();
      at += 1;
      if (tokens[at - 1] === ")") {
        return inner;
      }
    } else if (/^\d/.test(token)) {
      return Number(token);
    }
    throw new Error("bad formula");
  };
  const product = (): number => {
    let result = value();
    while (tokens[at] === "*" || tokens[at] === "/") {
      at += 1;
      result = tokens[at - 1] === "*" ? result * value() : result / value();
    }
    return result;
  };
  const sum = (): number => {
    let result = product();
    while (tokens[at] === "+" || tokens[at] === "-") {
      at += 1;
      result += tokens[at - 1] === "+" ? product() : -product();
    }
    return result;
  };
  const result = sum();
  if (at < tokens.length) {
    throw new Error("bad formula");
  }
  return result;
}

/**
 * Tells whether a value satisfies a condition like ">= 10": one of "<", "<=", ">", ">=", "=" and
 * "!=", then a whole or decimal number with an optional "-" in front; white space is ignored.
 * Throws Error("bad condition") for any other text.
 */
export function satisfiesCondition(value: number, condition: string): boolean {
  const match = /^(<=|>=|!=|<|>|=)(-?\d+(?:\.\d+)?)$/.exec(condition.replace(/\s/g, ""));
  if (!match) {
    throw new Error("bad condition");
  }
  const limit = Number(match[2]);
  switch (match[1]) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "=":
      return value === limit;
    default:
      return value !== limit;
  }
}

/**
 * Returns the whole numbers that one field of a schedule selects from `low` to `high`, in rising
 * order, each once. The field is a list separated by ","; each part is "*" (all numbers), a number,
 * or "FROM-TO", and may end with "/STEP", which takes every STEPth number of the part, beginning
 * with its first. Numbers outside of `low` to `high` are left out. Throws Error("bad field") for
 * any other text and for a step of 0. `fieldNumbers("0-30/10", 0, 59)` is `[0, 10, 20, 30]`.
 */
export function fieldNumbers(field: string, low: number, high: number): number[] {
  const numbers = new Set<number>();
  for (const part of field.split(",")) {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    const step = Number(match?.[3] ?? "1");
    if (!match || step === 0) {
      throw new Error("bad field");
    }
    const from = match[1] === undefined ? low : Number(match[1]);
    const to = match[1] === undefined ? high : Number(match[2] ?? match[1]);
    for (let number = from; number <= to; number += step) {
      if (number >= low && number <= high) {
        numbers.add(number);
      }
    }
  }
  return [...numbers].sort((a, b) => a - b);
}

/** Returns true when a text is digits only, or digits, one "." and more digits. */
export function isPlainNumber(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text);
}
