// Query strings of URLs.

export type QueryValue = string | number | boolean | null | undefined;

/** Returns the URL without its query and fragment: what comes before the first `?` or `#`. */
export function stripQuery(url: string): string {
  return url.split(/[?#]/)[0];
}

/** Returns the fragment of a URL, the text behind its first `#`; empty when there is none. */
export const fragmentOf = (url: string): string => {
  const at = url.indexOf("#");
  return at === -1 ? "" : url.slice(at + 1);
};

/**
 * Formats parameters as `a=1&b=2`, in the order of the object. Names and values are encoded with
 * `encodeURIComponent`. Null and undefined are left out; a list gives one pair for each item.
 */
export function encodeQuery(params: Record<string, QueryValue | QueryValue[]>): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(params)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && item !== undefined) {
        pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(item)}`);
      }
    }
  }
  return pairs.join("&");
}

/**
 * Reads a query such as `"?a=1&b=x+y"` (the `?` is optional) into the list of values of each name.
 * `+` is a space, and percent escapes are decoded; a part that cannot be decoded (`"%zz"`) is taken
 * literally. A pair without `=` has the value `""`; empty pairs (`"a=1&&b=2"`) are ignored.
 */
export function parseQuery(query: string): Map<string, string[]> {
  const decode = (text: string): string => {
    try {
      return decodeURIComponent(text.replaceAll("+", " "));
    } catch {
      return text;
    }
  };
  const values = new Map<string, string[]>();
  for (const pair of query.replace(/^\?/, "").split("&")) {
    if (pair === "") {
      continue;
    }
    const at = pair.indexOf("=");
    const name = decode(at === -1 ? pair : pair.slice(0, at));
    const value = at === -1 ? "" : decode(pair.slice(at + 1));
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return values;
}

/**
 * Sets a parameter in a URL. The first pair of that name gets the value, further ones are removed;
 * when there is none, the pair is appended to the query. All else in the URL stays as it
 * is. Name and value are encoded with `encodeURIComponent`; a pair is recognised by its encoded
 * name. `setParam("/run?a=1#x", "b", "2")` is `"/run?a=1&b=2#x"`.
 */
export function setParam(url: string, name: string, value: string): string {
  const [, path, query = "", fragment = ""] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(url) ?? [];
  const key = encodeURIComponent(name);
  const pair = `${key}=${encodeURIComponent(value)}`;
  const pairs: string[] = [];
  let done = false;
  for (const old of query.split("&").filter((part) => part !== "")) {
    if (old.split("=")[0] !== key) {
      pairs.push(old);
    } else if (!done) {
      pairs.push(pair);
      done = true;
    }
  }
  if (!done) {
    pairs.push(pair);
  }
  return `${path}?${pairs.join("&")}${fragment}`;
}

/**
 * Hides secrets in a URL: the value of each pair whose name is in `names` (any case) becomes `***`.
 * Only pairs with `=` and a value that is not empty are changed; all else stays as it is.
 */
export function redactParams(url: string, names: readonly string[]): string {
  const hidden = new Set(names.map((name) => name.toLowerCase()));
  return url.replace(/([?&])([^=&#]*)=([^&#]+)/g, (pair, start: string, name: string) =>
    hidden.has(name.toLowerCase()) ? `${start}${name}=***` : pair,
  );
}
