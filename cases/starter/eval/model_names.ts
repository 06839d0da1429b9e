// Names of models as users and providers write them: "openai/gpt-4.1-mini:free".

export interface ModelName {
  provider: string;
  model: string;
  variant: string;
}

/**
 * Splits "provider/model:variant". The provider is the text before the first "/" ("" without a
 * slash), the variant the text after the last ":" of the rest ("" without a colon), and the model
 * is what lies between. `splitModelName("hub/org/m:free")` is
 * `{ provider: "hub", model: "org/m", variant: "free" }`.
 */
export function splitModelName(name: string): ModelName {
  const slash = name.indexOf("/");
  const rest = name.slice(slash + 1);
  const colon = rest.lastIndexOf(":");
  return {
    provider: slash < 0 ? "" : name.slice(0, slash),
    model: colon < 0 ? rest : rest.slice(0, colon),
    variant: colon < 0 ? "" : rest.slice(colon + 1),
  };
}

/**
 * Returns `name` without a release date at its end: "-" or "@" followed by eight digits, or "-" and
 * a date like 2024-08-06 (digits only; the calendar is not checked). `dropDate("opus-20250514")`
 * is "opus".
 */
export const dropDate = (name: string): string =>
  name.replace(/(?:[-@]\d{8}|-\d{4}-\d{2}-\d{2})$/, "");

/**
 * Returns true when `provider` runs models on the user's machine: "ollama", "lmstudio" or
 * "llamacpp", in any case.
 */
export function isLocalProvider(provider: string): boolean {
  return ["ollama", "lmstudio", "llamacpp"].includes(provider.toLowerCase());
}

/**
 * Returns a title for a model name, made of its parts between "-" and "_", joined with spaces.
 * Empty parts are left out. "gpt", "glm" and "ai" (in any case) are written in capitals; a part
 * that is a number followed by "b" or "k", such as "70b" or "1.5b", ends in a capital letter; of
 * another part only the first letter is made a capital. `displayName("gpt-4.1-mini")` is
 * "GPT 4.1 Mini".
 */
export function displayName(model: string): string {
  const words: string[] = [];
  for (const part of model.split(/[-_]/)) {
    if (part === "") {
      continue;
    }
    if (/^(?:gpt|glm|ai|\d+(?:\.\d+)?[bk])$/i.test(part)) {
      words.push(part.toUpperCase());
    } else {
      words.push(part.charAt(0).toUpperCase() + part.slice(1));
    }
  }
  return words.join(" ");
}

/**
 * Finds the model that `query` means among `known` names. White space around `query` and case are
 * ignored. Tried in this order: a known name equal to it; the known names whose part after the
 * last "/" is equal to it; the known names that contain it. Of these three sets the first that is
 * not empty decides: a single name in it is returned, several throw an Error whose message lists
 * them joined with ", " in their order in `known`. Without any match, or for an empty query, the
 * result is undefined. Names that differ only by case do not occur in `known`.
 */
export function findModel(query: string, known: readonly string[]): string | undefined {
  const wanted = query.trim().toLowerCase();
  if (wanted === "") {
    return undefined;
  }
  const tests: ((name: string) => boolean)[] = [
    (name) => name === wanted,
    (name) => name.slice(name.lastIndexOf("/") + 1) === wanted,
    (name) => name.includes(wanted),
  ];
  for (const test of tests) {
    const found = known.filter((name) => test(name.toLowerCase()));
    if (found.length > 1) {
      throw new Error(`"${query}" may be any of: ${found.join(", ")}`);
    }
    if (found.length === 1) {
      return found[0];
    }
  }
  return undefined;
}
