import { expect, it } from "vitest";
const React = { createElement: (type: any, props: any, ...children: any[]) => ({ type, props, children }) };
const keep = <T,>(x: T) => x;
it("generics in tsx", () => { expect(keep<number>(1)).toBe(1); expect(React.createElement("a", null, 1).children).toEqual([1]); });
