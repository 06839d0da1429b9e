// Taking web addresses apart as text, without the URL class.

/**
 * Returns the host of an address: what stands between "://" and the next "/", ":", "?" or "#", or
 * the end. Empty when the text does not begin with letters and "://".
 * `hostOf("https://api.example.com:8080/v1")` is "api.example.com".
 */
export function hostOf(url: string): string {
  return /^[a-z]+:\/\/([^/:?#]*)/i.exec(url)?.[1] ?? "";
}

/**
 * Returns the port of an address: the number behind the ":" that follows its host, otherwise 443
 * for "https" and 80 for "http". Undefined for anything that does not start with "http://" or
 * "https://". `portOf("http://localhost:3000/x")` is 3000.
 */
export function portOf(url: string): number | undefined {
  const match = /^(https?):\/\/[^/:?#]*(?::(\d+))?/.exec(url);
  if (!match) {
    return undefined;
  }
  if (match[2] !== undefined) {
    return Number(match[2]);
  }
  return match[1] === "https" ? 443 : 80;
}

/** Returns true for the hosts "localhost", "127.0.0.1" and "::1", and for names in ".local". */
export function isLocalHost(host: string): boolean {
  return ["localhost", "127.0.0.1", "::1"].includes(host) || host.endsWith(".local");
}

/**
 * Returns true when `host` is `domain` or a subdomain of it, in any letter case: "api.example.com"
 * belongs to "example.com", "badexample.com" does not.
 */
export function belongsTo(host: string, domain: string): boolean {
  return `.${host}`.toLowerCase().endsWith(`.${domain}`.toLowerCase());
}

/**
 * Puts values into the template of a path: each ":name" (letters a-z and A-Z) becomes the value of
 * that name, encoded with `encodeURIComponent`. Throws Error("no value for NAME") for a name that
 * `values` does not have. `fillPath("/users/:id", { id: "a b" })` is "/users/a%20b".
 */
export function fillPath(template: string, values: Record<string, string>): string {
  return template.replace(/:([a-zA-Z]+)/g, (_, name: string) => {
    if (!Object.hasOwn(values, name)) {
      throw new Error(`no value for ${name}`);
    }
    return encodeURIComponent(values[name] as string);
  });
}

/**
 * Matches a path against a route, both split at "/": a part ":name" of the route matches any part
 * that is not empty and gives it that name, a last part "*" matches all that is left (also
 * nothing), and any other part matches only itself. Returns the named parts as an object, or null
 * when the path does not match. `matchRoute("/run/:id", "/run/7")` is `{ id: "7" }`.
 */
export function matchRoute(route: string, path: string): Record<string, string> | null {
  const wanted = route.split("/");
  const given = path.split("/");
  const open = wanted.at(-1) === "*";
  if (open) {
    wanted.pop();
  }
  if (given.length < wanted.length || (!open && given.length > wanted.length)) {
    return null;
  }
  const values: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const actual = given[index] as string;
    if (part.startsWith(":") && actual !== "") {
      values[part.slice(1)] = actual;
    } else if (part !== actual) {
      return null;
    }
  }
  return values;
}

/**
 * Shortens an address for display: without "http://" or "https://", without "www." at the start of
 * what is left, and without one "/" at the end. `shortUrl("https://www.a.com/")` is "a.com".
 */
export function shortUrl(url: string): string {
  const bare = url.replace(/^https?:\/\//, "").replace(/^www\./, "");
  return bare.endsWith("/") ? bare.slice(0, -1) : bare;
}
