// Reading tool calls that a model wrote as plain text.

/** A call as it was written: the tool's name and its arguments by name, all texts. */
export interface WrittenCall {
  tool: string;
  args: Record<string, string>;
}

/**
 * Returns the name before the first "(" of a call such as `read_file(path="a")`, trimmed; "" when
 * there is no "(" or when the name has characters other than letters, digits and "_".
 */
export function calledName(text: string): string {
  return /^\s*(\w+)\s*\(/.exec(text)?.[1] ?? "";
}

/** Returns true when a line is an action of the form "Action: NAME", NAME without white space. */
export function isActionLine(line: string): boolean {
  return /^Action: \S+$/.test(line);
}

/**
 * Returns the text behind the last line that begins with "Final Answer:", together with what
 * follows on that line, trimmed. Undefined when no line begins with it. Lines end with "\n".
 */
export function finalAnswer(text: string): string | undefined {
  const label = "Final Answer:";
  const at = `\n${text}`.lastIndexOf(`\n${label}`);
  return at === -1 ? undefined : text.slice(at + label.length).trim();
}

/**
 * Reads arguments written as NAME="VALUE", separated by commas and white space; names are letters,
 * digits and "_". In a value `\"` stands for a quote and `\\` for a backslash; any other backslash
 * stays. Text between the arguments is ignored, and of equal names the last one wins.
 * `readArguments('path="a.ts", mode="w"')` is `{ path: "a.ts", mode: "w" }`.
 */
export function readArguments(text: string): Record<string, string> {
  const args: Record<string, string> = {};
  for (const match of text.matchAll(/(\w+)="((?:\\.|[^"\\])*)"/gs)) {
    const [, name = "", value = ""] = match;
    args[name] = value.replace(/\\(["\\])/g, "$1");
  }
  return args;
}

/**
 * Reads the steps of an answer, line by line (lines end with "\n"). "Action: NAME" begins a call of
 * that tool, and each "NAME: VALUE" line directly behind it, or behind another such line, is one of
 * its arguments; NAME is letters, digits and "_", VALUE is trimmed. Any other line ends the call.
 * Lines outside of calls are ignored.
 */
export function readSteps(text: string): WrittenCall[] {
  const calls: WrittenCall[] = [];
  let current: WrittenCall | undefined;
  for (const line of text.split("\n")) {
    const match = /^(\w+):(.*)$/.exec(line);
    if (!match) {
      current = undefined;
      continue;
    }
    const [, name = "", rest = ""] = match;
    const value = rest.trim();
    if (name === "Action") {
      current = { tool: value, args: {} };
      calls.push(current);
    } else if (current) {
      current.args[name] = value;
    }
  }
  return calls;
}

/**
 * Splits the arguments of a call at the commas that are outside of round, square and curly
 * brackets and of double quotes (a backslash in quotes escapes the next character). Parts are
 * trimmed; a text that is blank has no parts. `splitArguments('a, f(b, c), "x,y"')` is
 * `["a", "f(b, c)", "\"x,y\""]`.
 */
export function splitArguments(text: string): string[] {
  if (text.trim() === "") {
    return [];
  }
  const parts = [""];
  let depth = 0;
  let quoted = false;
  let escaped = false;
  for (const character of text) {
    if (escaped) {
      escaped = false;
    } else if (quoted && character === "\\") {
      escaped = true;
    } else if (character === '"') {
      quoted = !quoted;
    } else if (!quoted && "([{".includes(character)) {
      depth += 1;
    } else if (!quoted && ")]}".includes(character)) {
      depth -= 1;
    } else if (character === "," && depth === 0 && !quoted) {
      parts.push("");
      continue;
    }
    parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}

/**
 * Returns a value as a model wrote it: "true" and "false" as booleans, "null" as null, a decimal
 * number with an optional "-" in front as a number, and any other text as it is. White space around
 * the text is ignored for all but the last.
 */
export function readValue(text: string): string | number | boolean | null {
  const word = text.trim();
  if (word === "true" || word === "false") {
    return word === "true";
  }
  if (word === "null") {
    return null;
  }
  return /^-?\d+(?:\.\d+)?$/.test(word) ? Number(word) : text;
}
