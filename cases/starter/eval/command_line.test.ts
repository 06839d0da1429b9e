import { describe, expect, it } from "vitest";
import {
  isAssignment,
  parseFlags,
  programName,
  quoteArgument,
  splitCommands,
  splitWords,
} from "./command_line.ts";

describe("quoteArgument", () => {
  it("returns a plain argument as it is", () => {
    expect(quoteArgument("src/app-1.ts")).toBe("src/app-1.ts");
    expect(quoteArgument("--url=a@b:80")).toBe("--url=a@b:80");
  });
  it("quotes spaces", () => {
    expect(quoteArgument("two words")).toBe("'two words'");
  });
  it("quotes the empty argument", () => {
    expect(quoteArgument("")).toBe("''");
  });
  it("escapes single quotes", () => {
    expect(quoteArgument("it's")).toBe("'it'\\''s'");
  });
  it("quotes characters that mean something to the shell", () => {
    expect(quoteArgument("$HOME")).toBe("'$HOME'");
    expect(quoteArgument("*.ts")).toBe("'*.ts'");
  });
});

describe("isAssignment", () => {
  it("accepts a name with a value", () => {
    expect(isAssignment("NODE_ENV=test")).toBe(true);
  });
  it("accepts an empty value", () => {
    expect(isAssignment("_a1=")).toBe(true);
  });
  it("refuses a word without an equals sign", () => {
    expect(isAssignment("npm")).toBe(false);
  });
  it("refuses an option", () => {
    expect(isAssignment("--env=test")).toBe(false);
  });
  it("refuses a name that begins with a digit, and no name", () => {
    expect(isAssignment("1A=x")).toBe(false);
    expect(isAssignment("=x")).toBe(false);
  });
});

describe("programName", () => {
  it("returns the first word", () => {
    expect(programName("npm run test")).toBe("npm");
  });
  it("passes over assignments", () => {
    expect(programName("CI=1 DEBUG= node x.js")).toBe("node");
  });
  it("cuts the folders off", () => {
    expect(programName("/usr/local/bin/python3 -m pip")).toBe("python3");
    expect(programName("./run.sh")).toBe("run.sh");
  });
  it("ignores whitespace at the start", () => {
    expect(programName("  \tls -l")).toBe("ls");
  });
  it("is empty without a program", () => {
    expect(programName("")).toBe("");
    expect(programName("A=1")).toBe("");
  });
});

describe("splitWords", () => {
  it("splits at whitespace", () => {
    expect(splitWords("  git  commit\t-m\nmsg ")).toEqual(["git", "commit", "-m", "msg"]);
  });
  it("keeps quoted text together", () => {
    expect(splitWords(`echo "a b" 'c d'`)).toEqual(["echo", "a b", "c d"]);
  });
  it("joins quotes within a word", () => {
    expect(splitWords(`a"b c"d'e f'`)).toEqual(["ab cde f"]);
  });
  it("has empty words", () => {
    expect(splitWords(`x '' ""`)).toEqual(["x", "", ""]);
  });
  it("takes the character behind a backslash literally outside quotes", () => {
    expect(splitWords("a\\ b \\\"c \\n")).toEqual(["a b", '"c', "n"]);
  });
  it("keeps most backslashes within double quotes", () => {
    expect(splitWords('"a\\"b \\\\ \\n \\$x"')).toEqual(['a"b \\ \\n $x']);
  });
  it("keeps all backslashes within single quotes", () => {
    expect(splitWords("'a\\b\"' c")).toEqual(['a\\b"', "c"]);
  });
  it("keeps a backslash at the end", () => {
    expect(splitWords("a\\")).toEqual(["a\\"]);
  });
  it("gives no words for blank text", () => {
    expect(splitWords("  ")).toEqual([]);
  });
  it("refuses an unclosed quote", () => {
    expect(() => splitWords('echo "a')).toThrow("unclosed quote");
    expect(() => splitWords("it's")).toThrow("unclosed quote");
  });
});

describe("splitCommands", () => {
  it("returns a simple command alone", () => {
    expect(splitCommands(" npm test ")).toEqual(["npm test"]);
  });
  it("splits at all operators", () => {
    expect(splitCommands("a && b || c | d; e & f")).toEqual(["a", "b", "c", "d", "e", "f"]);
  });
  it("does not need spaces", () => {
    expect(splitCommands("cd app&&npm test;ls")).toEqual(["cd app", "npm test", "ls"]);
  });
  it("leaves operators within quotes alone", () => {
    expect(splitCommands(`echo "a && b" | grep 'x;y'`)).toEqual([`echo "a && b"`, "grep 'x;y'"]);
  });
  it("leaves operators behind a backslash alone", () => {
    expect(splitCommands("find . -exec rm {} \\; | wc")).toEqual(["find . -exec rm {} \\;", "wc"]);
  });
  it("does not end double quotes at an escaped quote", () => {
    expect(splitCommands('echo "a\\"; b"; c')).toEqual(['echo "a\\"; b"', "c"]);
  });
  it("has no escapes within single quotes", () => {
    expect(splitCommands("echo 'a\\'; b")).toEqual(["echo 'a\\'", "b"]);
  });
  it("leaves empty parts out", () => {
    expect(splitCommands(";; a ;")).toEqual(["a"]);
    expect(splitCommands("")).toEqual([]);
  });
});

describe("parseFlags", () => {
  it("collects positional arguments", () => {
    expect(parseFlags(["a", "b"])).toEqual({ options: {}, positional: ["a", "b"] });
  });
  it("reads long options", () => {
    expect(parseFlags(["--json", "--model=small", "--eq=a=b", "--none="])).toEqual({
      options: { json: true, model: "small", eq: "a=b", none: "" },
      positional: [],
    });
  });
  it("reads letters", () => {
    expect(parseFlags(["-xvf", "file"])).toEqual({
      options: { x: true, v: true, f: true },
      positional: ["file"],
    });
  });
  it("takes everything behind two dashes as positional", () => {
    expect(parseFlags(["-a", "--", "-b", "--", "--c"])).toEqual({
      options: { a: true },
      positional: ["-b", "--", "--c"],
    });
  });
  it("takes a single dash as positional", () => {
    expect(parseFlags(["-", "x"])).toEqual({ options: {}, positional: ["-", "x"] });
  });
  it("lets the last of equal options win", () => {
    expect(parseFlags(["--n=1", "--n=2"]).options).toEqual({ n: "2" });
  });
});
