// Lists of file paths with "/", as they come from a search or a change.

/**
 * Counts paths by the ending of their file: the text behind the last "." of the last name, in lower
 * case, or "none" when that name has no ".". `countEndings(["a.ts", "b/c.TS"])` is `{ ts: 2 }`.
 */
export function countEndings(paths: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const path of paths) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const ending = name.includes(".") ? name.slice(name.lastIndexOf(".") + 1) : "none";
    counts[ending.toLowerCase()] = (counts[ending.toLowerCase()] ?? 0) + 1;
  }
  return counts;
}

/** Returns how many folders a relative path leads through: 0 for "a.ts", 2 for "src/lib/a.ts". */
export function folderDepth(path: string): number {
  return path.split("/").length - 1;
}

/** Returns true when one name of the path, split at "/", is `name`. */
export function hasFolderOrFile(path: string, name: string): boolean {
  return path.split("/").includes(name);
}

/** Returns the paths sorted by how many "/" they have, then by "<"; the list is not changed. */
export function shallowFirst(paths: readonly string[]): string[] {
  const depth = (path: string): number => path.split("/").length;
  return [...paths].sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
}

/**
 * Returns the longest folder that contains all paths: the names at their start, without the last
 * name of each path, that are the same in all, joined with "/". "" when there is none, also without
 * paths. `commonFolder(["src/a/x.ts", "src/a/y/z.ts"])` is "src/a".
 */
export function commonFolder(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split("/").slice(0, -1));
  let length = 0;
  while (length < first.length && others.every((names) => names[length] === first[length])) {
    length += 1;
  }
  return first.slice(0, length).join("/");
}

/**
 * Returns for each path the shortest end of it, in whole names, that no other path of the list ends
 * with; the whole path when there is none. The paths differ.
 * `shortLabels(["a/x/m.ts", "b/x/m.ts", "a/n.ts"])` is `["a/x/m.ts", "b/x/m.ts", "n.ts"]`.
 */
export function shortLabels(paths: readonly string[]): string[] {
  return paths.map((path) => {
    const names = path.split("/");
    for (let count = 1; count < names.length; count += 1) {
      const label = names.slice(-count).join("/");
      const others = paths.filter((other) => other !== path);
      if (!others.some((other) => `/${other}`.endsWith(`/${label}`))) {
        return label;
      }
    }
    return path;
  });
}

/**
 * Draws paths as a tree: one line a name, two spaces of indentation for each folder above it,
 * folders with "/" at the end. Names in a folder are sorted by "<", folders and files alike, and a
 * folder's content follows it. Lines are joined with "\n".
 * `drawTree(["b.ts", "a/y.ts", "a/x.ts"])` is "a/\n  x.ts\n  y.ts\nb.ts".
 */
export function drawTree(paths: readonly string[]): string {
  const folders = new Map<string, string[]>();
  const files = new Set<string>();
  for (const path of paths) {
    const [name = "", ...rest] = path.split("/");
    if (rest.length === 0) {
      files.add(name);
    } else {
      folders.set(name, [...(folders.get(name) ?? []), rest.join("/")]);
    }
  }
  const lines: string[] = [];
  for (const name of [...new Set([...folders.keys(), ...files])].sort()) {
    const inner = folders.get(name);
    if (inner) {
      lines.push(`${name}/`);
      lines.push(...drawTree(inner).split("\n").map((line) => `  ${line}`));
    }
    if (files.has(name)) {
      lines.push(name);
    }
  }
  return lines.join("\n");
}
