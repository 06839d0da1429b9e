"""Tasks made of a few lines of TypeScript, for tests of what comes before and after a model."""

import hashlib
from pathlib import Path

from pytest_llmops.cases import Case, FileHash
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import find
from pytest_llmops.tasks.materialize import Task, body_sha256
from pytest_llmops.tasks.sources import SourceTree

MODULE = """\
// Text and tokens.

import { join } from "node:path";
import type { Log, Sink as Drain } from "./log.ts";

/** What is cut off. */
export interface Limits {
  size: number;
  tail: Tail;
}

type Tail = "dots" | "none";

const DOTS = "...";

/** Counts words. */
export function countWords(text: string, least = 1): number {
  return text.split(" ").filter((word) => word.length >= least).length;
}

/**
 * Cuts a text.
 */
export function cut(text: string, limits: Limits): string {
  if (text.length <= limits.size) {
    return text;
  }
  return text.slice(0, limits.size) + (limits.tail === "dots" ? DOTS : "");
}

export const shout = (text: string): string => text.toUpperCase();

const wait: (ms: number) => Promise<void> = async (ms) => {
  await new Promise((done) => setTimeout(done, ms));
};

export class Counter {
  private count = 0;
  static made = 0;

  constructor(private readonly log: Log) {
    Counter.made += 1;
  }

  /** Adds to the count. */
  add(step: number): number {
    this.count += step;
    return this.count;
  }

  protected static async load(name: string): Promise<Counter> {
    return new Counter(JSON.parse(name));
  }

  get total(): number {
    return this.count;
  }
}
"""


def make_task(symbol, source=MODULE, path="text.ts", root=Path("/nowhere"), **fields):
    """A task whose source need not exist as a file."""
    module = parse_module(source.encode(), path)
    declaration = find(module, symbol)
    case = Case(
        **{
            "id": f"mini:{path}#{symbol}",
            "split": "eval",
            "difficulty": "easy",
            "source": FileHash(path=path, sha256=hashlib.sha256(source.encode()).hexdigest()),
            "symbol": symbol,
            "body_sha256": body_sha256(module, declaration),
            "body_lines": 1,
            "complexity": 1,
            "tests": (FileHash(path="text.test.ts", sha256="0" * 64),),
            "fail_to_pass": ("a" * 12,),
            "pass_to_pass": (),
            **fields,
        }
    )
    return Task(case, module, declaration, SourceTree(root, ""))


def fenced(code, language="typescript"):
    return f"```{language}\n{code}\n```"
