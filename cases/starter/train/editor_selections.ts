// Cursors and selections in an editor. Lines and columns count from 0.

export interface Position {
  line: number;
  column: number;
}

/** A selection from `start` to `end`; `end` is not before `start`. */
export interface Selection {
  start: Position;
  end: Position;
}

/** Returns true when nothing is selected: `start` and `end` are the same position. */
export function isCursor(selection: Selection): boolean {
  const { start, end } = selection;
  return start.line === end.line && start.column === end.column;
}

/** Returns a negative number when `a` is before `b`, a positive one when behind, 0 when equal. */
export function comparePositions(a: Position, b: Position): number {
  return a.line === b.line ? a.column - b.column : a.line - b.line;
}

/** Makes a selection of two positions that may be in any order. */
export function selectionOf(a: Position, b: Position): Selection {
  const ordered = a.line < b.line || (a.line === b.line && a.column <= b.column);
  return ordered ? { start: a, end: b } : { start: b, end: a };
}

/**
 * Returns the selected text of a file given as lines: from the column of `start` up to (not
 * including) the column of `end`, with "\n" between lines. Positions are inside the file.
 */
export function selectedText(lines: readonly string[], selection: Selection): string {
  const { start, end } = selection;
  if (start.line === end.line) {
    return (lines[start.line] as string).slice(start.column, end.column);
  }
  const first = (lines[start.line] as string).slice(start.column);
  const last = (lines[end.line] as string).slice(0, end.column);
  return [first, ...lines.slice(start.line + 1, end.line), last].join("\n");
}

/**
 * Returns the selection of the word at a position of a line: the longest run of letters (a-z, A-Z),
 * digits and "_" that contains the column or ends directly before it. Without such a run it is a
 * cursor at the position.
 */
export function wordAt(text: string, position: Position): Selection {
  const { line, column } = position;
  let from = column;
  let to = column;
  while (from > 0 && /\w/.test(text.charAt(from - 1))) {
    from -= 1;
  }
  while (/\w/.test(text.charAt(to))) {
    to += 1;
  }
  return { start: { line, column: from }, end: { line, column: to } };
}

/**
 * Returns where a position is after `text` was inserted at `at`. A position before `at` stays; one
 * at `at` or behind it on the same line moves with the text behind the insertion; one on a later
 * line moves down by the number of "\n" in `text`.
 */
export function afterInsert(position: Position, at: Position, text: string): Position {
  const added = text.split("\n");
  const newLines = added.length - 1;
  if (position.line < at.line) {
    return position;
  }
  if (position.line > at.line) {
    return { line: position.line + newLines, column: position.column };
  }
  if (position.column < at.column) {
    return position;
  }
  const tail = (added[newLines] as string).length;
  const rest = position.column - at.column;
  if (newLines === 0) {
    return { line: position.line, column: position.column + tail };
  }
  return { line: position.line + newLines, column: tail + rest };
}

/**
 * Returns the lines of a file after the selected text was replaced by `text`, which may have
 * several lines separated by "\n". Positions are inside the file; the lines given are not changed.
 */
export function replaceSelection(
  lines: readonly string[],
  selection: Selection,
  text: string,
): string[] {
  const { start, end } = selection;
  const before = (lines[start.line] as string).slice(0, start.column);
  const after = (lines[end.line] as string).slice(end.column);
  const middle = (before + text + after).split("\n");
  return [...lines.slice(0, start.line), ...middle, ...lines.slice(end.line + 1)];
}
