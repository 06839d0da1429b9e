import { describe, expect, it } from "vitest";
import {
  finalCharacter,
  greeting,
  initialOf,
  isLonger,
  lastNameFirst,
  namesStartingWith,
} from "./name_basics.ts";

describe("initialOf", () => {
  it("returns the first letter", () => {
    expect(initialOf("Ada")).toBe("A");
  });
  it("keeps a small letter", () => {
    expect(initialOf("grep")).toBe("g");
  });
  it("returns the only character", () => {
    expect(initialOf("x")).toBe("x");
  });
  it("returns an empty text for an empty name", () => {
    expect(initialOf("")).toBe("");
  });
  it("returns a digit", () => {
    expect(initialOf("7zip")).toBe("7");
  });
});

describe("lastNameFirst", () => {
  it("puts the last name first", () => {
    expect(lastNameFirst("Ada", "Lovelace")).toBe("Lovelace, Ada");
  });
  it("works with other names", () => {
    expect(lastNameFirst("Alan", "Turing")).toBe("Turing, Alan");
  });
  it("works with single letters", () => {
    expect(lastNameFirst("a", "b")).toBe("b, a");
  });
  it("keeps the letter case", () => {
    expect(lastNameFirst("GRACE", "hopper")).toBe("hopper, GRACE");
  });
  it("keeps spaces within a name", () => {
    expect(lastNameFirst("Mary Ann", "Lee")).toBe("Lee, Mary Ann");
  });
});

describe("greeting", () => {
  it("greets a name", () => {
    expect(greeting("Ada")).toBe("Hello, Ada!");
  });
  it("greets another name", () => {
    expect(greeting("you")).toBe("Hello, you!");
  });
  it("greets a full name", () => {
    expect(greeting("Alan Turing")).toBe("Hello, Alan Turing!");
  });
  it("keeps the letter case", () => {
    expect(greeting("BOB")).toBe("Hello, BOB!");
  });
  it("greets an empty name", () => {
    expect(greeting("")).toBe("Hello, !");
  });
});

describe("namesStartingWith", () => {
  it("keeps the names with that start", () => {
    expect(
      namesStartingWith(["read_file", "write", "read_all"], "read"),
    ).toEqual(["read_file", "read_all"]);
  });
  it("keeps a name that is the start", () => {
    expect(namesStartingWith(["a", "b"], "a")).toEqual(["a"]);
  });
  it("drops names that have it later", () => {
    expect(namesStartingWith(["ba", "ab"], "a")).toEqual(["ab"]);
  });
  it("returns an empty array when none fits", () => {
    expect(namesStartingWith(["x", "y"], "z")).toEqual([]);
  });
  it("tells upper from lower case", () => {
    expect(namesStartingWith(["Ann", "art"], "a")).toEqual(["art"]);
  });
});

describe("isLonger", () => {
  it("returns true for a longer name", () => {
    expect(isLonger("abc", "ab")).toBe(true);
  });
  it("returns false for a shorter name", () => {
    expect(isLonger("a", "ab")).toBe(false);
  });
  it("returns false for names of equal length", () => {
    expect(isLonger("ab", "xy")).toBe(false);
  });
  it("returns true against an empty name", () => {
    expect(isLonger("a", "")).toBe(true);
  });
  it("returns false for an empty name", () => {
    expect(isLonger("", "a")).toBe(false);
  });
});

describe("finalCharacter", () => {
  it("returns the last letter", () => {
    expect(finalCharacter("Ada")).toBe("a");
  });
  it("returns the only character", () => {
    expect(finalCharacter("x")).toBe("x");
  });
  it("returns a sign at the end", () => {
    expect(finalCharacter("really?")).toBe("?");
  });
  it("returns an empty text for an empty name", () => {
    expect(finalCharacter("")).toBe("");
  });
  it("returns a digit at the end", () => {
    expect(finalCharacter("tool2")).toBe("2");
  });
});
