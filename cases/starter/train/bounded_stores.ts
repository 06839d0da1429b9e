// Small stores of bounded size: an undo history, a cache of recent values, a tally.

/** The versions of a text, for undo and redo. */
export class UndoHistory {
  /** All versions, oldest first. */
  versions: string[];
  /** Index of the current version. */
  current = 0;

  constructor(text: string) {
    this.versions = [text];
  }

  /** Returns the current version. */
  text(): string {
    return this.versions[this.current] as string;
  }

  /**
   * Makes `text` the current version, behind the one that was current; versions behind that one
   * are dropped. Does nothing when `text` is equal to the current version.
   */
  change(text: string): void {
    if (text !== this.versions[this.current]) {
      this.versions = [...this.versions.slice(0, this.current + 1), text];
      this.current += 1;
    }
  }

  /** Goes back by `steps` versions, at most to the oldest, and returns the version there. */
  undo(steps = 1): string {
    this.current = Math.max(0, this.current - steps);
    return this.versions[this.current] as string;
  }

  /** Returns true when there is a version behind the current one. */
  canRedo(): boolean {
    return this.current < this.versions.length - 1;
  }
}

/** Keeps the values of the `size` keys that were used last. */
export class RecentCache<T> {
  readonly size: number;
  /** Values by key; the key that was used longest ago comes first. */
  readonly values = new Map<string, T>();

  constructor(size: number) {
    this.size = size;
  }

  /**
   * Returns the value of a key, which becomes the key that was used last; undefined when the key is
   * not in the cache.
   */
  get(key: string): T | undefined {
    if (!this.values.has(key)) {
      return undefined;
    }
    const value = this.values.get(key) as T;
    this.values.delete(key);
    this.values.set(key, value);
    return value;
  }

  /**
   * Sets the value of a key, which becomes the key that was used last. When there are more than
   * `size` keys then, the one that was used longest ago is removed; its name is returned, otherwise
   * undefined.
   */
  put(key: string, value: T): string | undefined {
    this.values.delete(key);
    this.values.set(key, value);
    if (this.values.size <= this.size) {
      return undefined;
    }
    const oldest = [...this.values.keys()][0] as string;
    this.values.delete(oldest);
    return oldest;
  }
}

/** Counts how often names were seen. */
export class Tally {
  readonly counts = new Map<string, number>();

  /** Adds `amount` to the count of a name, which starts at 0, and returns the new count. */
  add(name: string, amount = 1): number {
    const count = (this.counts.get(name) ?? 0) + amount;
    this.counts.set(name, count);
    return count;
  }

  /** Returns the sum of all counts. */
  total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /**
   * Returns the names whose count is at least `least`, highest count first; names with equal counts
   * are in alphabetical order.
   */
  names(least = 1): string[] {
    const entries = [...this.counts].filter(([, count]) => count >= least);
    entries.sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1));
    return entries.map(([name]) => name);
  }
}
