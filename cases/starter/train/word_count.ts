// Simple statistics of prompts and answers.

/**
 * Returns how many questions `text` seems to ask: the number of runs of question marks, so that
 * "What??" counts once. `countQuestions("Why? How?")` is 2.
 */
export function countQuestions(text: string): number {
  return (text.match(/\?+/g) ?? []).length;
}

/**
 * Returns the number of lines of `text` that hold something other than white space.
 */
export function countFilledLines(text: string): number {
  return text.split("\n").filter((line) => line.trim() !== "").length;
}

/**
 * Returns the longest of the words (runs of ASCII letters) in `text`; the first one of equal
 * length, and "" when there is no word. `longestWord("Hi, you two!")` is "you".
 */
export function longestWord(text: string): string {
  let longest = "";
  for (const word of text.match(/[a-zA-Z]+/g) ?? []) {
    if (word.length > longest.length) {
      longest = word;
    }
  }
  return longest;
}

/**
 * Returns the `limit` most frequent words (runs of ASCII letters, compared and returned in lower
 * case) with their counts, most frequent first, equally frequent ones in alphabetical order.
 * Words of `ignored` (given in lower case) are left out.
 * `topWords("b a B", 1)` is `[["b", 2]]`.
 */
export function topWords(
  text: string,
  limit: number,
  ignored: readonly string[] = [],
): [string, number][] {
  const counts = new Map<string, number>();
  for (const match of text.matchAll(/[a-zA-Z]+/g)) {
    const word = match[0].toLowerCase();
    if (!ignored.includes(word)) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const byCount = ([wordA, a]: [string, number], [wordB, b]: [string, number]) =>
    b - a || (wordA < wordB ? -1 : 1);
  return [...counts].sort(byCount).slice(0, limit);
}

/**
 * Returns the minutes it takes to read `words` words at `perMinute` words a minute, rounded up to
 * whole minutes. `readingMinutes(250, 200)` is 2.
 */
export function readingMinutes(words: number, perMinute = 200): number {
  return Math.ceil(words / perMinute);
}
