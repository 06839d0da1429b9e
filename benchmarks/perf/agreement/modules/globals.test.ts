describe("without an import", () => {
  beforeEach(() => {});
  it("has them", () => { expect(vi.fn()()).toBeUndefined(); expectTypeOf(1).toBeNumber(); });
  test("fails too", () => { expect(1).toBe(2); });
  it.each([1])("each %i", (n) => { assert.equal(n, 1); });
});
