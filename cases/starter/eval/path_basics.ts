// The simplest questions about a path and changes to it.

/** Returns `a` and `b` joined with a slash. */
export function joinWithSlash(a: string, b: string): string {
  return `${a}/${b}`;
}

/** Returns true when `path` starts with a slash. */
export function isAbsolute(path: string): boolean {
  return path.startsWith("/");
}

/** Returns true when `path` ends with ".ts". */
export function isTypeScript(path: string): boolean {
  return path.endsWith(".ts");
}

/** Returns `path` split at every slash. */
export function pathParts(path: string): string[] {
  return path.split("/");
}

/** Returns `name`, a dot and `extension`. */
export function withExtension(name: string, extension: string): string {
  return `${name}.${extension}`;
}

/** Returns `path` with every slash replaced by a dash. */
export function dashedPath(path: string): string {
  return path.replaceAll("/", "-");
}
