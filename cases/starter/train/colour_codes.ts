// Colours of a theme as hexadecimal codes: "#ff8000".

export interface Colour {
  red: number;
  green: number;
  blue: number;
}

/** Returns a number from 0 to 255 as two lower-case hexadecimal digits: "0a" for 10. */
export function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** Returns true for "#" followed by exactly three or exactly six hexadecimal digits, any case. */
export function isHexColour(text: string): boolean {
  return /^#(?:[\da-f]{3}|[\da-f]{6})$/i.test(text);
}

/**
 * Returns a colour code of three digits as one of six, each digit doubled, and any other text
 * unchanged: "#f80" gives "#ff8800".
 */
export function longForm(code: string): string {
  if (!/^#[\da-f]{3}$/i.test(code)) {
    return code;
  }
  return code.replace(/[\da-f]/gi, (digit) => digit + digit);
}

/**
 * Reads a code of "#" and six hexadecimal digits (any case): two digits each for red, green and
 * blue, from 0 to 255. Returns undefined for any other text.
 */
export function parseColour(code: string): Colour | undefined {
  const match = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(code);
  if (!match) {
    return undefined;
  }
  const [red, green, blue] = match.slice(1).map((digits) => Number.parseInt(digits, 16));
  return { red: red as number, green: green as number, blue: blue as number };
}

/**
 * Mixes two colours: each part is the one of `a` for a share of 0, the one of `b` for a share of 1,
 * and in between in proportion, rounded to a whole number.
 */
export function mixColours(a: Colour, b: Colour, share: number): Colour {
  const mix = (from: number, to: number): number => Math.round(from + (to - from) * share);
  return { red: mix(a.red, b.red), green: mix(a.green, b.green), blue: mix(a.blue, b.blue) };
}

/**
 * Returns "black" or "white", whichever text colour is easier to read on a background: black when
 * its brightness is at least 128, where brightness is (299 red + 587 green + 114 blue) / 1000.
 */
export function textColourOn(background: Colour): "black" | "white" {
  const { red, green, blue } = background;
  const brightness = (299 * red + 587 * green + 114 * blue) / 1000;
  return brightness >= 128 ? "black" : "white";
}

/**
 * Returns `count` colours from `first` to `last`, both included, in equal steps; their parts are
 * rounded to whole numbers. A count of 1 gives only `first`, and 0 or less gives no colours.
 */
export function gradient(first: Colour, last: Colour, count: number): Colour[] {
  const colours: Colour[] = [];
  for (let index = 0; index < count; index += 1) {
    const share = count === 1 ? 0 : index / (count - 1);
    const part = (from: number, to: number): number => Math.round(from + (to - from) * share);
    colours.push({
      red: part(first.red, last.red),
      green: part(first.green, last.green),
      blue: part(first.blue, last.blue),
    });
  }
  return colours;
}
