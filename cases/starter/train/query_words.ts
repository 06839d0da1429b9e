// Searching: small query languages, scores, and spelling.

/** One term of a search: a word that must occur, or must not when it is excluded. */
export interface Term {
  word: string;
  excluded: boolean;
}

/**
 * Reads a search. Terms are separated by white space; text between two double quotes is one term,
 * spaces included. A "-" directly in front of a term excludes it. Words are in lower case, terms
 * without any character are left out, and a quote that is not closed goes to the end of the text.
 * `parseSearch('a -"b c"')` is a, and "b c" excluded.
 */
export function parseSearch(text: string): Term[] {
  const terms: Term[] = [];
  for (const match of text.matchAll(/(-?)(?:"([^"]*)(?:"|$)|([^\s"]+))/g)) {
    const [, sign, quoted, plain] = match;
    const word = (quoted ?? plain ?? "").toLowerCase();
    if (word !== "") {
      terms.push({ word, excluded: sign === "-" });
    }
  }
  return terms;
}

/** Returns true when a text, in lower case, has all words of a search and no excluded one. */
export function matchesSearch(text: string, terms: readonly Term[]): boolean {
  const lower = text.toLowerCase();
  return terms.every(({ word, excluded }) => lower.includes(word) !== excluded);
}

/**
 * Returns the smallest number of steps that turn one text into another, where a step adds, removes
 * or replaces one character. `editDistance("kitten", "sitting")` is 3.
 */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const same = from.charAt(i - 1) === to.charAt(j - 1);
      const replaced = (row[j - 1] as number) + (same ? 0 : 1);
      const removed = (row[j] as number) + 1;
      const added = (next[j - 1] as number) + 1;
      next.push(Math.min(replaced, removed, added));
    }
    row = next;
  }
  return row[to.length] as number;
}

/**
 * Scores how well a query fits a name, both compared in lower case. Null when the characters of the
 * query do not all occur in the name in their order. Otherwise the first possible place is taken
 * for each character from left to right; each gives 1 point, and 2 more points when it stands at
 * the start of the name, behind "/", "_", "-", "." or a space, or directly behind the character
 * before it. An empty query scores 0. `fuzzyScore("rf", "read_file")` is 6.
 */
export function fuzzyScore(query: string, name: string): number | null {
  const wanted = query.toLowerCase();
  const text = name.toLowerCase();
  let score = 0;
  let previous = -2;
  for (const character of wanted) {
    const at = text.indexOf(character, Math.max(0, previous + 1));
    if (at === -1) {
      return null;
    }
    score += 1;
    const starts = at === 0 || "/_-. ".includes(text.charAt(at - 1));
    if (starts || at === previous + 1) {
      score += 2;
    }
    previous = at;
  }
  return score;
}

/**
 * Marks the words of a search in a text: every occurrence of one of the words, in any letter case,
 * is put between "**". At each place the longest word that fits is taken, and marked parts do not
 * overlap. Empty words are ignored. `markWords("Read it", ["read"])` is "**Read** it".
 */
export function markWords(text: string, words: readonly string[]): string {
  const longestFirst = words.filter((word) => word !== "").sort((a, b) => b.length - a.length);
  let result = "";
  let index = 0;
  while (index < text.length) {
    const rest = text.slice(index).toLowerCase();
    const hit = longestFirst.find((word) => rest.startsWith(word.toLowerCase()));
    if (hit === undefined) {
      result += text.charAt(index);
      index += 1;
    } else {
      result += `**${text.slice(index, index + hit.length)}**`;
      index += hit.length;
    }
  }
  return result;
}
