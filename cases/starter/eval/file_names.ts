// Names of files: extensions, slugs, order, and names that are still free.

/**
 * Returns the extension of a file name in lower case, with its dot: "a.test.TS" gives ".ts".
 * A name without a dot, or whose only dot is its first character (".env"), gives "".
 */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot).toLowerCase();
}

/**
 * Makes a title usable as a file name: lower case, every run of characters other than a-z and 0-9
 * replaced by one "-", no "-" at the start or the end. "Fix: the  Bug!" gives "fix-the-bug".
 */
export function slugify(title: string): string {
  const slug = title.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return slug.replace(/^-|-$/g, "");
}

/**
 * Returns true when a path ends in ".test" or ".spec" followed by ".ts", ".tsx", ".js" or ".jsx".
 */
export const isTestFile = (path: string): boolean => /\.(test|spec)\.[tj]sx?$/.test(path);

/**
 * Compares two names for sorting as people expect: -1 when `a` comes first, 1 when `b` does, 0 when
 * neither. Both are split into runs of digits and runs of other characters. The first two runs, in
 * order, that differ decide: two runs of digits differ and are compared by value ("07" and "7" do
 * not differ), any other two as text, by "<". When one name ends before a difference, it comes
 * first. "a2" comes before "a10".
 */
export function compareNatural(a: string, b: string): -1 | 0 | 1 {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (const [index, one] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const numeric = /^\d/.test(one) && /^\d/.test(other);
    const [x, y] = numeric ? [Number(one), Number(other)] : [one, other];
    if (x < y) return -1;
    if (x > y) return 1;
  }
  return left.length < right.length ? -1 : 0;
}

/** Hands out file names so that none is given twice; upper and lower case count as equal. */
export class UniqueNames {
  /** The names given so far, in lower case. */
  private readonly taken = new Set<string>();

  /** Returns true when the name, in whatever letter case, was given before. */
  has(name: string): boolean {
    return this.taken.has(name.toLowerCase());
  }

  /**
   * Gives a name and remembers it. A name that was not given before is given as it is; otherwise
   * "-2" is inserted before its extension (its last dot and what follows; at the end for a name
   * without a dot after its first character), or "-3", and so on: the first that was not given.
   * Taking "a.ts" three times gives "a.ts", "a-2.ts", "a-3.ts".
   */
  take(name: string): string {
    const dot = name.lastIndexOf(".");
    const cut = dot > 0 ? dot : name.length;
    let free = name;
    for (let count = 2; this.taken.has(free.toLowerCase()); count += 1) {
      free = `${name.slice(0, cut)}-${count}${name.slice(cut)}`;
    }
    this.taken.add(free.toLowerCase());
    return free;
  }
}
