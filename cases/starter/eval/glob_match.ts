// Globs as a user writes them in settings and tool calls.

/** Returns true when a path pattern contains one of the characters "*", "?", "[" and "{". */
export const hasMagic = (pattern: string): boolean => /[*?[{]/.test(pattern);

/**
 * Returns the text with each of the characters "*", "?", "[", "{" and "}" enclosed in square
 * brackets: "a*" gives "a[*]".
 */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[{}]/g, "[$&]");
}

/**
 * Returns the folder in which a search for a glob has to start: the names before the first one
 * that contains "*", "?", "[" or "{", and before the last name in any case, joined by "/".
 * "src/lib/*.ts" and "src/lib/a.ts" give "src/lib"; "*.ts" gives "".
 */
export function globBase(glob: string): string {
  const folders = glob.split("/").slice(0, -1);
  const magic = folders.findIndex((name) => /[*?[{]/.test(name));
  return (magic === -1 ? folders : folders.slice(0, magic)).join("/");
}

/**
 * Expands alternatives in braces: "a.{ts,js}" gives ["a.ts", "a.js"]. With several groups, the
 * last one changes fastest: "{a,b}{1,2}" gives a1, a2, b1, b2. Alternatives may be empty. Braces
 * without a comma inside, or without a partner, stand for themselves. Groups are never nested.
 */
export function expandBraces(pattern: string): string[] {
  const match = /\{([^{}]*,[^{}]*)\}/.exec(pattern);
  if (match === null) return [pattern];
  const before = pattern.slice(0, match.index);
  const tails = expandBraces(pattern.slice(match.index + match[0].length));
  const options = (match[1] ?? "").split(",");
  return options.flatMap((option) => tails.map((tail) => before + option + tail));
}

/**
 * Translates a glob to a regular expression for whole paths: "?" is one character except "/", "*"
 * any number of them (none, too), "**" followed by "/" any number of whole folders (none, too),
 * any other "**" any characters. "[abc]" is one of the characters inside, with ranges like "a-z";
 * "[!abc]" one that is not. Every other character, and a "[" without a "]" behind it, stands for
 * itself. "src/**" followed by "/*.ts" matches "src/a.ts" and "src/x/y/a.ts", not "src/a.tsx".
 */
export function globToRegExp(glob: string): RegExp {
  let source = "";
  for (let index = 0; index < glob.length; index += 1) {
    const character = glob.charAt(index);
    const close = glob.indexOf("]", index + 1);
    if (glob.startsWith("**/", index)) {
      source += "(?:[^/]+/)*";
      index += 2;
    } else if (glob.startsWith("**", index)) {
      source += ".*";
      index += 1;
    } else if (character === "*") {
      source += "[^/]*";
    } else if (character === "?") {
      source += "[^/]";
    } else if (character === "[" && close !== -1) {
      const inside = glob.slice(index + 1, close).replace(/[\\^[]/g, "\\$&");
      source += inside.startsWith("!") ? `[^${inside.slice(1)}]` : `[${inside}]`;
      index = close;
    } else {
      source += character.replace(/[\\^$.|+(){}[\]/]/, "\\$&");
    }
  }
  return new RegExp(`^${source}$`);
}

/**
 * Selects the paths, in their order, that match at least one expression of `include` and none of
 * `exclude`. An empty `include` includes every path.
 */
export default function selectPaths(
  paths: readonly string[],
  include: readonly RegExp[],
  exclude: readonly RegExp[] = [],
): string[] {
  const included = (path: string): boolean =>
    include.length === 0 || include.some((one) => one.test(path));
  return paths.filter((path) => included(path) && !exclude.some((one) => one.test(path)));
}
