// Reading and writing settings files with [sections] and key = value lines.

export type Ini = Record<string, Record<string, string>>;

/**
 * Returns the name of the section that `line` starts: the text between the "[" it begins with and
 * the "]" it ends with. White space around the line and around the name is dropped. Any other
 * line gives undefined. `sectionName("[ api ]")` is "api".
 */
export function sectionName(line: string): string | undefined {
  return /^\[(.*)\]$/.exec(line.trim())?.[1]?.trim();
}

/**
 * Reads INI text (lines end in "\n" or "\r\n"; white space around lines, names, keys and values
 * is dropped). Empty lines and lines starting with "#" or ";" are skipped. "[name]" starts a
 * section; settings before any section belong to "". "key = value" is split at the first "=";
 * the last value of a key wins. A section that is named again goes on; a named section without
 * settings is an empty object, and "" is present only when it has settings.
 * Throws an Error whose message contains "line N" (from 1) for any other line and for an empty key.
 */
export function parseIni(text: string): Ini {
  const result: Ini = {};
  let section = "";
  text.split("\n").forEach((raw, index) => {
    const line = raw.trim();
    const header = /^\[(.*)\]$/.exec(line);
    const equals = line.indexOf("=");
    if (line === "" || line.startsWith("#") || line.startsWith(";")) {
      return;
    }
    if (header) {
      section = (header[1] as string).trim();
      result[section] ??= {};
    } else if (equals > 0) {
      result[section] ??= {};
      const settings = result[section] as Record<string, string>;
      settings[line.slice(0, equals).trim()] = line.slice(equals + 1).trim();
    } else {
      throw new Error(`line ${index + 1}: expected key = value, got "${line}"`);
    }
  });
  return result;
}

/**
 * Writes a section: the line "[name]" and a line "key = value" for each setting in order, joined
 * by newlines, without one at the end. Of the section called "" only the settings are written.
 */
export function formatSection(name: string, settings: Record<string, string>): string {
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
  if (name !== "") {
    lines.unshift(`[${name}]`);
  }
  return lines.join("\n");
}

/**
 * Reads a setting as a boolean, ignoring case and white space around it: "true", "yes", "on" and
 * "1" are true; "false", "no", "off" and "0" are false; anything else is undefined.
 */
export function parseSwitch(value: string): boolean | undefined {
  const word = value.trim().toLowerCase();
  if (["true", "yes", "on", "1"].includes(word)) {
    return true;
  }
  return ["false", "no", "off", "0"].includes(word) ? false : undefined;
}

/**
 * Splits a setting with several values at commas, drops white space around each value, and
 * leaves empty values out. `parseList("a, b,,c")` is `["a", "b", "c"]`.
 */
export function parseList(value: string): string[] {
  return value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
