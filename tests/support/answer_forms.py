"""The forms an answer may have: one file, three functions of it, and each form as a text.

A form is made of the body it is to hold, so that every form can be tried with the right body and
with wrong ones. `Form.outcome` is what the right body must get, set down before it was tried;
`Form.why` says where that is not "solved".
"""
# ruff: noqa: ARG005, E501, PLW0108 - a table, one form a line

import json
from typing import NamedTuple

SOURCE = """\
import { posix } from "node:path";

/** How initials are made. */
export interface Options {
  size: number;
  mark?: string;
}

const MARK = ".";
const seen = new Set<string>();

function isWord(text: string): boolean {
  return /^[a-z]/i.test(text);
}

/** First letters of the words, each with a mark behind it. */
export function initials(text: string, options: Options): string {
  const mark = options.mark ?? MARK;
  const words = text.split(" ").filter(isWord).slice(0, options.size);
  return words.map((word) => word[0].toUpperCase() + mark).join("");
}

/** Folders above a file. */
export const depth = (path: string): number => posix.normalize(path).split(posix.sep).length - 1;

export class Ledger {
  #sums = new Map<string, number>();
  private last = "";

  /** Books an amount and returns the sum. */
  book(name: string, amount: number): number {
    const sum = (this.#sums.get(name) ?? 0) + amount;
    this.#sums.set(name, sum);
    this.last = name;
    return sum;
  }

  private line(name: string): string {
    return `${name}=${this.#sums.get(name)}`;
  }

  report(): string {
    return this.line(this.last);
  }
}

/** Relies on the file's own MARK, isWord, URL and state. */
export function label(text: string): string {
  const known = seen.has(text);
  seen.add(text);
  const host = new URL("http://a.b/c").host;
  return `${host} ${isWord(text) ? "word" : "mark"}${MARK}${known}`;
}
"""
TESTS = """\
import { describe, expect, it } from "vitest";
import { depth, initials, label, Ledger } from "./words";

describe("initials", () => {
  it("takes a mark of its own", () => expect(initials("ann bo cid", { size: 2 })).toBe("A.B."));
  it("takes another", () => expect(initials("ann 4 bo", { size: 3, mark: "-" })).toBe("A-B-"));
  it("is empty for nothing", () => expect(initials("1 2", { size: 2 })).toBe(""));
});
describe("depth", () => {
  it("counts folders", () => expect([depth("a"), depth("a/b"), depth("a/./b/c")]).toEqual([0, 1, 2]));
});
describe("Ledger", () => {
  it("books", () => {
    const ledger = new Ledger();
    expect([ledger.book("a", 2), ledger.book("b", 3), ledger.book("a", 5)]).toEqual([2, 3, 7]);
    expect(ledger.report()).toBe("a=7");
  });
});
it("leaves the rest alone", () => {
  expect(label("abc")).toBe("a.b word.false");
  expect(label("abc")).toBe("a.b word.true");
});
"""
RIGHT = {
    "initials": 'const mark = options.mark ?? ".";\n'
    'const words = text.split(" ").filter((one) => /^[a-z]/i.test(one));\n'
    'return words.slice(0, options.size).map((one) => one[0].toUpperCase() + mark).join("");',
    "depth": 'return path.split("/").filter((part) => part !== ".").length - 1;',
    "Ledger.book": "const sum = amount + (this.#sums.get(name) ?? 0);\n"
    "this.#sums.set(name, sum);\nthis.last = name;\nreturn sum;",
}
WRONG = {
    "initials": RIGHT["initials"].replace("options.size", "options.size + 1"),
    "depth": RIGHT["depth"].replace("- 1", "- 2"),
    "Ledger.book": RIGHT["Ledger.book"].replace("amount +", "1 + amount +"),
}
HEADS = {
    "initials": "export function initials(text: string, options: Options): string {",
    "depth": "export const depth = (path: string): number => {",
    "Ledger.book": "book(name: string, amount: number): number {",
}
BARE = {
    "initials": "function initials(text, options) {",
    "depth": "const depth = (path) => {",
    "Ledger.book": "book(name, amount) {",
}


class Form(NamedTuple):
    """One way to write an answer."""

    name: str
    symbol: str
    make: object
    """From a body to the text of an answer."""
    outcome: str = "solved"
    why: str = ""


def fenced(code, label="typescript", fence="```"):
    return f"{fence}{label}\n{code}\n{fence}"


def inside(body, step="  "):
    return "\n".join(step + line for line in body.splitlines())


def whole(symbol, body, heads=None):
    """The function as a question asks for it."""
    end = "};" if symbol == "depth" else "}"
    return f"{(heads or HEADS)[symbol]}\n{inside(body)}\n{end}"


def stub(symbol):
    return whole(symbol, "// ...")


def numbered(code):
    return "\n".join(f"{at:3} | {line}" for at, line in enumerate(code.splitlines(), 1))


def marked(code, mark):
    return "\n".join(f"{mark}{line}" for line in code.splitlines())


