// Finding matching brackets in code that is still being written.

/**
 * Returns the closing bracket for "(", "[" or "{", and "" for any other text.
 */
export function closerOf(opener: string): string {
  const kind = ["(", "[", "{"].indexOf(opener);
  return [")", "]", "}"][kind] ?? "";
}

/**
 * Returns true when all of ( ) [ ] { } in `text` are properly paired and nested; other characters
 * are ignored, quotes included. `isBalanced("f(a[0])")` is true, `isBalanced("(]")` is false.
 */
export function isBalanced(text: string): boolean {
  const expected: string[] = [];
  for (const character of text) {
    const opened = "([{".indexOf(character);
    if (opened >= 0) {
      expected.push(")]}"[opened] as string);
    } else if (")]}".includes(character) && expected.pop() !== character) {
      return false;
    }
  }
  return expected.length === 0;
}

/**
 * Returns the largest number of round brackets open at the same time, reading from the left.
 * A ")" without an open "(" is ignored. `maxDepth("(a(b)(c))")` is 2.
 */
export function maxDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === "(") {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (character === ")" && depth > 0) {
      depth -= 1;
    }
  }
  return deepest;
}

/**
 * Returns the index of the bracket that closes the one at `start`, which is "(", "[" or "{".
 * Brackets of all three kinds nest. Text in quotes ("...", '...' or `...`, where a backslash
 * escapes the next character) holds no brackets. Returns -1 when the text at `start` is not an
 * opening bracket, when a closing bracket of the wrong kind comes first, or at the end.
 * `findClosing('f("(", [1])', 1)` is 10.
 */
export function findClosing(text: string, start: number): number {
  const pairs: Record<string, string> = { "(": ")", "[": "]", "{": "}" };
  const expected: string[] = [];
  let quote = "";
  for (let index = start; index < text.length; index += 1) {
    const character = text[index] as string;
    if (quote !== "") {
      if (character === "\\") {
        index += 1;
      } else if (character === quote) {
        quote = "";
      }
      continue;
    }
    if (pairs[character] !== undefined) {
      expected.push(pairs[character]);
    } else if (expected.length === 0) {
      return -1;
    } else if (`"'\``.includes(character)) {
      quote = character;
    } else if (")]}".includes(character)) {
      if (expected.pop() !== character) {
        return -1;
      }
      if (expected.length === 0) {
        return index;
      }
    }
  }
  return -1;
}
