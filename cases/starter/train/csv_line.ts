// Reading and writing comma-separated usage reports, one line at a time.

/**
 * Splits one CSV line into its fields at commas. A field that starts with a double quote runs to
 * the closing quote; inside it commas are text and two quotes stand for one. Other fields are
 * taken as they are, white space included. "" is one empty field.
 * `parseCsvLine('a,"b,""c""",')` is `["a", 'b,"c"', ""]`.
 * Throws a SyntaxError when a quote is not closed or is not followed by a comma or the end.
 */
export function parseCsvLine(line: string): string[] {
  const fields: string[] = [];
  let rest = line;
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"/.exec(rest);
    if (rest.startsWith('"') && !quoted) {
      throw new SyntaxError("a quote is not closed");
    }
    const raw = quoted?.[0] ?? (/^[^,]*/.exec(rest)?.[0] as string);
    fields.push(quoted ? (quoted[1] as string).replaceAll('""', '"') : raw);
    rest = rest.slice(raw.length);
    if (rest === "") {
      return fields;
    }
    if (!rest.startsWith(",")) {
      throw new SyntaxError(`text after a closing quote: ${rest}`);
    }
    rest = rest.slice(1);
  }
}

/**
 * Returns `value` as one CSV field: in double quotes, with quotes inside doubled, when it contains
 * a comma, a double quote, a carriage return or a newline; unchanged otherwise.
 */
export function csvField(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/**
 * Returns the position of the column called `name` in `header`, ignoring case and white space
 * around both, or -1. The first match counts.
 */
export function columnIndex(header: readonly string[], name: string): number {
  const wanted = name.trim().toLowerCase();
  return header.findIndex((column) => column.trim().toLowerCase() === wanted);
}

/**
 * Returns an object from each column of `header` to the field of `row` at the same position.
 * Missing fields are "", surplus fields are dropped, and of columns with the same name the first
 * one counts.
 */
export function rowToRecord(
  header: readonly string[],
  row: readonly string[],
): Record<string, string> {
  const record: Record<string, string> = {};
  header.forEach((column, index) => {
    if (!Object.hasOwn(record, column)) {
      record[column] = row[index] ?? "";
    }
  });
  return record;
}

/**
 * Returns true when every field of `row` is empty or white space; also for a row without fields.
 */
export function isBlankRow(row: readonly string[]): boolean {
  return row.every((field) => field.trim() === "");
}
