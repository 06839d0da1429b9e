"""A module whose functions are members of objects, and its tests."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

SOURCE = """\
import type { Flags } from "./flags.ts";

/** What can be tried. */
export interface Trials {
  get(id: string, flags: Flags): boolean;
}

const table: Record<string, { on: boolean }> = { fast: { on: true }, slow: { on: false } };

function known(id: string): boolean {
  return id in table;
}

export const trials = {
  /** Whether a trial is on. */
  get: (id: string, flags: Flags = {}): boolean => flags[id] ?? (known(id) && table[id].on),
  limit: 2,
  /** Ids of those that are on. */
  list(flags: Flags = {}) {
    const found = Object.keys(table).filter((id) => trials.get(id, flags));
    return found.slice(0, this.limit);
  },
  words: {
    /** Says it. */
    say: function (id: string): string {
      return `${id}: ${trials.get(id) ? "on" : "off"}`;
    },
  },
} as const satisfies Trials & Record<string, unknown>;

export function count(flags: Flags): number {
  return trials.list(flags).length;
}
"""
TESTS = """\
import { describe, expect, it } from "vitest";
import { trials } from "./trials";

describe("trials", () => {
  it("knows its own", () => {
    expect([trials.get("fast"), trials.get("slow"), trials.get("none")]).toEqual([true, false, false]);
  });
  it("takes flags first", () => expect(trials.get("slow", { slow: true })).toBe(true));
  it("lists", () => expect(trials.list({ slow: true })).toEqual(["fast", "slow"]));
  it("lists what is on", () => expect(trials.list()).toEqual(["fast"]));
  it("says", () => expect([trials.words.say("fast"), trials.words.say("slow")]).toEqual(["fast: on", "slow: off"]));
});
"""
SYMBOLS = ("trials.get", "trials.list", "trials.words.say")
