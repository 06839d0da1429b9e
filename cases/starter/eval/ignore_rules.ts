// Ignore files in the manner of .gitignore: reading their rules and deciding about paths.

/** One rule of an ignore file. */
export interface Rule {
  /** Without "!", leading "/" and trailing "/". */
  pattern: string;
  /** Written with "!": takes paths out of the ignored ones again. */
  negated: boolean;
  /** Written with a trailing "/": applies to folders only. */
  folderOnly: boolean;
  /** Compared with the whole path; otherwise with the last name of a path. */
  anchored: boolean;
}

/**
 * Returns true for lines of an ignore file that hold no rule: blank lines and lines that begin with
 * "#".
 */
export function isCommentLine(line: string): boolean {
  return line.trim() === "" || line.startsWith("#");
}

/**
 * Lists the folders that contain a relative path, outermost first: "src/lib/a.ts" gives ["src",
 * "src/lib"], "a.ts" gives [].
 */
export function parentFolders(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}

/**
 * Reads one line that holds a rule. Whitespace at the end is removed; then a leading "!" means
 * negated and a trailing "/" means folderOnly, and both are removed. The rule is anchored when a
 * "/" is left at the start or in the middle; a leading "/" is removed too.
 * "!/dist/" gives pattern "dist", with all three flags true; "*.log" gives all flags false.
 */
export function parseRule(line: string): Rule {
  let pattern = line.trimEnd();
  const negated = pattern.startsWith("!");
  if (negated) pattern = pattern.slice(1);
  const folderOnly = pattern.endsWith("/");
  if (folderOnly) pattern = pattern.slice(0, -1);
  const anchored = pattern.includes("/");
  if (pattern.startsWith("/")) pattern = pattern.slice(1);
  return { pattern, negated, folderOnly, anchored };
}

/**
 * Returns true when a whole name matches a pattern in which "*" stands for any number of
 * characters (none, too) and "?" for exactly one. All other characters stand for themselves.
 * "*.ts" matches "a.ts" and ".ts", but not "a.tsx" or "ats".
 */
export function matchesName(pattern: string, name: string): boolean {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const source = literal.replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(name);
}

/**
 * Returns true when the names of a path match a pattern, name by name: "**" stands for any number
 * of names (none, too), "*" for exactly one name, everything else for a name equal to it.
 * ["src", "**", "a.ts"] matches ["src", "a.ts"] and ["src", "x", "y", "a.ts"].
 */
export function matchesNames(pattern: readonly string[], names: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return names.length === 0;
  if (first === "**") {
    return (
      names.some((_, index) => matchesNames(rest, names.slice(index))) || matchesNames(rest, [])
    );
  }
  if (names.length === 0 || (first !== "*" && first !== names[0])) return false;
  return matchesNames(rest, names.slice(1));
}

/**
 * Decides whether the file `path` is ignored. Rules are tried on the path itself and on each
 * folder that contains it ("a/b/c.ts" has "a" and "a/b"); a folderOnly rule only on the folders. A
 * rule hits when `matches(rule.pattern, text)` is true for one of them, where the text is the whole
 * path for an anchored rule and otherwise what follows its last "/". The last rule that hits
 * decides: ignored unless negated. Without a hit, the file is not ignored.
 */
export function isIgnored(
  path: string,
  rules: readonly Rule[],
  matches: (pattern: string, text: string) => boolean,
): boolean {
  const names = path.split("/");
  const paths = names.map((_, index) => names.slice(0, index + 1).join("/"));
  let ignored = false;
  for (const rule of rules) {
    const candidates = rule.folderOnly ? paths.slice(0, -1) : paths;
    const hit = candidates.some((candidate) => {
      const text = rule.anchored ? candidate : candidate.slice(candidate.lastIndexOf("/") + 1);
      return matches(rule.pattern, text);
    });
    if (hit) ignored = !rule.negated;
  }
  return ignored;
}
