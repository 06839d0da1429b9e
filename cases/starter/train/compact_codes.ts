// Short codes for texts and numbers: run lengths, other bases, Roman numerals, checksums.

/**
 * Shortens a text without digits: each run of the same character becomes its length and the
 * character, a single character only itself. `encodeRuns("aaab")` is "3ab".
 */
export function encodeRuns(text: string): string {
  return text.replace(/(.)\1+/gsu, (run: string, character: string) => {
    return `${run.length / character.length}${character}`;
  });
}

/** Undoes run lengths: a number and the character behind it become that many characters. */
export function decodeRuns(code: string): string {
  return code.replace(/(\d+)(\D)/g, (_, count: string, character: string) =>
    character.repeat(Number(count)),
  );
}

/** Returns a whole number that is not negative in binary, padded with zeros to `width` digits. */
export function binaryText(value: number, width: number): string {
  return value.toString(2).padStart(width, "0");
}

/**
 * Writes a whole number from 1 to 3999 as a Roman numeral, with subtractive forms: 4 is "IV", 9
 * "IX", 40 "XL", 90 "XC", 400 "CD" and 900 "CM". `toRoman(1994)` is "MCMXCIV".
 */
export function toRoman(value: number): string {
  const symbols: [number, string][] = [
    [1000, "M"],
    [900, "CM"],
    [500, "D"],
    [400, "CD"],
    [100, "C"],
    [90, "XC"],
    [50, "L"],
    [40, "XL"],
    [10, "X"],
    [9, "IX"],
    [5, "V"],
    [4, "IV"],
    [1, "I"],
  ];
  let rest = value;
  let roman = "";
  for (const [size, symbol] of symbols) {
    while (rest >= size) {
      roman += symbol;
      rest -= size;
    }
  }
  return roman;
}

/**
 * Returns the value of a Roman numeral of the capital letters I, V, X, L, C, D and M (1, 5, 10, 50,
 * 100, 500, 1000). A letter counts negative when the letter directly behind it is worth more.
 * `fromRoman("XIV")` is 14; the empty text is 0.
 */
export function fromRoman(roman: string): number {
  const values: Record<string, number> = { I: 1, V: 5, X: 10, L: 50, C: 100, D: 500, M: 1000 };
  let total = 0;
  for (let index = 0; index < roman.length; index += 1) {
    const value = values[roman.charAt(index)] ?? 0;
    const next = values[roman.charAt(index + 1)] ?? 0;
    total += value < next ? -value : value;
  }
  return total;
}

/**
 * Returns a whole number as the name of a spreadsheet column: 1 is "A", 26 is "Z", 27 is "AA", 28
 * is "AB" and so on. 0 gives "".
 */
export function columnName(number: number): string {
  let name = "";
  let rest = number;
  while (rest > 0) {
    const digit = (rest - 1) % 26;
    name = String.fromCharCode(65 + digit) + name;
    rest = (rest - 1 - digit) / 26;
  }
  return name;
}

/**
 * Returns true when a number passes the check of card numbers. Spaces and "-" are ignored; what is
 * left must be at least two digits and nothing else. From the right, every second digit (the
 * second, the fourth, ...) is doubled, and 9 is subtracted from doubles above 9. The sum of all
 * must be divisible by 10. "79927398713" passes, "79927398710" does not.
 */
export function passesCheck(number: string): boolean {
  const digits = number.replace(/[ -]/g, "");
  if (!/^\d{2,}$/.test(digits)) {
    return false;
  }
  let sum = 0;
  for (let place = 1; place <= digits.length; place += 1) {
    let digit = Number(digits.charAt(digits.length - place));
    if (place % 2 === 0) {
      digit *= 2;
      if (digit > 9) {
        digit -= 9;
      }
    }
    sum += digit;
  }
  return sum % 10 === 0;
}
