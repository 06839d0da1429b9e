// Rectangular grids of cells, as lists of rows that all have the same length.

export type Grid<T> = readonly (readonly T[])[];

/** Returns a new grid of `rows` rows and `columns` columns in which every cell is `value`. */
export function filledGrid<T>(rows: number, columns: number, value: T): T[][] {
  return Array.from({ length: rows }, () => new Array<T>(columns).fill(value));
}

/** Returns the cell in a row and a column, counted from 0, or undefined outside of the grid. */
export function cellAt<T>(grid: Grid<T>, row: number, column: number): T | undefined {
  return grid[row]?.[column];
}

/** Returns how many cells of the grid are equal (===) to `value`. */
export function countCells<T>(grid: Grid<T>, value: T): number {
  return grid.flat().filter((cell) => cell === value).length;
}

/**
 * Returns the `[row, column]` pairs of the cells left, right, above and below a cell that are
 * inside a grid of `rows` and `columns`, in the order above, left, right, below.
 */
export function adjacentCells(
  rows: number,
  columns: number,
  [row, column]: [number, number],
): [number, number][] {
  const around: [number, number][] = [
    [row - 1, column],
    [row, column - 1],
    [row, column + 1],
    [row + 1, column],
  ];
  return around.filter(([r, c]) => r >= 0 && r < rows && c >= 0 && c < columns);
}

/**
 * Returns the grid turned by a quarter to the right: its first row becomes the last column.
 * `turnRight([[1, 2], [3, 4]])` is `[[3, 1], [4, 2]]`; a grid without rows stays empty.
 */
export function turnRight<T>(grid: Grid<T>): T[][] {
  const columns = grid[0]?.length ?? 0;
  const turned: T[][] = [];
  for (let column = 0; column < columns; column += 1) {
    turned.push(grid.map((row) => row[column] as T).reverse());
  }
  return turned;
}

/**
 * Returns how many cells belong to the area of the cell at `[row, column]`: that cell and all cells
 * with an equal value (===) that can be reached from it in steps to the left, right, up and down
 * over cells with that value. 0 when the cell is outside of the grid.
 */
export function areaSize<T>(grid: Grid<T>, [row, column]: [number, number]): number {
  const rows = grid.length;
  const columns = grid[0]?.length ?? 0;
  const seen = new Set<number>();
  const open: [number, number][] = [[row, column]];
  while (open.length > 0) {
    const [r, c] = open.pop() as [number, number];
    const inside = r >= 0 && r < rows && c >= 0 && c < columns;
    const key = r * columns + c;
    if (!inside || seen.has(key) || grid[r]?.[c] !== grid[row]?.[column]) {
      continue;
    }
    seen.add(key);
    open.push([r - 1, c], [r + 1, c], [r, c - 1], [r, c + 1]);
  }
  return seen.size;
}

/**
 * Draws a grid of booleans as text: "#" for true and "." for false, rows joined by "\n". Rows at
 * the bottom without any "#" are left out.
 */
export function drawGrid(grid: Grid<boolean>): string {
  const rows = grid.map((row) => row.map((cell) => (cell ? "#" : ".")).join(""));
  while (rows.length > 0 && !rows.at(-1)?.includes("#")) {
    rows.pop();
  }
  return rows.join("\n");
}
