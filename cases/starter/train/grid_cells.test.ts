import { describe, expect, it } from "vitest";
import {
  adjacentCells,
  areaSize,
  cellAt,
  countCells,
  drawGrid,
  filledGrid,
  turnRight,
} from "./grid_cells.ts";

describe("filledGrid", () => {
  it("has rows and columns", () => {
    expect(filledGrid(2, 3, 0)).toEqual([[0, 0, 0], [0, 0, 0]]);
  });
  it("takes any value", () => {
    expect(filledGrid(1, 2, "x")).toEqual([["x", "x"]]);
  });
  it("has no rows for 0", () => {
    expect(filledGrid(0, 3, 1)).toEqual([]);
  });
  it("has empty rows for 0 columns", () => {
    expect(filledGrid(2, 0, 1)).toEqual([[], []]);
  });
  it("has rows of their own", () => {
    const grid = filledGrid(2, 1, 0);
    (grid[0] as number[])[0] = 5;
    expect(grid).toEqual([[5], [0]]);
  });
});

describe("cellAt", () => {
  it("returns a cell", () => {
    expect(cellAt([[1, 2], [3, 4]], 1, 0)).toBe(3);
  });
  it("takes the row first", () => {
    expect(cellAt([["a", "b"], ["c", "d"]], 0, 1)).toBe("b");
  });
  it("is undefined below the grid", () => {
    expect(cellAt([[1]], 1, 0)).toBe(undefined);
  });
  it("is undefined beside the grid", () => {
    expect(cellAt([[1]], 0, 1)).toBe(undefined);
    expect(cellAt([[1]], 0, -1)).toBe(undefined);
  });
  it("is undefined in an empty grid", () => {
    expect(cellAt([], 0, 0)).toBe(undefined);
  });
});

describe("countCells", () => {
  it("counts equal cells", () => {
    expect(countCells([[1, 2], [1, 1]], 1)).toBe(3);
  });
  it("is 0 for a value that is not there", () => {
    expect(countCells([[1, 2]], 9)).toBe(0);
  });
  it("is 0 in an empty grid", () => {
    expect(countCells([], 1)).toBe(0);
  });
  it("counts texts", () => {
    expect(countCells([["a", "b"], ["c", "a"]], "a")).toBe(2);
  });
  it("counts all cells", () => {
    expect(countCells([[true, true], [true, true]], true)).toBe(4);
  });
});

describe("adjacentCells", () => {
  it("lists four cells", () => {
    expect(adjacentCells(3, 3, [1, 1])).toEqual([[0, 1], [1, 0], [1, 2], [2, 1]]);
  });
  it("lists two cells in the first corner", () => {
    expect(adjacentCells(3, 3, [0, 0])).toEqual([[0, 1], [1, 0]]);
  });
  it("lists two cells in the last corner", () => {
    expect(adjacentCells(2, 4, [1, 3])).toEqual([[0, 3], [1, 2]]);
  });
  it("lists nothing in a grid of one cell", () => {
    expect(adjacentCells(1, 1, [0, 0])).toEqual([]);
  });
  it("lists two cells in a single row", () => {
    expect(adjacentCells(1, 3, [0, 1])).toEqual([[0, 0], [0, 2]]);
  });
});

describe("turnRight", () => {
  it("turns a square", () => {
    expect(turnRight([[1, 2], [3, 4]])).toEqual([[3, 1], [4, 2]]);
  });
  it("makes a column of a row", () => {
    expect(turnRight([[1, 2, 3]])).toEqual([[1], [2], [3]]);
  });
  it("makes a row of a column", () => {
    expect(turnRight([["a"], ["b"]])).toEqual([["b", "a"]]);
  });
  it("keeps an empty grid", () => {
    expect(turnRight([])).toEqual([]);
  });
  it("comes back after four turns", () => {
    expect(
      turnRight(turnRight(turnRight(turnRight([[1, 2], [3, 4], [5, 6]])))),
    ).toEqual([[1, 2], [3, 4], [5, 6]]);
  });
});

describe("areaSize", () => {
  const map = [
    [1, 1, 0],
    [0, 1, 0],
    [1, 0, 0],
  ];
  it("counts an area", () => {
    expect(areaSize(map, [0, 0])).toBe(3);
  });
  it("counts another area", () => {
    expect(areaSize(map, [2, 2])).toBe(4);
  });
  it("does not go over corners", () => {
    expect(areaSize(map, [2, 0])).toBe(1);
    expect(areaSize(map, [1, 0])).toBe(1);
  });
  it("is 0 outside of the grid", () => {
    expect(areaSize(map, [3, 0])).toBe(0);
    expect(areaSize(map, [0, -1])).toBe(0);
  });
  it("counts a whole grid", () => {
    expect(areaSize([["x", "x"], ["x", "x"]], [1, 0])).toBe(4);
  });
  it("is 0 in an empty grid", () => {
    expect(areaSize([], [0, 0])).toBe(0);
  });
});

describe("drawGrid", () => {
  it("draws rows", () => {
    expect(drawGrid([[true, false], [false, true]])).toBe("#.\n.#");
  });
  it("leaves out empty rows at the bottom", () => {
    expect(drawGrid([[true, false], [false, false], [false, false]])).toBe("#.");
  });
  it("keeps empty rows at the top", () => {
    expect(drawGrid([[false, false], [true, true]])).toBe("..\n##");
  });
  it("is empty without any cell set", () => {
    expect(drawGrid([[false], [false]])).toBe("");
  });
  it("is empty for an empty grid", () => {
    expect(drawGrid([])).toBe("");
  });
});
