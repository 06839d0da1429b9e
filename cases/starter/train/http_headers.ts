// Headers of HTTP requests and answers.

export type Headers = Record<string, string>;

/**
 * Returns a header's name in its usual form: each part between "-" begins with a capital letter,
 * the rest is lower case. `headerName("content-TYPE")` is "Content-Type".
 */
export function headerName(name: string): string {
  const parts = name.toLowerCase().split("-");
  return parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("-");
}

/** Returns the value of a header, whose name may be in any letter case, or undefined. */
export function headerValue(headers: Headers, name: string): string | undefined {
  const key = Object.keys(headers).find((other) => other.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : headers[key];
}

/**
 * Reads headers, one a line (lines separated by "\n"): the name before the first ":" in lower
 * case, and the value behind it, both trimmed. Lines without ":" are skipped. The values of a name
 * that occurs again are joined with ", ".
 */
export function parseHeaders(text: string): Headers {
  const headers: Headers = {};
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === -1) {
      continue;
    }
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}

/**
 * Returns the character set that a Content-Type names in its "charset=" part, in lower case and
 * without double quotes; "utf-8" when it names none.
 * `charsetOf("text/html; charset=ISO-8859-1")` is "iso-8859-1".
 */
export function charsetOf(contentType: string): string {
  const match = /;\s*charset="?([^\s;"]+)/i.exec(contentType);
  return match ? (match[1] as string).toLowerCase() : "utf-8";
}

/** Returns true for JSON media types: "application/json" or any that ends with "+json". */
export function isJsonType(contentType: string): boolean {
  const type = (contentType.split(";")[0] as string).trim().toLowerCase();
  return type === "application/json" || type.endsWith("+json");
}

/**
 * Returns the media types of an Accept header, the most wanted first. They are separated by ",";
 * each may have parameters behind ";", of which "q=NUMBER" says how much it is wanted (1 without
 * it). Types with a q of 0 are left out, equally wanted ones keep their order, and white space
 * around all parts is ignored. `acceptedTypes("text/a;q=0.5, text/b")` is ["text/b", "text/a"].
 */
export function acceptedTypes(accept: string): string[] {
  const wanted: { type: string; quality: number }[] = [];
  for (const part of accept.split(",")) {
    const [type = "", ...parameters] = part.split(";").map((piece) => piece.trim());
    if (type === "") {
      continue;
    }
    let quality = 1;
    for (const parameter of parameters) {
      const match = /^q=([\d.]+)$/.exec(parameter);
      if (match) {
        quality = Number(match[1]);
      }
    }
    if (quality > 0) {
      wanted.push({ type, quality });
    }
  }
  wanted.sort((a, b) => b.quality - a.quality);
  return wanted.map(({ type }) => type);
}

/**
 * Says in one word what a status means: "info" for 100 to 199, "ok" for 200 to 299, "redirect" for
 * 300 to 399, "refused" for 400 to 499, "broken" for 500 to 599, and "unknown" for other numbers.
 */
export function statusClass(status: number): string {
  const words = ["info", "ok", "redirect", "refused", "broken"];
  return words[Math.floor(status / 100) - 1] ?? "unknown";
}
