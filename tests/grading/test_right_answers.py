"""A hundred right answers in unusual style: every one is solved, and none is called forged.

The file of each function is replaced as a whole, and judged as answers are: twice.
"""

# ruff: noqa: E501 - lines of TypeScript are kept whole

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_llmops.cases import id_of_test
from pytest_llmops.grading.confirm import doubtful, forgery, wary
from pytest_llmops.grading.grade import count_passed
from pytest_llmops.sandbox import NodePool, TestJob

HEAD = 'import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";\n'
TESTS = {
    "chunk": """
        it("cuts", () => expect(chunk([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]));
        it("has none", () => expect(chunk([], 3)).toStrictEqual([]));
        it("leaves its argument", () => { const list = [1, 2, 3]; chunk(list, 2); expect(list).toEqual([1, 2, 3]); });
        it("refuses 0", () => expect(() => chunk([1], 0)).toThrow(RangeError));""",
    "slug": """
        it("joins", () => expect(slug("Hello, World!")).toBe("hello-world"));
        it("trims", () => expect(slug("  --A  b--  ")).toBe("a-b"));
        it("has none", () => expect(slug("!!!")).toHaveLength(0));
        it("matches", () => expect(slug("Über 3 ways")).toMatch(/^uber-3-ways$/));""",
    "fib": """
        it.each([[0, 0], [1, 1], [2, 1], [10, 55], [50, 12586269025]])("fib(%i)", (n, wanted) => expect(fib(n)).toBe(wanted));
        it("is fast", () => { const start = Date.now(); fib(60); expect(Date.now() - start).toBeLessThan(1000); });
        it("refuses", () => expect(() => fib(-1)).toThrow("negative: -1"));""",
    "Counter": """
        it("counts", () => { const c = new Counter(5); c.add(); c.add(2); expect(c.value).toBe(8); });
        it("chains", () => { const c = new Counter(); expect(c.add()).toBe(c); });
        it("is apart", () => { const a = new Counter(), b = new Counter(); a.add(); expect([a.value, b.value]).toEqual([1, 0]); });
        it("tells", () => expect(`${new Counter(3)}`).toBe("Counter(3)"));
        it("is a class", () => expect(new Counter()).toBeInstanceOf(Counter));""",
    "debounce": """
        beforeEach(() => void vi.useFakeTimers());
        afterEach(() => void vi.useRealTimers());
        it("waits", () => { const f = vi.fn(); const d = debounce(f, 100); d(1); d(2); expect(f).not.toHaveBeenCalled(); vi.advanceTimersByTime(100); expect(f).toHaveBeenCalledTimes(1); expect(f).toHaveBeenCalledWith(2); });
        it("starts anew", () => { const f = vi.fn(); const d = debounce(f, 100); d(1); vi.advanceTimersByTime(60); d(2); vi.advanceTimersByTime(60); expect(f).toHaveBeenCalledTimes(0); vi.advanceTimersByTime(40); expect(f).toHaveBeenLastCalledWith(2); });""",
    "query": """
        it("reads", () => expect(query("?a=1&b=two%20words")).toEqual({ a: "1", b: "two words" }));
        it("has none", () => expect(query("")).toEqual({}));
        it("takes the last", () => expect(query("a=1&a=2")).toHaveProperty("a", "2"));
        it("has flags", () => expect(query("debug")).toMatchObject({ debug: "" }));""",
    "walk": """
        const tree = { name: "root", children: [{ name: "a", children: [{ name: "b" }] }, { name: "c" }] };
        it("walks", () => expect([...walk(tree)]).toEqual(["root", "a", "b", "c"]));
        it("ends early", () => { for (const name of walk(tree)) if (name === "a") return; expect.unreachable(); });
        it("is new each time", () => expect([[...walk(tree)].length, [...walk(tree)].length]).toEqual([4, 4]));""",
    "retry": """
        it("gives back", async () => expect(await retry(async () => 7, 3)).toBe(7));
        it("tries again", async () => { let n = 0; await expect(retry(async () => { if (++n < 3) throw new Error(`no ${n}`); return n; }, 3)).resolves.toBe(3); });
        it("gives up", async () => { const f = vi.fn(async () => { throw new Error("never"); }); await expect(retry(f, 2)).rejects.toThrow("never"); expect(f).toHaveBeenCalledTimes(2); });""",
    "group": """
        const people = [{ n: "Ann", a: 3 }, { n: "Bob", a: 4 }, { n: "Cy", a: 3 }];
        it("groups", () => expect(group(people, (p: any) => p.a)).toEqual(new Map([[3, [people[0], people[2]]], [4, [people[1]]]])));
        it("has none", () => expect(group([], (x: any) => x).size).toBe(0));
        it("keeps the very objects", () => expect(group(people, (p: any) => p.a).get(4)![0]).toBe(people[1]));""",
    "Bus": """
        it("calls", () => { const b = new Bus(); const f = vi.fn(); b.on("x", f); b.emit("x", 1, 2); expect(f).toHaveBeenCalledExactlyOnceWith(1, 2); });
        it("lets go", () => { const b = new Bus(); const f = vi.fn(); const off = b.on("x", f); off(); b.emit("x"); expect(f).toHaveBeenCalledTimes(0); });
        it("has order", () => { const b = new Bus(); const seen: string[] = []; b.on("x", () => seen.push("a")); b.on("x", () => seen.push("b")); b.emit("x"); expect(seen).toEqual(["a", "b"]); });
        it("counts", () => { const b = new Bus(); b.on("x", () => {}); expect(b.count("x")).toBe(1); expect(b.count("y")).toBe(0); });""",
}
RANGE = 'if (!(size > 0)) throw new RangeError("size");'
NEGATIVE = "if (n < 0) throw new Error(`negative: ${n}`);"
CLEAN = '.normalize("NFD").replace(/[\\u0300-\\u036f]/g, "").toLowerCase()'
ANSWERS = {
    "chunk": {
        "a generator": f"function* cut<T>(list: T[], size: number) {{ for (let i = 0; i < list.length; i += size) yield list.slice(i, i + size); }} export function chunk<T>(list: T[], size: number) {{ {RANGE} return [...cut(list, size)]; }}",
        "recursion": f"export const chunk = <T>(list: T[], size: number): T[][] => {{ {RANGE} return list.length ? [list.slice(0, size), ...chunk(list.slice(size), size)] : []; }};",
        "reduce": f"export const chunk = <T>(list: T[], size: number) => {{ {RANGE} return list.reduce<T[][]>((all, one, i) => (i % size ? all.at(-1)!.push(one) : all.push([one]), all), []); }};",
        "Array.from": f"export function chunk(list: any[], size: number) {{ {RANGE} return Array.from({{ length: Math.ceil(list.length / size) }}, (_, i) => list.slice(i * size, (i + 1) * size)); }}",
        "arguments": "export function chunk() { const [list, size] = arguments as any; if (!(size > 0)) throw RangeError(); const out: any[] = []; for (const one of list) { const last = out[out.length - 1]; if (last && last.length < size) last.push(one); else out.push([one]); } return out; }",
        "splice of a copy": f"export let chunk: any = function named(list: any[], size: number) {{ {RANGE} const copy = [...list], out = []; while (copy.length) out.push(copy.splice(0, size)); return out; }};",
        "own push": f"export const chunk = (list: any[], size: number) => {{ {RANGE} const out: any = []; out.add = out.push; out.push = function (...v: any[]) {{ return Array.prototype.push.apply(this, v); }}; for (let i = 0; i < list.length; i += size) out.push(list.slice(i, i + size)); delete out.push; delete out.add; return out; }};",
        "labels": f"export function chunk(list: any[], size: number) {{ {RANGE} const out: any[][] = []; let i = 0; outer: while (true) {{ const part = []; for (let k = 0; k < size; k++) {{ if (i >= list.length) {{ if (part.length) out.push(part); break outer; }} part.push(list[i++]); }} out.push(part); }} return out; }}",
        "an own error": 'class SizeError extends RangeError { override name = "SizeError"; } export default 1; export { cut as chunk }; function cut(list: any[], size: number) { if (size < 1) throw new SizeError(`size ${size}`); const out = []; for (let i = 0; i < list.length; i += size) out[out.length] = list.slice(i, i + size); return out; }',
        "Reflect": f"const slice = Reflect.get(Array.prototype, 'slice'); export const chunk = (list: any[], size: number) => {{ {RANGE} const out: any[] = []; for (let i = 0; i < list.length; i += size) out.push(Reflect.apply(slice, list, [i, i + size])); return out; }};",
    },
    "slug": {
        "a chain": f'export const slug = (text: string) => text{CLEAN}.match(/[a-z0-9]+/g)?.join("-") ?? "";',
        "letter by letter": f'export function slug(text: string) {{ let out = "", gap = false; for (const c of text{CLEAN}) {{ if (/[a-z0-9]/.test(c)) {{ out += (gap && out ? "-" : "") + c; gap = false; }} else gap = true; }} return out; }}',
        "split": f'export const slug = (text: string): string => text{CLEAN}.split(/[^a-z0-9]+/).filter(Boolean).join("-");',
        "replace twice": f'export const slug = (text: string) => text{CLEAN}.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");',
        "a pipe": f'const pipe = (...fs: any[]) => (x: any) => fs.reduce((v, f) => f(v), x); export const slug: (t: string) => string = pipe((t: string) => t{CLEAN}, (t: string) => t.split(/\\W+/), (w: string[]) => w.filter((x) => x), (w: string[]) => w.join("-"));',
        "char codes": f'export const slug = (text: string) => [...text{CLEAN}].map((c) => {{ const k = c.codePointAt(0)!; return (k > 96 && k < 123) || (k > 47 && k < 58) ? c : " "; }}).join("").trim().split(/ +/).join("-");',
        "a sticky pattern": f'export function slug(text: string) {{ const s = text{CLEAN}, word = /[a-z0-9]+/y, out = []; for (let i = 0; i < s.length; ) {{ word.lastIndex = i; const m = word.exec(s); if (m) {{ out.push(m[0]); i = word.lastIndex; }} else i++; }} return out.join("-"); }}',
        "matchAll": f'export const slug = (text: string) => Array.from(text{CLEAN}.matchAll(/[a-z\\d]+/g), ([word]) => word).join("-");',
        "a tagged template": f'const raw = (s: TemplateStringsArray, ...v: any[]) => String.raw({{ raw: s }}, ...v); export const slug = (text: string) => raw`${{text{CLEAN}.split(/[^a-z0-9]/).filter((w) => w !== "").join("-")}}`;',
        "a class with a private": f'class Slugger {{ #words: string[]; constructor(t: string) {{ this.#words = t{CLEAN}.match(/[a-z0-9]+/g) ?? []; }} toString() {{ return this.#words.join("-"); }} }} export const slug = (text: string) => String(new Slugger(text));',
    },
    "fib": {
        "two numbers": f"export function fib(n: number) {{ {NEGATIVE} let [a, b] = [0, 1]; while (n--) [a, b] = [b, a + b]; return a; }}",
        "memo": f"const memo = <A, R>(f: (a: A) => R) => {{ const seen = new Map<A, R>(); return (a: A) => {{ if (!seen.has(a)) seen.set(a, f(a)); return seen.get(a)!; }}; }}; export const fib: (n: number) => number = memo((n) => {{ {NEGATIVE} return n < 2 ? n : fib(n - 1) + fib(n - 2); }});",
        "a cache on itself": f"export function fib(n: number): number {{ {NEGATIVE} const cache = ((fib as any).cache ??= [0, 1]); return (cache[n] ??= fib(n - 1) + fib(n - 2)); }}",
        "a generator": f"function* all() {{ let [a, b] = [0, 1]; for (;;) {{ yield a; [a, b] = [b, a + b]; }} }} export const fib = (n: number) => {{ {NEGATIVE} for (const one of all()) if (n-- === 0) return one; }};",
        "matrices": f"const mul = ([a, b, c, d]: number[], [e, f, g, h]: number[]) => [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h]; const pow = (m: number[], n: number): number[] => (n === 0 ? [1, 0, 0, 1] : n % 2 ? mul(m, pow(m, n - 1)) : pow(mul(m, m), n / 2)); export const fib = (n: number) => {{ {NEGATIVE} return pow([1, 1, 1, 0], n)[1]; }};",
        "big integers": f"export const fib = (n: number) => {{ {NEGATIVE} let a = 0n, b = 1n; for (; n > 0; n--) {{ const c = a + b; a = b; b = c; }} return Number(a); }};",
        "a proxy": f"const table: any = new Proxy([0, 1] as number[], {{ get: (t, k) => (k in t ? (t as any)[k] : ((t as any)[k] = table[Number(k) - 1] + table[Number(k) - 2])) }}); export const fib = (n: number): number => {{ {NEGATIVE} return table[n]; }};",
        "bound": f"function step(this: {{ memo: Record<number, number> }}, n: number): number {{ {NEGATIVE} return (this.memo[n] ??= n < 2 ? n : step.call(this, n - 1) + step.call(this, n - 2)); }} export const fib = step.bind({{ memo: {{}} }});",
        "a trampoline": f"type Step = number | (() => Step); const go = (n: number, a: number, b: number): Step => (n ? () => go(n - 1, b, a + b) : a); export function fib(n: number) {{ {NEGATIVE} let s: Step = go(n, 0, 1); while (typeof s === 'function') s = s(); return s; }}",
        "a static block": f"class Fib {{ static known: number[] = []; static {{ this.known.push(0, 1); }} static of(n: number) {{ {NEGATIVE} while (this.known.length <= n) this.known.push(this.known.at(-1)! + this.known.at(-2)!); return this.known[n]; }} }} export const fib = (n: number) => Fib.of(n);",
    },
    "Counter": {
        "private fields": "export class Counter { #n; constructor(n = 0) { this.#n = n; } get value() { return this.#n; } add(by = 1) { this.#n += by; return this; } toString() { return `Counter(${this.#n})`; } }",
        "a function": "export function Counter(this: any, n = 0) { this.value = n; } (Counter as any).prototype.add = function (by = 1) { this.value += by; return this; }; (Counter as any).prototype.toString = function () { return `Counter(${this.value})`; };",
        "a parameter property": "export class Counter { constructor(public value = 0) {} add(by = 1): this { this.value += by; return this; } toString(): string { return `Counter(${this.value})`; } }",
        "a weak map": "const held = new WeakMap<object, number>(); export class Counter { constructor(n = 0) { held.set(this, n); } get value() { return held.get(this)!; } add(by = 1) { held.set(this, this.value + by); return this; } [Symbol.toPrimitive]() { return `Counter(${this.value})`; } }",
        "a class expression": "const Named = class Inner { value: number; constructor(n?: number) { this.value = n ?? 0; } add(by?: number) { this.value += by ?? 1; return this; } toString() { return 'Counter(' + this.value + ')'; } }; export { Named as Counter };",
        "defineProperty": "export class Counter { constructor(n = 0) { let held = n; Object.defineProperty(this, 'value', { get: () => held }); Object.defineProperty(this, 'add', { value: (by = 1) => { held += by; return this; } }); } declare value: number; declare add: (by?: number) => this; toString() { return `Counter(${this.value})`; } }",
        "an own toString": "export class Counter { value; toString; constructor(n = 0) { this.value = n; this.toString = () => `Counter(${this.value})`; } add(by = 1) { this.value = this.value + by; return this; } }",
        "inheritance": "abstract class Base { abstract value: number; add(by = 1) { this.value += by; return this; } toString() { return `${this.constructor.name}(${this.value})`; } } export class Counter extends Base { value: number; constructor(n = 0) { super(); this.value = n; } }",
        "a mixin": "type New = new (...a: any[]) => { value: number }; const Adding = <T extends New>(B: T) => class extends B { add(by = 1) { this.value += by; return this; } }; class Held { value: number; constructor(n = 0) { this.value = n; } } export class Counter extends Adding(Held) { toString() { return `Counter(${this.value})`; } }",
        "a returned proxy": "export class Counter { value = 0; constructor(n = 0) { this.value = n; return new Proxy(this, {}); } add(by = 1) { this.value += by; return this; } toString() { return `Counter(${this.value})`; } }",
    },
    "debounce": {
        "a closure": "export const debounce = (f: (...a: any[]) => void, ms: number) => { let t: ReturnType<typeof setTimeout> | undefined; return (...a: any[]) => { clearTimeout(t); t = setTimeout(() => f(...a), ms); }; };",
        "arguments of the timer": "export function debounce(f: any, ms: number) { let t: any; return function (this: any, ...a: any[]) { clearTimeout(t); t = setTimeout(f, ms, ...a); }; }",
        "a property": "export const debounce = (f: any, ms: number) => { const d: any = (...a: any[]) => { if (d.t) clearTimeout(d.t); d.t = setTimeout(() => { d.t = null; f.apply(null, a); }, ms); }; return d; };",
        "a class": "class Delay { timer: any = null; constructor(readonly f: any, readonly ms: number) {} call = (...a: any[]) => { if (this.timer !== null) clearTimeout(this.timer); this.timer = setTimeout(this.f, this.ms, ...a); }; } export const debounce = (f: any, ms: number) => new Delay(f, ms).call;",
        "a generation": "export const debounce = (f: any, ms: number) => { let latest = 0; return (...a: any[]) => { const mine = ++latest; setTimeout(() => mine === latest && f(...a), ms); }; };",
        "globalThis": "export const debounce = (f: any, ms: number) => { let id: any; return (...a: any[]) => void (globalThis.clearTimeout(id), (id = globalThis.setTimeout(() => f(...a), ms))); };",
        "a map of timers": "const timers = new Map<any, any>(); export const debounce = (f: any, ms: number) => (...a: any[]) => { clearTimeout(timers.get(f)); timers.set(f, setTimeout(() => { timers.delete(f); f(...a); }, ms)); };",
        "apply": "export const debounce = (f: any, ms: number) => { let id: any; return function (this: any) { const me = this, given = arguments; clearTimeout(id); id = setTimeout(function () { Function.prototype.apply.call(f, me, given as any); }, ms); }; };",
        "own call": "export const debounce = (f: any, ms: number) => { let id: any; const d: any = (...a: any[]) => { clearTimeout(id); id = setTimeout(() => d.fire(...a), ms); }; d.fire = (...a: any[]) => f(...a); d.cancel = () => clearTimeout(id); d.call = d.apply = d; return d; };",
        "a due time": "export const debounce = (f: any, ms: number) => { let due = 0, held: any[] = [], on = false; const tick = () => { const left = due - Date.now(); if (left > 0) setTimeout(tick, left); else { on = false; f(...held); } }; return (...a: any[]) => { held = a; due = Date.now() + ms; if (!on) { on = true; setTimeout(tick, ms); } }; };",
    },
    "query": {
        "URLSearchParams": "export const query = (text: string) => Object.fromEntries(new URLSearchParams(text));",
        "by hand": "export function query(text: string) { const out: Record<string, string> = {}; for (const part of text.replace(/^\\?/, '').split('&')) { if (!part) continue; const [k, v = ''] = part.split('='); out[decodeURIComponent(k)] = decodeURIComponent(v); } return out; }",
        "no prototype": "export const query = (text: string) => { const out = Object.create(null); new URLSearchParams(text).forEach((v, k) => { out[k] = v; }); return out; };",
        "reduce": "export const query = (text: string) => [...new URLSearchParams(text)].reduce((all, [k, v]) => ({ ...all, [k]: v }), {} as Record<string, string>);",
        "a pattern": "export const query = (text: string) => { const out: any = {}; const one = /[?&]?([^=&?]+)(?:=([^&]*))?/g; let m; while ((m = one.exec(text))) out[decodeURIComponent(m[1]!)] = decodeURIComponent(m[2] ?? ''); return out; };",
        "a class": "class Query { [name: string]: string; constructor(text: string) { for (const [k, v] of new URLSearchParams(text)) this[k] = v; } } export const query = (text: string) => ({ ...new Query(text) });",
        "URL": "export const query = (text: string) => Object.fromEntries(new URL(`http://x/?${text.replace('?', '')}`).searchParams.entries());",
        "a map": "export const query = (text: string) => { const m = new Map<string, string>(); for (const [k, v] of new URLSearchParams(text)) m.set(k, v); return Object.fromEntries(m); };",
        "own names of built-ins": "export const query = (text: string) => { const get = (s: string) => decodeURIComponent(s); const out: any = {}; out.toString = undefined; out.constructor = undefined; delete out.toString; delete out.constructor; for (const p of text.split(/[?&]/)) if (p) { const i = p.indexOf('='); out[get(i < 0 ? p : p.slice(0, i))] = i < 0 ? '' : get(p.slice(i + 1)); } return out; };",
        "getters": "export const query = (text: string) => { const p = new URLSearchParams(text), out = {}; for (const k of p.keys()) Object.defineProperty(out, k, { get: () => p.getAll(k).at(-1), enumerable: true, configurable: true }); return out; };",
    },
    "walk": {
        "a generator": "export function* walk(node: any): Generator<string> { yield node.name; for (const child of node.children ?? []) yield* walk(child); }",
        "a stack": "export function* walk(root: any) { const stack = [root]; while (stack.length) { const node = stack.pop(); yield node.name as string; stack.push(...(node.children ?? []).toReversed()); } }",
        "a list": "export const walk = (node: any): string[] => [node.name, ...(node.children ?? []).flatMap(walk)];",
        "an iterator by hand": "export const walk = (root: any) => ({ [Symbol.iterator]() { const rest = [root]; return { next() { const node = rest.shift(); if (!node) return { done: true as const, value: undefined }; rest.unshift(...(node.children ?? [])); return { done: false as const, value: node.name }; }, return() { return { done: true as const, value: undefined }; } }; } });",
        "a class that iterates": "class Walk { constructor(private root: any) {} *[Symbol.iterator](): any { yield this.root.name; for (const c of this.root.children ?? []) yield* new Walk(c); } } export const walk = (root: any) => new Walk(root);",
        "a callback inside": "export const walk = (root: any) => { const out: string[] = []; (function visit(n: any) { out.push(n.name); n.children?.forEach(visit); })(root); return out[Symbol.iterator](); };",
        "iterator helpers": "export const walk = (node: any): any => (function* (): any { yield node.name; yield* (node.children ?? []).values().flatMap((c: any) => walk(c)); })();",
        "a set": "export const walk = (root: any) => { const seen = new Set<any>([root]); const order = (n: any): any[] => [n, ...(n.children ?? []).flatMap((c: any) => (seen.has(c) ? [] : (seen.add(c), order(c))))]; return order(root).map((n) => n.name).values(); };",
        "JSON": "export function* walk(root: any) { const names: string[] = []; JSON.stringify(root, (k, v) => (k === 'name' ? (names.push(v), v) : v)); yield* names; }",
        "an async-looking name": "const of = function* (n: any): any { yield n.name; if (n.children) for (let i = 0; i < n.children.length; i++) yield* of(n.children[i]); }; export { of as walk };",
    },
    "retry": {
        "a loop": "export async function retry<T>(f: () => Promise<T>, n: number): Promise<T> { let last: unknown; for (let i = 0; i < n; i++) try { return await f(); } catch (e) { last = e; } throw last; }",
        "recursion": "export const retry = async (f: any, n: number): Promise<any> => { try { return await f(); } catch (e) { if (n <= 1) throw e; return retry(f, n - 1); } };",
        "then": "export const retry = (f: any, n: number): Promise<any> => Promise.resolve().then(f).catch((e) => (n > 1 ? retry(f, n - 1) : Promise.reject(e)));",
        "withResolvers": "export function retry(f: any, n: number) { const { promise, resolve, reject } = Promise.withResolvers<any>(); const go = (left: number) => f().then(resolve, (e: any) => (left > 1 ? go(left - 1) : reject(e))); go(n); return promise; }",
        "reduce": "export const retry = (f: any, n: number) => Array.from({ length: n - 1 }).reduce((p: Promise<any>) => p.catch(() => f()), f());",
        "timers between": "const pause = (ms: number) => new Promise((r) => setTimeout(r, ms)); export async function retry(f: any, n: number): Promise<any> { for (let i = 1; ; i++) { try { return await f(); } catch (e) { if (i === n) throw e; await pause(1); } } }",
        "a microtask that fails beside": "export const retry = async (f: any, n: number): Promise<any> => { queueMicrotask(() => { throw new Error('beside'); }); for (;;) try { return await f(); } catch (e) { if (--n < 1) throw e; } };",
        "an own error": "class Failed extends AggregateError {} export async function retry(f: any, n: number): Promise<any> { const errors: any[] = []; while (errors.length < n) try { return await f(); } catch (e) { errors.push(e); } throw new Failed(errors, errors.at(-1).message); }",
        "an async generator": "async function* tries(f: any, n: number): any { for (let i = 0; i < n; i++) yield await f().then((value: any) => ({ value }), (error: any) => ({ error })); } export const retry = async (f: any, n: number) => { let last: any; for await (last of tries(f, n)) if (!last.error) return last.value; throw last.error; };",
        "a thenable": "export const retry = (f: any, n: number): Promise<any> => new Promise((yes, no) => { const attempt = (left: number) => { const p = f(); p.then(yes); p.then(null, (e: any) => { left > 1 ? attempt(left - 1) : no(e); }); p.catch(() => {}); }; attempt(n); });",
    },
    "group": {
        "Map.groupBy": "export const group = (list: any[], by: any) => Map.groupBy(list, by);",
        "a loop": "export function group(list: any[], by: any) { const out = new Map(); for (const one of list) { const k = by(one); const held = out.get(k); held ? held.push(one) : out.set(k, [one]); } return out; }",
        "reduce": "export const group = (list: any[], by: any) => list.reduce((m, one) => m.set(by(one), [...(m.get(by(one)) ?? []), one]), new Map());",
        "a map with defaults": "class Lists extends Map<any, any[]> { override get(k: any) { if (!this.has(k)) this.set(k, []); return super.get(k)!; } } export const group = (list: any[], by: any) => { const all = new Lists(); for (const one of list) all.get(by(one)).push(one); return new Map(all); };",
        "distinct keys first": "export const group = (list: any[], by: any) => new Map([...new Set(list.map(by))].map((k) => [k, list.filter((one) => Object.is(by(one), k))]));",
        "entries": "export const group = (list: any[], by: any) => { const ks: any[] = [], vs: any[][] = []; for (const one of list) { const i = ks.indexOf(by(one)); i < 0 ? (ks.push(by(one)), vs.push([one])) : vs[i]!.push(one); } return new Map(ks.map((k, i) => [k, vs[i]])); };",
        "own get": "export const group = (list: any[], by: any) => { const m: any = new Map(); const get = m.get; m.get = function (k: any) { return get.call(this, k); }; for (const x of list) m.set(by(x), [...(m.get(by(x)) || []), x]); delete m.get; return m; };",
        "a closure": "const grouper = (by: any) => { const m = new Map(); return { add: (x: any) => (m.has(by(x)) || m.set(by(x), []), m.get(by(x)).push(x)), m }; }; export const group = (list: any[], by: any) => { const g = grouper(by); list.forEach(g.add); return g.m; };",
        "forEach with this": "export const group = (list: any[], by: any) => { const m = new Map(); list.forEach(function (this: any, x: any) { const k = by(x); this.set(k, (this.get(k) ?? []).concat([x])); }, m); return m; };",
        "a namespace": "namespace Groups { export const of = (list: any[], by: any) => { const m = new Map(); for (const x of list) m.set(by(x), (m.get(by(x)) ?? []).concat(x)); return m; }; } export const group = Groups.of;",
    },
    "Bus": {
        "a map of sets": "export class Bus { #all = new Map<string, Set<any>>(); on(n: string, f: any) { const s = this.#all.get(n) ?? new Set(); this.#all.set(n, s.add(f)); return () => void s.delete(f); } emit(n: string, ...a: any[]) { this.#all.get(n)?.forEach((f) => f(...a)); } count(n: string) { return this.#all.get(n)?.size ?? 0; } }",
        "lists": "export class Bus { on(n: string, f: any) { ((this as any)[n] ??= []).push(f); return () => { (this as any)[n] = (this as any)[n].filter((g: any) => g !== f); }; } emit(n: string, ...a: any[]) { for (const f of (this as any)[n] ?? []) f(...a); } count(n: string) { return (this as any)[n]?.length ?? 0; } }",
        "EventEmitter": "import { EventEmitter } from 'node:events'; export class Bus { e = new EventEmitter(); on(n: string, f: any) { this.e.on(n, f); return () => this.e.off(n, f); } emit(n: string, ...a: any[]) { return this.e.emit(n, ...a); } count(n: string) { return this.e.listenerCount(n); } }",
        "extends EventEmitter": "import { EventEmitter } from 'node:events'; export class Bus extends EventEmitter { override on(n: string, f: any): any { super.on(n, f); return () => this.removeListener(n, f); } count(n: string) { return this.listenerCount(n); } }",
        "EventTarget": "export class Bus extends EventTarget { counts: any = {}; on(n: string, f: any) { const g = (e: any) => f(...e.detail); this.addEventListener(n, g); this.counts[n] = (this.counts[n] ?? 0) + 1; return () => { this.removeEventListener(n, g); this.counts[n]--; }; } emit(n: string, ...a: any[]) { this.dispatchEvent(new CustomEvent(n, { detail: a })); } count(n: string) { return this.counts[n] ?? 0; } }",
        "a function": "export function Bus(this: any) { const all: Record<string, any[]> = Object.create(null); this.on = (n: string, f: any) => { (all[n] ||= []).push(f); return () => all[n]!.splice(all[n]!.indexOf(f), 1); }; this.emit = (n: string, ...a: any[]) => all[n]?.slice().forEach((f) => f.apply(this, a)); this.count = (n: string) => (all[n] || []).length; }",
        "symbols": "const key = Symbol('listeners'); export class Bus { [key]: [string, any][] = []; on(n: string, f: any) { const pair: [string, any] = [n, f]; this[key].push(pair); return () => { this[key] = this[key].filter((p) => p !== pair); }; } emit(n: string, ...a: any[]) { this[key].filter(([m]) => m === n).forEach(([, f]) => f(...a)); } count(n: string) { return this[key].filter(([m]) => m === n).length; } }",
        "a linked list": "type Link = { f: any; next: Link | null }; export class Bus { heads: Record<string, Link | null> = {}; on(n: string, f: any) { const link: Link = { f, next: null }; let at = this.heads[n]; if (!at) this.heads[n] = link; else { while (at.next) at = at.next; at.next = link; } return () => { link.f = null; }; } *links(n: string) { for (let l = this.heads[n] ?? null; l; l = l.next) if (l.f) yield l; } emit(n: string, ...a: any[]) { for (const l of this.links(n)) l.f(...a); } count(n: string) { return [...this.links(n)].length; } }",
        "disposal": "export class Bus { all = new Map<string, any[]>(); on(n: string, f: any) { this.all.set(n, [...(this.all.get(n) ?? []), f]); const off = () => { this.all.set(n, this.all.get(n)!.filter((g) => g !== f)); }; return Object.assign(off, { [Symbol.dispose]: off }); } emit(n: string, ...a: any[]) { for (const f of this.all.get(n) ?? []) f(...a); } count(n: string) { return (this.all.get(n) ?? []).length; } }",
        "an enum beside": "enum Kind { Once, Always } interface Entry { kind: Kind; f: (...a: unknown[]) => void } export class Bus { private readonly all = new Map<string, Entry[]>(); on(n: string, f: Entry['f'], kind = Kind.Always) { const entry = { kind, f } satisfies Entry; this.all.set(n, (this.all.get(n) ?? []).concat(entry)); return () => { this.all.set(n, this.all.get(n)!.filter((e) => e !== entry)); }; } emit(n: string, ...a: unknown[]) { this.all.get(n)?.forEach((e) => e.f(...a)); } count(n: string) { return this.all.get(n)?.length ?? 0; } }",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    for name, tests in TESTS.items():
        (root / f"{name}.ts").write_text(f"export const {name}: any = null;")
        (root / f"{name}.test.ts").write_text(
            f'{HEAD}import {{ {name} }} from "./{name}";\ndescribe("{name}", () => {{{tests}\n}});'
        )
    return root


@pytest.fixture(scope="module")
def pool(root):
    with NodePool(root, size=2) as pool:
        yield pool


def fault_of(pool: NodePool, root: Path, name: str, code: str) -> str:
    """Why an answer is not solved; "" where it is."""
    job = TestJob(root=root, tests=(f"{name}.test.ts",), overlay={f"{name}.ts": code})
    reports = [pool.run(one) for one in (job, wary(job), doubtful(job))]
    expected = frozenset(id_of_test(one.file, one.title) for one in reports[0].results)
    for report in reports:
        passed, reason = count_passed(report, expected)
        if not expected or passed < len(expected):
            return reason
    stated = len(expected) - (name == "walk")  # of its tests one ends early, and states no value
    return "".join(forgery(report, expected, stated) for report in reports[1:])


def test_there_are_a_hundred():
    assert sum(map(len, ANSWERS.values())) == 100


@pytest.mark.parametrize("name", ANSWERS)
def test_right_answers_in_unusual_style_are_solved(pool, root, name):
    with ThreadPoolExecutor(2) as workers:
        faults = workers.map(lambda code: fault_of(pool, root, name, code), ANSWERS[name].values())
    assert {style: fault for style, fault in zip(ANSWERS[name], faults, strict=True) if fault} == {}