def file_with(symbol, body):
    """The whole file with the function answered."""
    at = SOURCE.index(HEADS[symbol].removesuffix(" {"))
    ends = {"initials": "\n}\n", "depth": ";\n", "Ledger.book": "\n  }\n"}
    end = SOURCE.index(ends[symbol], at) + len(ends[symbol])
    return f"{SOURCE[:at]}{whole(symbol, body)}\n{SOURCE[end:]}"


def entities(code):
    return code.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unified(symbol, body):
    head = HEADS[symbol]
    end = "};" if symbol == "depth" else "}"
    return (
        f"--- a/src/words.ts\n+++ b/src/words.ts\n@@ -12,3 +12,5 @@\n {head}\n-  // ...\n"
        f"{marked(inside(body), '+')}\n {end}"
    )


def block(symbol, body, *, aider=True):
    first, last = ("<<<<<<< SEARCH", ">>>>>>> REPLACE") if aider else (
        "------- SEARCH", "+++++++ REPLACE")  # fmt: skip
    return f"{first}\n{stub(symbol)}\n=======\n{whole(symbol, body)}\n{last}"


def apply_patch(symbol, body, *, only_body=False):
    if only_body:
        change = f"@@ {HEADS[symbol]}\n-  // ...\n{marked(inside(body), '+')}"
    else:
        change = f"@@\n{marked(stub(symbol), '-')}\n{marked(whole(symbol, body), '+')}"
    return f"*** Begin Patch\n*** Update File: src/words.ts\n{change}\n*** End Patch"


def tagged(code, *, tool="write_to_file"):
    return f"<{tool}>\n<path>src/words.ts</path>\n<content>\n{code}\n</content>\n</{tool}>"


