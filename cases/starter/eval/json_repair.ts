// Reading JSON that a model wrote: comments, stray commas, prose around it, a missing end.

/** Returns the text without the byte order mark "\uFEFF" at its start, if it has one. */
export function stripBom(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** Returns true for objects as JSON has them: not for null, arrays, functions and other values. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses a text as JSON and returns the value; a text that is not valid JSON gives `fallback`. */
export function parseOr<T>(text: string, fallback: T): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    return fallback;
  }
}

/**
 * Removes each comma that is followed by "}" or "]", with only whitespace between them; the
 * whitespace stays. Commas inside of strings (in double quotes, with backslash escapes) are kept.
 * '{"a": [1, 2, ], }' gives '{"a": [1, 2 ] }'.
 */
export function removeTrailingCommas(json: string): string {
  return json.replace(/"(?:\\.|[^"\\])*"|,(?=\s*[}\]])/gs, (part) => (part === "," ? "" : part));
}

/**
 * Returns the first object in a text, from the first "{" to the "}" that matches it. Braces inside
 * of strings of the object (in double quotes, with backslash escapes) do not count. Returns null
 * when there is no "{" or no match for it. 'Sure: {"a": {}} ok' gives '{"a": {}}'.
 */
export function extractObject(text: string): string | null {
  const start = text.indexOf("{");
  let depth = 0;
  let quoted = false;
  for (let index = start; start !== -1 && index < text.length; index += 1) {
    const character = text[index];
    if (quoted) {
      if (character === "\\") index += 1;
      else if (character === '"') quoted = false;
      continue;
    }
    if (character === '"') quoted = true;
    else if (character === "{") depth += 1;
    else if (character === "}") depth -= 1;
    if (depth === 0) return text.slice(start, index + 1);
  }
  return null;
}

/**
 * Completes JSON whose end is missing, as while it is streamed. When it stops inside of a string
 * (double quotes, backslash escapes), a backslash that stands at the end without what it escapes
 * is removed and the string is closed. Otherwise whitespace at the end is removed, then a "," at
 * the end is removed, or "null" is added after a ":" at the end. Last, open arrays and objects are
 * closed, innermost first. '{"a": [1, "x' gives '{"a": [1, "x"]}'; '{"a":' gives '{"a":null}'.
 */
export function closeJson(text: string): string {
  const closers: string[] = [];
  let quoted = false;
  let escaped = false;
  for (const character of text) {
    if (escaped) escaped = false;
    else if (quoted && character === "\\") escaped = true;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "{") closers.unshift("}");
    else if (character === "[") closers.unshift("]");
    else if (character === "}" || character === "]") closers.shift();
  }
  let result = escaped ? text.slice(0, -1) : text;
  if (quoted) {
    result += '"';
  } else {
    result = result.trimEnd().replace(/,$/, "");
    if (result.endsWith(":")) result += "null";
  }
  return result + closers.join("");
}

/**
 * Removes comments from JSON: from "//" up to, not including, the next "\n" (or to the end), and
 * from a slash with a star behind it to the next star with a slash behind it (or to the end), all
 * four characters included. Inside of strings (double quotes, backslash escapes) nothing is
 * removed. '{"a": "//x"} // y' gives '{"a": "//x"} '.
 */
export function stripComments(json: string): string {
  let result = "";
  let index = 0;
  const end = (found: number): number => (found === -1 ? json.length : found);
  while (index < json.length) {
    if (json.startsWith("//", index)) {
      index = end(json.indexOf("\n", index));
    } else if (json.startsWith("/*", index)) {
      index = end(json.indexOf("*/", index + 2)) + 2;
    } else {
      let next = index + 1;
      if (json[index] === '"') {
        while (next < json.length && json[next] !== '"') next += json[next] === "\\" ? 2 : 1;
        next += 1;
      }
      result += json.slice(index, next);
      index = next;
    }
  }
  return result;
}
