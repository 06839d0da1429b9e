// Letter case of names: the words of an identifier, and identifiers made of words.

/**
 * Returns the text with its first character in upper case and the rest unchanged: "fooBar" becomes
 * "FooBar".
 */
export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Splits a name into its words, in lower case. Words are separated by whitespace, "_", "-", "."
 * or "/", and a new word begins where an upper-case letter (A-Z) follows a lower-case letter
 * (a-z) or a digit. A run of capitals stays together. Empty words are left out.
 * "readFile_now" gives ["read", "file", "now"]; "HTTPServer" gives ["httpserver"].
 */
export function splitWords(name: string): string[] {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2");
  const words = spaced.split(/[\s_./-]+/).filter((word) => word !== "");
  return words.map((word) => word.toLowerCase());
}

/**
 * Joins words as camelCase: the first word in lower case, every other word with an upper-case
 * first letter and the rest in lower case. ["LOAD", "user", "ID"] gives "loadUserId"; no words
 * give "".
 */
export function toCamelCase(words: readonly string[]): string {
  const [first = "", ...others] = words.map((word) => word.toLowerCase());
  return first + others.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

/**
 * Returns true when the name is in CONSTANT_CASE: upper-case letters (A-Z) and digits in parts
 * separated by single underscores, beginning with a letter. "MAX_TOKENS_2" is, "_MAX", "MAX__A",
 * "MAX_" and "" are not.
 */
export function isConstantCase(name: string): boolean {
  return /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(name);
}

/**
 * Writes `word` in the letter case of `sample`, as a rename does. A sample without letters leaves
 * the word as it is. A sample that is all upper case and longer than one character gives upper
 * case; one whose first character is an upper-case letter gives the word with its first letter in
 * upper case and the rest in lower case; any other sample gives lower case.
 * ("token", "NAME") gives "TOKEN"; ("token", "Name") gives "Token"; ("Token", "A") gives "Token".
 */
export function matchCase(word: string, sample: string): string {
  const upper = sample.toUpperCase();
  if (upper === sample.toLowerCase()) return word;
  if (sample === upper && sample.length > 1) return word.toUpperCase();
  const first = sample.charAt(0);
  if (first === first.toLowerCase()) return word.toLowerCase();
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
}

/**
 * Renames an identifier in code: every occurrence of `from` as a whole identifier becomes `to`.
 * Identifiers are longest runs of letters (a-z, A-Z), digits, "_" and "$". Text inside of quotes
 * is left as it is: from a ', " or ` to the next same character that has no backslash before it (a
 * backslash and the character behind it are skipped together), or to the end of the code.
 * ("a.ab = 'a' + a", "a", "x") gives "x.ab = 'a' + x".
 */
export function renameIdentifier(code: string, from: string, to: string): string {
  let result = "";
  let quote = "";
  let index = 0;
  while (index < code.length) {
    const character = code.charAt(index);
    const word = /^[\w$]+/.exec(code.slice(index))?.[0] ?? "";
    let part = character;
    if (quote !== "") {
      if (character === "\\") part = code.slice(index, index + 2);
      else if (character === quote) quote = "";
    } else if (word !== "") {
      part = word;
    } else if (character === '"' || character === "'" || character === "`") {
      quote = character;
    }
    result += quote === "" && part === from ? to : part;
    index += part.length;
  }
  return result;
}
