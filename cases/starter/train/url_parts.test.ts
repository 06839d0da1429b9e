import { describe, expect, it } from "vitest";
import {
  belongsTo,
  fillPath,
  hostOf,
  isLocalHost,
  matchRoute,
  portOf,
  shortUrl,
} from "./url_parts.ts";

describe("hostOf", () => {
  it("returns the host", () => {
    expect(hostOf("https://api.example.com/v1")).toBe("api.example.com");
  });
  it("leaves out the port", () => {
    expect(hostOf("http://localhost:3000/x")).toBe("localhost");
  });
  it("ends at a query or a fragment", () => {
    expect(hostOf("https://a.com?x=1")).toBe("a.com");
    expect(hostOf("https://b.com#top")).toBe("b.com");
  });
  it("takes an address without a path", () => {
    expect(hostOf("https://a.com")).toBe("a.com");
  });
  it("is empty for other text", () => {
    expect(hostOf("a.com/x")).toBe("");
    expect(hostOf("see https://a.com")).toBe("");
  });
  it("takes other protocols", () => {
    expect(hostOf("ws://chat.test/s")).toBe("chat.test");
  });
});

describe("portOf", () => {
  it("reads the port", () => {
    expect(portOf("http://localhost:3000/x")).toBe(3000);
  });
  it("knows the port of https", () => {
    expect(portOf("https://a.com/x")).toBe(443);
  });
  it("knows the port of http", () => {
    expect(portOf("http://a.com")).toBe(80);
  });
  it("is undefined for other protocols", () => {
    expect(portOf("ftp://a.com:21/")).toBe(undefined);
  });
  it("does not read a number in the path", () => {
    expect(portOf("https://a.com/x:99")).toBe(443);
  });
  it("reads a port at the end", () => {
    expect(portOf("https://a.com:8443")).toBe(8443);
  });
});

describe("isLocalHost", () => {
  it("knows its names", () => {
    expect(isLocalHost("localhost")).toBe(true);
    expect(isLocalHost("127.0.0.1")).toBe(true);
    expect(isLocalHost("::1")).toBe(true);
  });
  it("accepts names in local", () => {
    expect(isLocalHost("printer.local")).toBe(true);
  });
  it("refuses other hosts", () => {
    expect(isLocalHost("example.com")).toBe(false);
  });
  it("refuses a name that only contains one", () => {
    expect(isLocalHost("localhost.com")).toBe(false);
    expect(isLocalHost("my-localhost")).toBe(false);
  });
  it("refuses a name that ends in local without a dot", () => {
    expect(isLocalHost("thelocal")).toBe(false);
  });
});

describe("belongsTo", () => {
  it("accepts the domain", () => {
    expect(belongsTo("example.com", "example.com")).toBe(true);
  });
  it("accepts a subdomain", () => {
    expect(belongsTo("api.example.com", "example.com")).toBe(true);
  });
  it("refuses a name that ends like it", () => {
    expect(belongsTo("badexample.com", "example.com")).toBe(false);
  });
  it("ignores the letter case", () => {
    expect(belongsTo("API.Example.com", "example.COM")).toBe(true);
  });
  it("refuses the parent of the domain", () => {
    expect(belongsTo("example.com", "api.example.com")).toBe(false);
  });
});

describe("fillPath", () => {
  it("fills in a value", () => {
    expect(fillPath("/users/:id", { id: "7" })).toBe("/users/7");
  });
  it("encodes the value", () => {
    expect(fillPath("/users/:id", { id: "a b/c" })).toBe("/users/a%20b%2Fc");
  });
  it("fills in several values", () => {
    expect(fillPath("/:org/:repo/x", { org: "o", repo: "r" })).toBe("/o/r/x");
  });
  it("keeps a template without names", () => {
    expect(fillPath("/a/b", {})).toBe("/a/b");
  });
  it("refuses a missing value", () => {
    expect(() => fillPath("/users/:id", {})).toThrow(new Error("no value for id"));
  });
  it("does not take inherited values", () => {
    expect(() => fillPath("/:toString", {})).toThrow("no value for toString");
  });
});

describe("matchRoute", () => {
  it("names the parts", () => {
    expect(matchRoute("/run/:id", "/run/7")).toEqual({ id: "7" });
  });
  it("names several parts", () => {
    expect(matchRoute("/:org/x/:repo", "/a/x/b")).toEqual({ org: "a", repo: "b" });
  });
  it("gives an empty object for a route without names", () => {
    expect(Object.keys(matchRoute("/a/b", "/a/b") ?? { no: "" }).length).toBe(0);
  });
  it("is null for another part", () => {
    expect(matchRoute("/run/:id", "/stop/7")).toBe(null);
  });
  it("is null for other lengths", () => {
    expect(matchRoute("/run/:id", "/run")).toBe(null);
    expect(matchRoute("/run/:id", "/run/7/log")).toBe(null);
  });
  it("is null for an empty part", () => {
    expect(matchRoute("/run/:id", "/run/")).toBe(null);
  });
  it("matches the rest with a star", () => {
    expect(matchRoute("/files/:user/*", "/files/ada/a/b.ts")).toEqual({ user: "ada" });
    expect(matchRoute("/files/:user/*", "/files/ada")).toEqual({ user: "ada" });
  });
});

describe("shortUrl", () => {
  it("drops the protocol", () => {
    expect(shortUrl("https://a.com/x")).toBe("a.com/x");
  });
  it("drops www and a slash at the end", () => {
    expect(shortUrl("http://www.a.com/")).toBe("a.com");
  });
  it("drops only one slash", () => {
    expect(shortUrl("https://a.com//")).toBe("a.com/");
  });
  it("keeps www within", () => {
    expect(shortUrl("https://a.www.com")).toBe("a.www.com");
  });
  it("keeps other text", () => {
    expect(shortUrl("a.com/x")).toBe("a.com/x");
  });
});
