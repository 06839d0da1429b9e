// Checking the arguments of a tool call before the tool runs.

export type Args = Record<string, unknown>;

/** What a tool says about one of its parameters. */
export interface Parameter {
  name: string;
  type: "string" | "number" | "boolean";
  required?: boolean;
}

/** Returns the names in `required` that are not keys of `args`, in the order of `required`. */
export function missingArguments(args: Args, required: readonly string[]): string[] {
  return required.filter((name) => !Object.hasOwn(args, name));
}

/**
 * Returns a copy of `args` in which every string value is trimmed. Other values stay as they are.
 * `trimArguments({ path: " a.ts ", line: 3 })` is `{ path: "a.ts", line: 3 }`.
 */
export function trimArguments(args: Args): Args {
  const entries = Object.entries(args);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === "string" ? value.trim() : value]),
  );
}

/**
 * Reads a boolean argument that a model may have written as text: true and "true" (any case) give
 * true, false and "false" (any case) give false, and everything else gives `fallback`.
 */
export function booleanArgument(value: unknown, fallback: boolean): boolean {
  if (typeof value === "boolean") {
    return value;
  }
  const text = String(value).toLowerCase();
  if (text === "true" || text === "false") {
    return text === "true";
  }
  return fallback;
}

/**
 * Reads a whole number argument: a whole number is returned as it is, and a string that has only
 * digits, with an optional "-" in front, as its number. Everything else gives undefined.
 * `integerArgument("12")` is 12, `integerArgument("1.5")` is undefined.
 */
export function integerArgument(value: unknown): number | undefined {
  if (Number.isInteger(value)) {
    return value as number;
  }
  if (typeof value === "string" && /^-?\d+$/.test(value)) {
    return Number(value);
  }
  return undefined;
}

/**
 * Lists what is wrong with the arguments of a call. First, in the order of `parameters`:
 * "missing NAME" for a required parameter that is no key of `args`, and "NAME must be a TYPE" for
 * one whose value has another `typeof`. Then, in the order of `args`: "unknown NAME" for each key
 * that is not the name of a parameter. Correct arguments give an empty list.
 */
export function argumentErrors(args: Args, parameters: readonly Parameter[]): string[] {
  const errors: string[] = [];
  for (const { name, type, required } of parameters) {
    if (!Object.hasOwn(args, name)) {
      if (required) {
        errors.push(`missing ${name}`);
      }
    } else if (typeof args[name] !== type) {
      errors.push(`${name} must be a ${type}`);
    }
  }
  const known = new Set(parameters.map((parameter) => parameter.name));
  for (const name of Object.keys(args)) {
    if (!known.has(name)) {
      errors.push(`unknown ${name}`);
    }
  }
  return errors;
}

/**
 * Returns a call as one line of code: the tool's name, "(", the arguments as "name: value" joined
 * with ", ", and ")". Values are written as JSON. `callText("read", { path: "a" })` is
 * `read(path: "a")`.
 */
export function callText(tool: string, args: Args): string {
  const parts = Object.entries(args).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `${tool}(${parts.join(", ")})`;
}
