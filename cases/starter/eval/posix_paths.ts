// Paths with forward slashes, handled as text.

/** Returns the path with every backslash replaced by a forward slash. */
export function toPosix(path: string): string {
  return path.replaceAll("\\", "/");
}

/**
 * Joins the parts that are not empty with "/", and makes every run of slashes in the result one
 * slash; no parts give "".
 */
export function joinPaths(...parts: string[]): string {
  const joined = parts.filter((part) => part !== "").join("/");
  return joined.replace(/\/+/g, "/");
}

/**
 * Returns the folder that contains a path: everything before its last "/". "src/a.ts" gives "src".
 * A path without "/" gives "."; "/a" and "/" give "/". The path has no "/" at its end, except "/".
 */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  if (slash === -1) return ".";
  return slash === 0 ? "/" : path.slice(0, slash);
}

/**
 * Simplifies a path: removes "." names, empty names (repeated slashes) and a "/" at the end, and
 * lets each ".." remove the name before it. ".." at the start of an absolute path is dropped; at
 * the start of a relative path it is kept. When nothing is left, an absolute path is "/" and a
 * relative one ".". "src//./lib/../a.ts" gives "src/a.ts"; "../../x/.." gives "../..".
 */
export function normalizePath(path: string): string {
  const absolute = path.startsWith("/");
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.length > 0 && names.at(-1) !== "..") names.pop();
    else if (!absolute) names.push("..");
  }
  const joined = names.join("/");
  if (absolute) return `/${joined}`;
  return joined === "" ? "." : joined;
}

/**
 * Returns true when `path` is `folder` itself or lies below it. Both are absolute, without ".",
 * ".." and "/" at the end, except the root "/", which contains every path. "/src" contains
 * "/src/a.ts" but not "/src2/a.ts".
 */
export function isInside(folder: string, path: string): boolean {
  const prefix = folder === "/" ? "/" : `${folder}/`;
  return path === folder || path.startsWith(prefix);
}

/**
 * Returns the way from a folder to a path, as a relative path. Both are absolute, without ".",
 * ".." and "/" at the end (except the root "/"). Equal paths give ".".
 * ("/src/lib", "/src/a.ts") gives "../a.ts"; ("/src", "/src/lib/b.ts") gives "lib/b.ts".
 */
export function relativePath(from: string, to: string): string {
  const source = from.split("/").filter((name) => name !== "");
  const target = to.split("/").filter((name) => name !== "");
  let shared = 0;
  while (shared < source.length && shared < target.length && source[shared] === target[shared]) {
    shared += 1;
  }
  const up = source.slice(shared).map(() => "..");
  return [...up, ...target.slice(shared)].join("/") || ".";
}
