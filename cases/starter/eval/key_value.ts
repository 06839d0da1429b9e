// Environment files: lines of NAME=value.

export type Values = Record<string, string>;

/**
 * Returns true when the text is a valid name: ASCII letters, digits and underscores, at least one
 * character, the first no digit.
 */
export function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

/**
 * Splits a text at its first `=` into name and value, both trimmed; null when there is no `=`.
 * `splitPair("a = b=c")` is `["a", "b=c"]`.
 */
export function splitPair(text: string): [name: string, value: string] | null {
  const at = text.indexOf("=");
  return at === -1 ? null : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/**
 * Removes one pair of quotes around a text: when it has at least two characters and begins and ends
 * with the same quote, `"` or `'`, they are cut off. Any other text is returned as it is. Within
 * double quotes `\n` (backslash and n) becomes a line break, `\"` a quote and `\\` a backslash;
 * within single quotes nothing is replaced.
 */
export function unquote(text: string): string {
  const quote = text[0];
  if (text.length < 2 || (quote !== '"' && quote !== "'") || !text.endsWith(quote)) {
    return text;
  }
  const inner = text.slice(1, -1);
  if (quote === "'") {
    return inner;
  }
  return inner.replace(/\\([n"\\])/g, (_, char: string) => (char === "n" ? "\n" : char));
}

/**
 * Formats values as lines `NAME=value` in the order of their names (sorted as strings), joined by
 * line breaks. A value that is empty or has characters other than ASCII letters, digits and `_./:-`
 * is put in double quotes, with `\` and `"` written as `\\` and `\"` and a line break as `\n`.
 */
export function formatEnv(values: Values): string {
  const lines = Object.keys(values).sort().map((name) => {
    const value = values[name];
    if (/^[A-Za-z0-9_./:-]+$/.test(value)) {
      return `${name}=${value}`;
    }
    const escaped = value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n");
    return `${name}="${escaped}"`;
  });
  return lines.join("\n");
}

/**
 * Replaces `${NAME}` by the value of that name, or by nothing when it is missing, and
 * `${NAME:-text}` by the value or, when it is missing or empty, by the text (which has no `}`).
 * Replaced values are not expanded again. Names are as in `isName`; all else stays as it is.
 */
export function expandVariables(text: string, values: Values): string {
  return text.replace(
    /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g,
    (_, name: string, fallback: string | undefined) => {
      const value = Object.hasOwn(values, name) ? values[name] : "";
      return value === "" ? (fallback ?? "") : value;
    },
  );
}

/**
 * Reads an environment file. Each line is `NAME=value`, with an optional `export ` in front;
 * whitespace around name and value is ignored. A value that begins with `"` or `'` goes up to the
 * next such quote (no escapes), and what follows it is ignored; any other value ends before
 * whitespace followed by `#`. Blank lines, lines that begin with `#`, lines without `=`, with an
 * invalid name (see `isName`) or with an unclosed quote are skipped. Of equal names the last wins.
 */
export function parseEnv(text: string): Values {
  const values: Values = {};
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim().replace(/^export\s+/, "");
    const at = line.indexOf("=");
    const name = line.slice(0, Math.max(at, 0)).trim();
    if (line.startsWith("#") || !/^[A-Za-z_]\w*$/.test(name)) {
      continue;
    }
    const value = line.slice(at + 1).trim();
    const quote = value[0];
    if (quote === '"' || quote === "'") {
      const end = value.indexOf(quote, 1);
      if (end !== -1) {
        values[name] = value.slice(1, end);
      }
    } else {
      values[name] = value.replace(/\s+#.*$/, "");
    }
  }
  return values;
}
