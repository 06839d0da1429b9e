// Numbers as people read them.

/** Returns the value, but `low` when it is below `low` and `high` when it is above `high`. */
export const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value));

/**
 * Returns a share as a percentage with `digits` decimals: `formatPercent(0.256)` is `"26%"`,
 * `formatPercent(0.256, 1)` is `"25.6%"`.
 */
export function formatPercent(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)}%`;
}

/**
 * Returns a count with its noun: `plural(1, "file")` is `"1 file"`, any other count has the plural,
 * which is the noun with an `s` unless `many` names it: `plural(2, "entry", "entries")`.
 */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}

/**
 * Returns a whole number with a comma between groups of three digits: `"1,234,567"`. A negative
 * number keeps its minus sign in front.
 */
export function groupThousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * Shortens a count that is not negative: below 1,000 as it is; below a million in thousands with
 * `k`, from there on in millions with `M`, both cut off (not rounded) to one decimal, without `.0`.
 * `shortCount(1_250)` is `"1.2k"`, `shortCount(2_000_000)` is `"2M"`.
 */
export function shortCount(count: number): string {
  if (count < 1000) {
    return String(count);
  }
  const [size, unit] = count < 1_000_000 ? [1000, "k"] : [1_000_000, "M"];
  return `${Math.floor((count * 10) / size) / 10}${unit}`;
}

/**
 * Formats a number of bytes: below 1024 as `"512 B"`, otherwise divided by 1024 until it is below
 * 1024 or the unit is GB (of B, KB, MB, GB), with one decimal: `"1.5 KB"`, `"2048.0 GB"`.
 */
export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${bytes} B` : `${size.toFixed(1)} ${units[unit]}`;
}

/**
 * Reads a count such as `"1,500"`, `"1.5k"` or `"2 M"`: digits, in which commas are ignored, with
 * an optional decimal part and an optional unit `k` (thousand), `m` (million) or `b` (billion), in
 * any case, spaces before it allowed. The result is rounded to a whole number. Surrounding
 * whitespace is ignored. Returns null for any other text.
 */
export function parseCount(text: string): number | null {
  const match = /^(\d[\d,]*(?:\.\d+)?)\s*([kmb]?)$/i.exec(text.trim());
  if (!match) {
    return null;
  }
  const factors: Record<string, number> = { "": 1, k: 1e3, m: 1e6, b: 1e9 };
  return Math.round(Number(match[1].replaceAll(",", "")) * factors[match[2].toLowerCase()]);
}

/**
 * Writes whole numbers as a list of ranges: sorted, without repeats, three or more numbers in a row
 * as `first-last`, all separated by `, `. `formatRanges([9, 1, 2, 3, 5, 6])` is `"1-3, 5, 6, 9"`.
 * Does not change the given list; without numbers the result is empty.
 */
export function formatRanges(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const parts: (number | string)[] = [];
  let start = 0;
  while (start < sorted.length) {
    let end = start;
    while (end + 1 < sorted.length && sorted[end + 1] === sorted[end] + 1) {
      end += 1;
    }
    const length = end - start + 1;
    if (length >= 3) {
      parts.push(`${sorted[start]}-${sorted[end]}`);
    } else {
      parts.push(...sorted.slice(start, end + 1));
    }
    start = end + 1;
  }
  return parts.join(", ");
}
