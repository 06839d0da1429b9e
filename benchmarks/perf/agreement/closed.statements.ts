import { expect, it, vi } from "vitest";
// What the sandbox closes on purpose; strict here, as docs/sandbox.md says.

const s = vi.spyOn(Math, "floor").mockReturnValue(7); expect(Math.floor(1)).toBe(7); s.mockRestore()
const s = vi.spyOn(Object, "keys").mockReturnValue(["a"]); expect(Object.keys({})).toEqual(["a"]); s.mockRestore()
const s = vi.spyOn(String.prototype, "trim").mockReturnValue("x"); expect(" ".trim()).toBe("x"); s.mockRestore()
void 0; (Array.prototype as any).mine = () => 1; expect(([] as any).mine()).toBe(1); delete (Array.prototype as any).mine
const own = { asymmetricMatch: (x: number) => x > 1 }; expect({ a: 2 }).toEqual({ a: own })
const before = Date.now; Date.now = () => 5; expect(Date.now()).toBe(5); Date.now = before
const f = vi.fn(); f(1); f.mock.calls.length = 0; expect(f.mock.calls).toHaveLength(0)