# What may stand around any function: (name, from function, body and stub to the answer).
AROUND = (
    ("a fence", lambda s, b: fenced(whole(s, b))),
    ("a fence without label", lambda s, b: fenced(whole(s, b), "")),
    ("a fence of JavaScript", lambda s, b: fenced(whole(s, b, BARE), "js")),
    ("a fence with a path", lambda s, b: fenced(whole(s, b), "ts:src/words.ts")),
    ("a fence of another language", lambda s, b: fenced(whole(s, b), "java")),
    ("tildes", lambda s, b: fenced(whole(s, b), fence="~~~")),
    ("a fence that is not closed", lambda s, b: "```ts\n" + whole(s, b)),
    ("a fence closed behind the code", lambda s, b: f"```ts\n{whole(s, b)}```"),
    ("carriage returns", lambda s, b: fenced(whole(s, b)).replace("\n", "\r\n")),
    ("a list", lambda s, b: "1. So:\n\n" + inside(fenced(whole(s, b)), "   ")),
    ("a fence in a fence", lambda s, b: fenced(fenced(whole(s, b)), "markdown")),
    ("a longer fence around", lambda s, b: fenced(fenced(whole(s, b)), "md", "````")),
    ("no fence", lambda s, b: whole(s, b)),
    ("no fence but prose", lambda s, b: f"Here it is:\n\n{whole(s, b)}\n\nIt does what is asked."),
    ("a closing fence alone", lambda s, b: f"{whole(s, b)}\n```\n\nThat is it."),
    ("prose in the fence", lambda s, b: fenced(f"Here it is:\n\n{whole(s, b)}\n\nDone.")),
    ("dots around", lambda s, b: fenced(f"...\n{whole(s, b)}\n...")),
    ("line numbers", lambda s, b: fenced(numbered(whole(s, b)))),
    ("thinking before", lambda s, b: f"<think>\n{stub(s)}\n</think>\n{fenced(whole(s, b))}"),
    ("a draft in the thinking, then the body", lambda s, b: f"[THINK]So:\n{fenced(whole(s, WRONG[s]))}\n[/THINK]{fenced(b)}"),
    ("marks of a change before all lines", lambda s, b: fenced(marked(whole(s, b), "+ "))),
    ("an end mark", lambda s, b: fenced(whole(s, b)) + "<|im_end|>"),
    ("a byte order mark", lambda s, b: "\ufeff" + fenced(whole(s, b))),
    ("the bare body", lambda s, b: fenced(b)),
    ("the whole file", lambda s, b: fenced(file_with(s, b))),
    ("a stub before", lambda s, b: f"You gave:\n{fenced(stub(s))}\nDone:\n{fenced(whole(s, b))}"),
    ("a stub after", lambda s, b: f"{fenced(whole(s, b))}\nThis replaces:\n{fenced(stub(s))}"),
    ("a stub that throws after", lambda s, b: fenced(whole(s, b)) + "\nIt was:\n" + fenced(
        whole(s, 'throw new Error("Not implemented");'))),
    ("after and before", lambda s, b: f"**After**\n{fenced(whole(s, b))}\n**Before**\n{fenced(stub(s))}"),
    ("a stub of the body", lambda s, b: f"{fenced(stub(s))}\nwith the body\n{fenced(b)}"),
    ("a draft before", lambda s, b: fenced(whole(s, WRONG[s])) + "\nBetter:\n" + fenced(whole(s, b))),
    ("a cut off repetition", lambda s, b: fenced(whole(s, b)) + "\nAgain:\n```ts\n" + HEADS[s]),
    ("an example after", lambda s, b: fenced(whole(s, b)) + "\nTry:\n" + fenced("console.log(1);")),
    ("output after", lambda s, b: fenced(whole(s, b)) + "\nOutput:\n" + fenced("A.B.", "text")),
    ("Python after", lambda s, b: fenced(whole(s, b)) + "\n" + fenced("def f():\n  pass", "python")),
    ("a comment that ends in a fence", lambda s, b: fenced(whole(s, "// not a ```\n" + b))),
    ("a fence in a comment", lambda s, b: fenced(f"/**\n * ```ts\n * x\n * ```\n */\n{whole(s, b)}")),
    ("a quote", lambda s, b: marked(fenced(whole(s, b)), "> ")),
    ("a quote without fence", lambda s, b: "So:\n\n" + marked(whole(s, b), "> ")),
    ("pre and code", lambda s, b: f'<pre><code class="ts">{whole(s, b)}</code></pre>'),
    ("pre with entities", lambda s, b: f"<pre>\n{entities(whole(s, b))}\n</pre>"),
    ("an answer tag", lambda s, b: f"<answer>\n{whole(s, b)}\n</answer>"),
    ("CDATA", lambda s, b: f"<code><![CDATA[{whole(s, b)}]]></code>"),
    ("a tool call of tags", lambda s, b: "I write it.\n" + tagged(whole(s, b))),
    ("a tool call of tags with the file", lambda s, b: tagged(file_with(s, b))),
    ("a tool call of parameters", lambda s, b: '<invoke name="edit">\n<parameter name="new_string">'
        + whole(s, b) + "</parameter>\n</invoke>"),
    ("a function tag", lambda s, b: "<tool_call><function=write>\n<parameter=content>\n"
        + whole(s, b) + "\n</parameter>\n</function></tool_call>"),
    ("a tool call of JSON", lambda s, b: "<tool_call>\n" + json.dumps(
        {"name": "write", "arguments": {"path": "src/words.ts", "content": whole(s, b)}})
        + "\n</tool_call>"),
    ("arguments as a string", lambda s, b: json.dumps(
        {"name": "write", "arguments": json.dumps({"content": whole(s, b)})})),
    ("JSON", lambda s, b: json.dumps({"code": whole(s, b)})),
    ("JSON in a fence", lambda s, b: fenced(json.dumps({"code": whole(s, b)}, indent=2), "json")),
    ("JSON after prose", lambda s, b: "Here:\n\n" + json.dumps({"language": "ts", "code": whole(s, b)})),
    ("JSON with a fence inside", lambda s, b: json.dumps({"answer": fenced(whole(s, b))})),
    ("JSON with the body", lambda s, b: json.dumps({"code": b})),
    ("JSON of files", lambda s, b: json.dumps([{"path": "a.ts", "content": file_with(s, b)}])),
    ("JSON with line ends unescaped", lambda s, b: '{"code": "'
        + whole(s, b).replace("\\", "\\\\").replace('"', '\\"') + '"}'),
    ("a JSON string", lambda s, b: json.dumps(whole(s, b))),
    ("JSON escaped again", lambda s, b: json.dumps(json.dumps({"code": whole(s, b)}))),
    ("JSON with its quotes escaped", lambda s, b: json.dumps(json.dumps({"code": whole(s, b)}))[1:-1]),
    ("escaped line ends", lambda s, b: fenced(whole(s, b)).replace("\n", "\\n")),
    ("a unified diff", lambda s, b: fenced(unified(s, b), "diff")),
    ("a unified diff without fence", lambda s, b: unified(s, b)),
    ("a diff without header", lambda s, b: fenced(
        f"{marked(stub(s), '-')}\n{marked(whole(s, b), '+')}", "diff")),
    ("SEARCH and REPLACE", lambda s, b: "src/words.ts\n" + fenced(block(s, b))),
    ("SEARCH and REPLACE as Cline has it", lambda s, b: block(s, b, aider=False)),
    ("SEARCH and REPLACE in a tool call", lambda s, b: "<replace_in_file>\n<path>src/words.ts</path>\n"
        f"<diff>\n{block(s, b, aider=False)}\n</diff>\n</replace_in_file>"),
    ("apply_patch", lambda s, b: apply_patch(s, b)),
    ("apply_patch of the body", lambda s, b: fenced(apply_patch(s, b, only_body=True), "")),
    ("apply_patch in JSON", lambda s, b: json.dumps({"input": apply_patch(s, b)})),
    ("apply_patch that adds a file", lambda s, b: "*** Begin Patch\n*** Add File: src/words.ts\n"
        + marked(file_with(s, b), "+") + "\n*** End Patch"),
)  # fmt: skip
