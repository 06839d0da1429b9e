// Plain text and markdown tables.

export type Row = readonly string[];

/** Makes a text fit into a markdown table cell: `|` becomes `\|`, a line break becomes `<br>`. */
export function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", "<br>");
}

/** Returns the values of one column, counted from 0; rows that are too short give `""`. */
export function columnValues(rows: readonly Row[], column: number): string[] {
  return rows.map((row) => row[column] ?? "");
}

/**
 * Returns the length of the longest cell of each column; there are as many columns as the longest
 * row has cells, and missing cells count as empty. `[["a", "bb"], ["ccc"]]` gives `[3, 2]`.
 */
export function columnWidths(rows: readonly Row[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  return widths;
}

/**
 * Swaps rows and columns. The result has as many rows as the longest given row has cells; missing
 * cells become `fill`. `transpose([[1, 2], [3]], 0)` is `[[1, 3], [2, 0]]`.
 */
export function transpose<T>(rows: readonly (readonly T[])[], fill: T): T[][] {
  const width = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: width }, (_, column) =>
    rows.map((row) => (column < row.length ? row[column] : fill)),
  );
}

/**
 * Aligns rows of equal length into lines: every cell but the last of a row is padded with spaces at
 * its end to the longest cell of its column, cells are separated by two spaces, and spaces at the
 * end of a line are removed. Lines are joined by line breaks.
 */
export function alignColumns(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column].length)),
  );
  const lines = rows.map((row) => {
    return row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd();
  });
  return lines.join("\n");
}

/**
 * Formats a markdown table: the header line, the line of dashes and one line a row, joined by line
 * breaks, e.g. `| a | b |`, `| --- | --: |`, `| x | 1 |`. A column whose cells below the header are
 * all numbers (digits with an optional decimal part and minus sign) gets `--:`, any other one, also
 * one without rows, `---`. Missing cells are empty (`| x |  |`), surplus ones are dropped.
 */
export function markdownTable(headers: Row, rows: readonly Row[]): string {
  const format = (cells: Row): string => `| ${cells.join(" | ")} |`;
  const full = rows.map((row) => headers.map((_, column) => row[column] ?? ""));
  const rules = headers.map((_, column) => {
    const numeric = full.every((row) => /^-?\d+(\.\d+)?$/.test(row[column]));
    return numeric && rows.length > 0 ? "--:" : "---";
  });
  return [headers, rules, ...full].map(format).join("\n");
}

/**
 * Reads the cells of one line of a markdown table, trimmed. Cells are separated by `|`; `\|` is a
 * `|` within a cell, any other backslash stands for itself, and a `|` between backticks does not
 * separate. One `|` at the start and one at the end of the (trimmed) line are optional and belong
 * to no cell. A line without any separating `|`, also one that is blank, gives null.
 */
export function parseTableRow(line: string): string[] | null {
  const text = line.trim();
  const cells = [""];
  let inCode = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === "|" && !inCode) {
      cells.push("");
      continue;
    }
    if (char === "`") {
      inCode = !inCode;
    }
    if (char === "\\" && text[index + 1] === "|") {
      index += 1;
      cells[cells.length - 1] += "|";
    } else {
      cells[cells.length - 1] += char;
    }
  }
  if (cells.length === 1) {
    return null;
  }
  const first = cells[0] === "" ? 1 : 0;
  const last = cells.at(-1) === "" && cells.length - first > 1 ? -1 : undefined;
  return cells.slice(first, last).map((cell) => cell.trim());
}

/**
 * Returns the rows sorted by a column (counted from 0), without changing the list. Cells that are
 * numbers (`Number` of a cell that is not blank is not NaN) come first, by their value; then all
 * others, compared as strings with `<`. With `descending` the whole order is reversed. Rows with
 * equal cells stay in their order in either case; missing cells are empty.
 */
export function sortRows(rows: readonly Row[], column: number, descending = false): Row[] {
  const compare = (a: string, b: string): number => {
    const x = a.trim() === "" ? NaN : Number(a);
    const y = b.trim() === "" ? NaN : Number(b);
    if (Number.isNaN(x) !== Number.isNaN(y)) {
      return Number.isNaN(x) ? 1 : -1;
    }
    if (!Number.isNaN(x)) {
      return x - y;
    }
    return a < b ? -1 : a > b ? 1 : 0;
  };
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => sign * compare(a[column] ?? "", b[column] ?? ""));
}
