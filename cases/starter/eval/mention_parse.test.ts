import { describe, expect, it } from "vitest";
import {
  fileMention,
  isUrlMention,
  type Mention,
  parseMentions,
  trimMention,
  valuesOfKind,
} from "./mention_parse.ts";

describe("isUrlMention", () => {
  it("accepts http addresses", () => {
    expect(isUrlMention("http://localhost:80")).toBe(true);
  });
  it("accepts https addresses in any case", () => {
    expect(isUrlMention("HTTPS://example.com/a")).toBe(true);
  });
  it("refuses a path", () => {
    expect(isUrlMention("src/http.ts")).toBe(false);
  });
  it("refuses an address inside other text", () => {
    expect(isUrlMention("see:http://x")).toBe(false);
  });
  it("refuses a bare scheme", () => {
    expect(isUrlMention("https://")).toBe(false);
  });
  it("refuses other schemes", () => {
    expect(isUrlMention("ftp://example.com")).toBe(false);
  });
});

describe("fileMention", () => {
  it("puts an at sign before the path", () => {
    expect(fileMention("src/a.ts")).toBe("@src/a.ts");
  });
  it("quotes a path with a space", () => {
    expect(fileMention("my notes/a.md")).toBe('@"my notes/a.md"');
  });
  it("does not quote a path with dashes", () => {
    expect(fileMention("my-notes.md")).toBe("@my-notes.md");
  });
  it("quotes a path with several spaces", () => {
    expect(fileMention("a b c")).toBe('@"a b c"');
  });
  it("keeps the slash of a folder", () => {
    expect(fileMention("src/")).toBe("@src/");
  });
});

describe("trimMention", () => {
  it("drops a full stop", () => {
    expect(trimMention("src/a.ts.")).toBe("src/a.ts");
  });
  it("drops several characters", () => {
    expect(trimMention("src/a.ts?!...")).toBe("src/a.ts");
  });
  it("drops a bracket that was not opened", () => {
    expect(trimMention("src/a.ts).")).toBe("src/a.ts");
  });
  it("keeps a bracket that was opened", () => {
    expect(trimMention("f(x)!")).toBe("f(x)");
  });
  it("drops only the surplus of brackets", () => {
    expect(trimMention("f(x)))")).toBe("f(x)");
  });
  it("keeps punctuation inside", () => {
    expect(trimMention("a:b,c.d")).toBe("a:b,c.d");
  });
  it("is empty when there is only punctuation", () => {
    expect(trimMention("?!).")).toBe("");
  });
});

describe("parseMentions", () => {
  it("finds a file and its position", () => {
    expect(parseMentions("fix @src/a.ts now")).toEqual([
      { kind: "file", value: "src/a.ts", start: 4 },
    ]);
  });
  it("tells the kinds apart", () => {
    expect(
      parseMentions("@problems @src/ @a.md @https://x.dev/b/").map(({ kind }) => kind),
    ).toEqual(["word", "folder", "file", "url"]);
  });
  it("reads quoted values with spaces", () => {
    expect(parseMentions('open @"my docs/a b.md", please')).toEqual([
      { kind: "file", value: "my docs/a b.md", start: 5 },
    ]);
  });
  it("drops punctuation at the end of a value", () => {
    expect(parseMentions("see @a.ts, @b.ts?!").map(({ value }) => value)).toEqual(["a.ts", "b.ts"]);
  });
  it("takes no mention out of an e-mail address", () => {
    expect(parseMentions("mail ann@example.com or @a@b")).toEqual([]);
  });
  it("takes no empty mention", () => {
    expect(parseMentions('@ @"" @... end')).toEqual([]);
  });
  it("finds mentions on several lines", () => {
    expect(parseMentions("@a\n@b/").map(({ value, start }) => [value, start])).toEqual([
      ["a", 0],
      ["b/", 3],
    ]);
  });
});

describe("valuesOfKind", () => {
  const mention = (kind: Mention["kind"], value: string): Mention => ({ kind, value, start: 0 });
  it("takes the values of one kind", () => {
    expect(valuesOfKind([mention("file", "a"), mention("url", "b")], "url")).toEqual(["b"]);
  });
  it("keeps the order", () => {
    expect(valuesOfKind([mention("file", "z"), mention("file", "a")], "file")).toEqual(["z", "a"]);
  });
  it("lists a repeated value once", () => {
    expect(
      valuesOfKind([mention("word", "x"), mention("word", "y"), mention("word", "x")], "word"),
    ).toEqual(["x", "y"]);
  });
  it("is empty when the kind does not occur", () => {
    expect(valuesOfKind([mention("file", "a")], "folder")).toEqual([]);
  });
  it("is empty without mentions", () => {
    expect(valuesOfKind([], "file")).toEqual([]);
  });
});
