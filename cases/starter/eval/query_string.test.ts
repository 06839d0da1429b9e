import { describe, expect, it } from "vitest";
import {
  encodeQuery,
  fragmentOf,
  parseQuery,
  redactParams,
  setParam,
  stripQuery,
} from "./query_string.ts";

describe("stripQuery", () => {
  it("removes the query", () => {
    expect(stripQuery("https://x.dev/v1/models?limit=5")).toBe("https://x.dev/v1/models");
  });
  it("removes the fragment", () => {
    expect(stripQuery("/docs#usage")).toBe("/docs");
  });
  it("removes both", () => {
    expect(stripQuery("/docs?a=1#usage")).toBe("/docs");
  });
  it("cuts at the fragment when a question mark comes later", () => {
    expect(stripQuery("/docs#what?now")).toBe("/docs");
  });
  it("returns other URLs as they are", () => {
    expect(stripQuery("/docs")).toBe("/docs");
  });
});

describe("fragmentOf", () => {
  it("returns the text behind the hash", () => {
    expect(fragmentOf("/docs#usage")).toBe("usage");
  });
  it("is empty without a hash", () => {
    expect(fragmentOf("/docs?a=1")).toBe("");
  });
  it("is empty when nothing follows the hash", () => {
    expect(fragmentOf("/docs#")).toBe("");
  });
  it("begins at the first hash", () => {
    expect(fragmentOf("a#b#c")).toBe("b#c");
  });
  it("keeps a question mark behind the hash", () => {
    expect(fragmentOf("/?a=1#b?c=2")).toBe("b?c=2");
  });
});

describe("encodeQuery", () => {
  it("joins pairs in order", () => {
    expect(encodeQuery({ b: "x", a: 1, c: false })).toBe("b=x&a=1&c=false");
  });
  it("encodes names and values", () => {
    expect(encodeQuery({ "a b": "x&y=z/é" })).toBe("a%20b=x%26y%3Dz%2F%C3%A9");
  });
  it("leaves null and undefined out, also in lists", () => {
    expect(encodeQuery({ a: null, b: undefined, c: 0, d: [null, 1] })).toBe("c=0&d=1");
  });
  it("repeats the name for a list", () => {
    expect(encodeQuery({ tag: ["x", "y"], none: [] })).toBe("tag=x&tag=y");
  });
  it("keeps empty strings", () => {
    expect(encodeQuery({ q: "" })).toBe("q=");
  });
  it("is empty without parameters", () => {
    expect(encodeQuery({})).toBe("");
  });
});

describe("parseQuery", () => {
  it("reads pairs", () => {
    expect([...parseQuery("a=1&b=2")]).toEqual([["a", ["1"]], ["b", ["2"]]]);
  });
  it("accepts a question mark", () => {
    expect([...parseQuery("?a=1")]).toEqual([["a", ["1"]]]);
  });
  it("collects the values of a name", () => {
    expect([...parseQuery("t=x&t=y&t=x")]).toEqual([["t", ["x", "y", "x"]]]);
  });
  it("decodes escapes and plus signs", () => {
    expect([...parseQuery("a%20b=x+y%26z")]).toEqual([["a b", ["x y&z"]]]);
  });
  it("takes what cannot be decoded literally", () => {
    expect([...parseQuery("a=%zz")]).toEqual([["a", ["%zz"]]]);
  });
  it("has empty values, and equals signs within values", () => {
    expect([...parseQuery("flag&x=&f=a=b")]).toEqual([["flag", [""]], ["x", [""]], ["f", ["a=b"]]]);
  });
  it("ignores empty pairs", () => {
    expect([...parseQuery("a=1&&b=2&")]).toEqual([["a", ["1"]], ["b", ["2"]]]);
    expect([...parseQuery("?")]).toEqual([]);
  });
});

describe("setParam", () => {
  it("adds a query to a URL without one", () => {
    expect(setParam("/run", "a", "1")).toBe("/run?a=1");
  });
  it("appends to other pairs, before the fragment", () => {
    expect(setParam("/run?a=1#x", "b", "2")).toBe("/run?a=1&b=2#x");
  });
  it("replaces the value in place", () => {
    expect(setParam("/run?a=1&b=2", "a", "9")).toBe("/run?a=9&b=2");
  });
  it("removes further pairs of the name", () => {
    expect(setParam("/run?a=1&b=2&a=3", "a", "9")).toBe("/run?a=9&b=2");
  });
  it("encodes name and value", () => {
    expect(setParam("/run?a%20b=1", "a b", "x&y")).toBe("/run?a%20b=x%26y");
  });
  it("keeps a question mark in the fragment", () => {
    expect(setParam("/run#what?", "a", "1")).toBe("/run?a=1#what?");
  });
});

describe("redactParams", () => {
  it("hides the value of a name", () => {
    expect(redactParams("/v1?key=abc&n=1", ["key"])).toBe("/v1?key=***&n=1");
  });
  it("ignores the case of names", () => {
    expect(redactParams("/v1?API_Key=abc", ["api_KEY"])).toBe("/v1?API_Key=***");
  });
  it("hides several values and keeps the fragment", () => {
    expect(redactParams("/?token=t&a=1&key=k#end", ["key", "token"])).toBe(
      "/?token=***&a=1&key=***#end",
    );
  });
  it("keeps names that only contain a hidden one", () => {
    expect(redactParams("/?monkey=1&key=2", ["key"])).toBe("/?monkey=1&key=***");
  });
  it("leaves empty values and names without value alone", () => {
    expect(redactParams("/?key=&key&x=1", ["key"])).toBe("/?key=&key&x=1");
  });
});
