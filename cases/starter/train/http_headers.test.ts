import { describe, expect, it } from "vitest";
import {
  acceptedTypes,
  charsetOf,
  headerName,
  headerValue,
  isJsonType,
  parseHeaders,
  statusClass,
} from "./http_headers.ts";

describe("headerName", () => {
  it("capitalizes each part", () => {
    expect(headerName("content-TYPE")).toBe("Content-Type");
  });
  it("capitalizes one part", () => {
    expect(headerName("ACCEPT")).toBe("Accept");
  });
  it("keeps a name in its usual form", () => {
    expect(headerName("X-Request-Id")).toBe("X-Request-Id");
  });
  it("takes single letters", () => {
    expect(headerName("x-b")).toBe("X-B");
  });
  it("keeps an empty name", () => {
    expect(headerName("")).toBe("");
  });
});

describe("headerValue", () => {
  it("finds a value", () => {
    expect(headerValue({ accept: "a" }, "accept")).toBe("a");
  });
  it("ignores the letter case of the question", () => {
    expect(headerValue({ accept: "a" }, "Accept")).toBe("a");
  });
  it("ignores the letter case of the headers", () => {
    expect(headerValue({ "Content-Type": "t" }, "content-type")).toBe("t");
  });
  it("is undefined for a missing header", () => {
    expect(headerValue({ accept: "a" }, "host")).toBe(undefined);
  });
  it("finds an empty value", () => {
    expect(headerValue({ "X-A": "" }, "x-a")).toBe("");
  });
  it("does not find a part of a name", () => {
    expect(headerValue({ accepted: "a" }, "accept")).toBe(undefined);
  });
});

describe("parseHeaders", () => {
  it("reads lines", () => {
    expect(
      parseHeaders("Host: a.com\nAccept: text/a"),
    ).toEqual({ host: "a.com", accept: "text/a" });
  });
  it("trims names and values", () => {
    expect(parseHeaders("  Host :  a.com \r\n")).toEqual({ host: "a.com" });
  });
  it("keeps colons in values", () => {
    expect(parseHeaders("Location: http://a:1/")).toEqual({ location: "http://a:1/" });
  });
  it("skips lines without a colon", () => {
    expect(parseHeaders("HTTP/1.1 200 OK\nA: b\n")).toEqual({ a: "b" });
  });
  it("joins repeated headers", () => {
    expect(parseHeaders("Vary: a\nvary: b")).toEqual({ vary: "a, b" });
  });
  it("keeps empty values", () => {
    expect(parseHeaders("X-A:")).toEqual({ "x-a": "" });
  });
});

describe("charsetOf", () => {
  it("reads the character set", () => {
    expect(charsetOf("text/html; charset=ISO-8859-1")).toBe("iso-8859-1");
  });
  it("is utf-8 without one", () => {
    expect(charsetOf("text/html")).toBe("utf-8");
  });
  it("drops quotes", () => {
    expect(charsetOf('text/html; charset="ascii"')).toBe("ascii");
  });
  it("takes it among other parameters", () => {
    expect(charsetOf("a/b;x=1;Charset=latin1;y=2")).toBe("latin1");
  });
  it("does not take another parameter", () => {
    expect(charsetOf("a/b; mycharset=x")).toBe("utf-8");
  });
});

describe("isJsonType", () => {
  it("accepts JSON", () => {
    expect(isJsonType("application/json")).toBe(true);
  });
  it("accepts parameters", () => {
    expect(isJsonType("application/json; charset=utf-8")).toBe(true);
  });
  it("accepts types that end with it", () => {
    expect(isJsonType("application/problem+json")).toBe(true);
  });
  it("accepts any letter case", () => {
    expect(isJsonType("Application/JSON")).toBe(true);
  });
  it("refuses other types", () => {
    expect(isJsonType("text/plain")).toBe(false);
    expect(isJsonType("application/jsonp")).toBe(false);
    expect(isJsonType("text/html; x=+json")).toBe(false);
  });
});

describe("acceptedTypes", () => {
  it("sorts by q", () => {
    expect(acceptedTypes("text/a;q=0.5, text/b")).toEqual(["text/b", "text/a"]);
  });
  it("keeps the order of equal ones", () => {
    expect(acceptedTypes("b/b, a/a")).toEqual(["b/b", "a/a"]);
  });
  it("leaves out a q of 0", () => {
    expect(acceptedTypes("a/a;q=0, b/b")).toEqual(["b/b"]);
  });
  it("ignores other parameters", () => {
    expect(acceptedTypes("a/a;level=1;q=0.2, b/b;level=2")).toEqual(["b/b", "a/a"]);
  });
  it("ignores white space and empty parts", () => {
    expect(acceptedTypes(" a/a ; q=0.1 ,, b/b ;q=0.9 ")).toEqual(["b/b", "a/a"]);
  });
  it("is empty for an empty header", () => {
    expect(acceptedTypes("")).toEqual([]);
  });
});

describe("statusClass", () => {
  it("knows success", () => {
    expect(statusClass(200)).toBe("ok");
    expect(statusClass(299)).toBe("ok");
  });
  it("knows redirects", () => {
    expect(statusClass(301)).toBe("redirect");
  });
  it("knows the faults", () => {
    expect(statusClass(404)).toBe("refused");
    expect(statusClass(503)).toBe("broken");
  });
  it("knows the first hundred", () => {
    expect(statusClass(100)).toBe("info");
  });
  it("is unknown for other numbers", () => {
    expect(statusClass(99)).toBe("unknown");
    expect(statusClass(600)).toBe("unknown");
    expect(statusClass(0)).toBe("unknown");
  });
});
