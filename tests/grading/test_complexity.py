"""Complexity against a table that was counted by hand; each entry names its points."""

from pathlib import Path

import pytest

from pytest_llmops.cases import read_manifest
from pytest_llmops.grading.complexity import complexity
from pytest_llmops.mining.strata import difficulty_of
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import SourceTree

CASES = Path(__file__).parents[2] / "cases"
TABLE = [
    # Nothing to decide.
    ("{}", 1),
    ("{ return a }", 1),
    ("a + 1", 1),
    ("({ a: 1, b: [2] })", 1),
    ("{ const { a, ...rest } = b; return [a, rest] }", 1),
    ("{ return a?.b?.[c]?.() }", 1),  # ?. gives one value or another, on one path
    ("{ return (a = 1, { b = 2 } = {}) => a + b }", 1),  # default values
    ("{ throw new Error(`no ${a}`) }", 1),
    ("{ return a & b | c ^ ~d }", 1),
    ("{ return a as unknown as (b extends c ? d : e) }", 1),  # a type decides nothing
    ("{ type A<B> = B extends string ? 1 : 2; let c: A<d> | undefined; return c }", 1),
    ("{ try { a() } finally { b() } }", 1),
    ("{ a: for (;;) { break a } }", 2),  # for
    # if
    ("{ if (a) { return 1 } return 2 }", 2),  # if
    ("{ if (a) return 1; else return 2 }", 2),  # if; else is the other way
    ("{ if (a) { return 1 } else if (b) { return 2 } else { return 3 } }", 3),  # if if
    ("{ if (a) { if (b) { if (c) { return 1 } } } }", 4),  # if if if
    ("{ if (a && b) { return 1 } else if (c) { return 2 } }", 4),  # if && if
    ("{ if ((a || b) && (c || d)) return e }", 5),  # if || && ||
    ("{ if (!(a ?? b)) return c }", 3),  # if ??
    # Loops
    ("{ for (const a of b) { go(a) } }", 2),  # for of
    ("{ for (const a in b) { go(a) } }", 2),  # for in
    ("{ for await (const a of b) { go(a) } }", 2),  # for of
    ("{ for (let i = 0; i < a && !b; i++) { go(i) } }", 3),  # for &&
    ("{ while (a) { b() } }", 2),  # while
    ("{ do { b() } while (a || c) }", 3),  # do ||
    ("{ for (const a of b) { while (a) { if (c) continue; else break } } }", 4),  # for while if
    # switch
    ("{ switch (a) { case 1: return 1; case 2: return 2; default: return 3 } }", 3),  # case case
    ("{ switch (a) { default: return 3 } }", 1),
    ("{ switch (a) { case 1: case 2: return 2; case b && c: return 3 } }", 5),  # case 3 times, &&
    ("{ switch (true) { case a > 1: if (b) return 1; break; case c: return d ? 1 : 2 } }", 5),
    # catch
    ("{ try { a() } catch { b() } }", 2),  # catch
    ("{ try { a() } catch (e) { if (e) throw e } finally { c() } }", 3),  # catch if
    ("{ return a().catch(() => b) }", 1),  # a method of that name
    # Choices in expressions
    ("{ return a ? 1 : 2 }", 2),  # ?:
    ("a ? b ? 1 : 2 : c ? 3 : 4", 4),  # ?: three times
    ("{ return a || b || c }", 3),  # || ||
    ("{ return a ?? b ?? c?.d }", 3),  # ?? ??
    ("{ a ||= b; c &&= d; e ??= f; g += h }", 4),  # ||= &&= ??=
    ("{ const a = b ? (c && d) : (e ?? f); return a }", 4),  # ?: && ??
    ("`${a ? b : c} and ${d || e}`", 3),  # ?: ||
    ("{ return a < b ? -1 : a > b ? 1 : 0 }", 3),  # ?: ?:
    # Names and texts that look like points
    ("{ return { if: 1, for: a.case, while: b.catch, do: 'a ? b : c' } }", 1),
    ("{ return a.if(b).for(c).while(d) }", 1),
    ("{ /* if (a && b) */ return 'x || y' // ? :\n }", 1),
    ("{ return /a?b|c&&d/.test(e) }", 1),
    ("{ const c: { if?: number; for?: string } = {}; return c }", 1),
    # Initializers in parentheses, which a counter of words takes for functions
    ("{ const a = (b || c); let d = (e ? 1 : 2); return (a) && (d) }", 4),  # || ?: &&
    ("{ const a = (b) => c, d = (e); if (d) return a }", 2),  # if
    # Functions inside
    ("{ return a.map((b) => { if (b) { return 1 } }) }", 2),  # if
    ("{ function b(c) { return c ? 1 : 2 } return a ? b(1) : 0 }", 3),  # ?: ?:
    ("{ return a.filter((b) => b && b.c).some(function (d) { return d || e }) }", 3),  # && ||
    ("{ class A { b() { if (c) return 1 } get d() { return e ? 1 : 2 } } return A }", 3),  # if ?:
    ("{ const o = { m() { while (a) b() }, get n() { return c ?? d } }; return o }", 3),  # while ??
    ("{ return async () => { for await (const a of b) if (await a) yield_(a) } }", 3),  # for if
    # Helpers kept beside a body
    ("function end(a) { return a ? 1 : 2 }\n\n{ if (b) return end(b) }", 3),  # ?: if
    # Deep, and broken
    ("{" * 200 + "}" * 200, 1),
    ("{ if (a) { return b ? 1 : 2 } }}}", 3),  # if ?:
    ("{ if (a) { return 1 } const = }", 2),  # if
    ("[:]=(", 1),
]


@pytest.mark.parametrize(("code", "paths"), TABLE, ids=range(len(TABLE)))
def test_complexity_is_what_was_counted_by_hand(code, paths):
    assert complexity(code) == paths


def test_jsx_is_read_with_its_grammar():
    assert complexity("{ return a ? <b>{c && <d />}</b> : null }", "view.tsx") == 3


@pytest.mark.parametrize("code", ["(", "a ? ", "if (a) ", "a && "])
def test_hostile_code_raises_nothing(code):
    assert complexity(code * 50_000) >= 0


def test_the_manifest_says_what_is_counted():
    tree = SourceTree(CASES / "starter", "")
    for case in read_manifest(CASES / "starter.jsonl"):
        task = materialize(case, tree)
        assert (case.id, case.complexity) == (case.id, complexity(task.reference, task.module.path))
        assert case.difficulty == difficulty_of(case.body_lines, case.complexity)
