// Reading the assistant's log: "2024-05-01T10:00:00Z WARN api: slow answer".

export type Level = "DEBUG" | "INFO" | "WARN" | "ERROR";
export interface Entry {
  time: string;
  level: Level;
  source: string;
  message: string;
}

/**
 * Returns the rank of a level: DEBUG 0, INFO 1, WARN 2, ERROR 3.
 */
export function rankOf(level: Level): number {
  return ["DEBUG", "INFO", "WARN", "ERROR"].indexOf(level);
}

/**
 * Reads one line: a time without spaces, a space, one of the four levels, a space, a source
 * without spaces and colons, ": " and the message, which may be empty. Any other line gives
 * undefined.
 */
export function parseEntry(line: string): Entry | undefined {
  const match = /^(\S+) (DEBUG|INFO|WARN|ERROR) ([^\s:]+): (.*)$/.exec(line);
  if (!match) {
    return undefined;
  }
  const [, time, level, source, message] = match as unknown as [
    string,
    string,
    Level,
    string,
    string,
  ];
  return { time, level, source, message };
}

/**
 * Returns an entry as a line: time, level, source with a colon, and message, separated by single
 * spaces, for example "10:00 INFO api: ready".
 */
export function formatEntry(entry: Entry): string {
  return `${entry.time} ${entry.level} ${entry.source}: ${entry.message}`;
}

/**
 * Returns the messages of the entries whose level is ERROR, in order.
 */
export function errorMessages(entries: readonly Entry[]): string[] {
  return entries.filter((entry) => entry.level === "ERROR").map((entry) => entry.message);
}

/**
 * Counts entries by source: an object from each source to how many entries it has.
 */
export function countBySource(entries: readonly Entry[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { source } of entries) {
    counts[source] = (counts[source] ?? 0) + 1;
  }
  return counts;
}

/**
 * Joins lines that follow each other and are equal: each such run becomes one line, with
 * " (xN)" added when it had N > 1 lines. Empty lines are dropped first and separate nothing.
 * `collapseRepeats(["a", "a", "", "a", "b"])` is `["a (x3)", "b"]`.
 */
export function collapseRepeats(lines: readonly string[]): string[] {
  const runs: { line: string; count: number }[] = [];
  for (const line of lines) {
    const last = runs.at(-1);
    if (line === "") {
      continue;
    }
    if (last && last.line === line) {
      last.count += 1;
    } else {
      runs.push({ line, count: 1 });
    }
  }
  return runs.map(({ line, count }) => (count > 1 ? `${line} (x${count})` : line));
}
