// Snapshot files, from the job's texts and in memory: nothing is read from disk or kept.

/** What vitest calls a snapshot environment. As in CI, a snapshot that is not stored is not written. */
export class SnapshotStore {
  /**
   * @param texts snapshot files by tree-relative path
   * @param root the tree
   * @param expected what a stored text passes through before it is compared
   */
  constructor(texts, root, expected) {
    this.files = new Map(Object.entries(texts).map(([name, text]) => [`${root}/${name}`, text]));
    this.expected = expected;
  }

  getVersion() {
    return "1";
  }

  getHeader() {
    return "// Snapshot v1";
  }

  async resolveRawPath(test, path) {
    return path.startsWith("/") ? path : normal(`${test.slice(0, test.lastIndexOf("/"))}/${path}`);
  }

  async resolvePath(test) {
    const at = test.lastIndexOf("/");
    return `${test.slice(0, at)}/__snapshots__/${test.slice(at + 1)}.snap`;
  }

  async prepareDirectory() {}

  async saveSnapshotFile(path, text) {
    this.files.set(path, text);
  }

  async readSnapshotFile(path) {
    return this.files.has(path) ? this.expected(this.files.get(path)) : null;
  }

  async removeSnapshotFile(path) {
    this.files.delete(path);
  }
}

function normal(path) {
  const parts = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
