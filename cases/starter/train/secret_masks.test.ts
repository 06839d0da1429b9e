import { describe, expect, it } from "vitest";
import {
  hideFields,
  hideSecrets,
  isSecretName,
  keyHint,
  maskEmail,
  masked,
  passwordScore,
} from "./secret_masks.ts";

describe("masked", () => {
  it("replaces each character", () => {
    expect(masked("abc")).toBe("***");
  });
  it("replaces spaces", () => {
    expect(masked("a b")).toBe("***");
  });
  it("keeps an empty text", () => {
    expect(masked("")).toBe("");
  });
  it("replaces one character", () => {
    expect(masked("x")).toBe("*");
  });
  it("gives a text of the same length", () => {
    expect(masked("a long secret").length).toBe(13);
  });
});

describe("keyHint", () => {
  it("shows the last four characters", () => {
    expect(keyHint("sk-abcdefghijwxyz")).toBe("...wxyz");
  });
  it("shows nothing of a short key", () => {
    expect(keyHint("abcdefgh")).toBe("...");
  });
  it("shows characters of a key of twelve", () => {
    expect(keyHint("abcdefghijkl")).toBe("...ijkl");
  });
  it("shows nothing of a key of eleven", () => {
    expect(keyHint("abcdefghijk")).toBe("...");
  });
  it("shows nothing of an empty key", () => {
    expect(keyHint("")).toBe("...");
  });
});

describe("isSecretName", () => {
  it("accepts a key and a token", () => {
    expect(isSecretName("api_key")).toBe(true);
    expect(isSecretName("accessToken")).toBe(true);
  });
  it("accepts any letter case", () => {
    expect(isSecretName("CLIENT_SECRET")).toBe(true);
    expect(isSecretName("Password")).toBe(true);
  });
  it("refuses other names", () => {
    expect(isSecretName("model")).toBe(false);
  });
  it("refuses an empty name", () => {
    expect(isSecretName("")).toBe(false);
  });
  it("accepts a name that is longer", () => {
    expect(isSecretName("myPasswordHash")).toBe(true);
    expect(isSecretName("passphrase")).toBe(false);
  });
});

describe("maskEmail", () => {
  it("keeps the first character", () => {
    expect(maskEmail("ada@mail.test")).toBe("a***@mail.test");
  });
  it("hides a single character in the same way", () => {
    expect(maskEmail("x@mail.test")).toBe("x***@mail.test");
  });
  it("keeps a text without an address", () => {
    expect(maskEmail("ada")).toBe("ada");
  });
  it("keeps a text that begins with the sign", () => {
    expect(maskEmail("@ada")).toBe("@ada");
  });
  it("cuts at the first sign", () => {
    expect(maskEmail("a@b@c")).toBe("a***@b@c");
  });
});

describe("hideSecrets", () => {
  it("hides each occurrence", () => {
    expect(hideSecrets("a=xyz b=xyz", ["xyz"])).toBe("a=[hidden] b=[hidden]");
  });
  it("hides several secrets", () => {
    expect(hideSecrets("one two three", ["two", "one"])).toBe("[hidden] [hidden] three");
  });
  it("hides the longer secret as a whole", () => {
    expect(hideSecrets("pass password", ["pass", "password"])).toBe("[hidden] [hidden]");
  });
  it("ignores empty secrets", () => {
    expect(hideSecrets("abc", [""])).toBe("abc");
  });
  it("takes secrets literally", () => {
    expect(hideSecrets("a.c abc", ["a.c"])).toBe("[hidden] abc");
  });
  it("does not change the list given", () => {
    const secrets = ["a", "bb"];
    expect(hideSecrets("abb", secrets)).toBe("[hidden][hidden]");
    expect(secrets).toEqual(["a", "bb"]);
  });
});

describe("hideFields", () => {
  it("hides a field", () => {
    expect(
      hideFields({ user: "ada", token: "x" }, ["token"]),
    ).toEqual({ user: "ada", token: "[hidden]" });
  });
  it("hides fields at any depth", () => {
    expect(
      hideFields({ a: { b: [{ key: 1, c: 2 }] } }, ["key"]),
    ).toEqual({ a: { b: [{ key: "[hidden]", c: 2 }] } });
  });
  it("ignores the letter case", () => {
    expect(
      hideFields({ Token: 1, apiKey: 2 }, ["token", "apikey"]),
    ).toEqual({ Token: "[hidden]", apiKey: "[hidden]" });
  });
  it("hides a whole object", () => {
    expect(hideFields({ auth: { a: 1 } }, ["auth"])).toEqual({ auth: "[hidden]" });
  });
  it("keeps simple values", () => {
    expect(hideFields("token", ["token"])).toBe("token");
    expect(hideFields(null, ["a"])).toBe(null);
    expect(hideFields([1, true], [])).toEqual([1, true]);
  });
  it("does not change the value given", () => {
    const value = { token: "x" };
    expect(hideFields(value, ["token"])).toEqual({ token: "[hidden]" });
    expect(value.token).toBe("x");
  });
});

describe("passwordScore", () => {
  it("gives all points", () => {
    expect(passwordScore("Correct-Horse-9")).toBe(4);
  });
  it("gives a point for each kind", () => {
    expect(passwordScore("abcdefghijkl")).toBe(1);
    expect(passwordScore("aB")).toBe(1);
    expect(passwordScore("a1")).toBe(1);
    expect(passwordScore("a-")).toBe(1);
  });
  it("gives no point for small letters alone", () => {
    expect(passwordScore("abc")).toBe(0);
  });
  it("needs both letter cases for that point", () => {
    expect(passwordScore("ABC1")).toBe(1);
    expect(passwordScore("ABc1")).toBe(2);
  });
  it("gives 0 for a repeated character", () => {
    expect(passwordScore("111111111111111")).toBe(0);
  });
  it("gives 0 for an empty password", () => {
    expect(passwordScore("")).toBe(0);
  });
});
