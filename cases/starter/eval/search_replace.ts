// SEARCH/REPLACE blocks: edits that a model writes as the old text and the new one.

export const SEARCH_MARK = "<<<<<<< SEARCH";
export const DIVIDER = "=======";
export const REPLACE_MARK = ">>>>>>> REPLACE";

/** One edit: lines of each text are joined by "\n", without a "\n" at the end. */
export interface Block {
  search: string;
  replace: string;
}

/** Counts how often `needle` occurs in `text`, without overlaps; an empty needle occurs 0 times. */
export function countOccurrences(text: string, needle: string): number {
  return needle === "" ? 0 : text.split(needle).length - 1;
}

/**
 * Writes a block as text: SEARCH_MARK, the search text, DIVIDER, the replacement and REPLACE_MARK,
 * joined by "\n". An empty search text or replacement takes no line at all.
 */
export function formatBlock(block: Block): string {
  const lines = [SEARCH_MARK];
  if (block.search !== "") lines.push(block.search);
  lines.push(DIVIDER);
  if (block.replace !== "") lines.push(block.replace);
  lines.push(REPLACE_MARK);
  return lines.join("\n");
}

/**
 * Reads all blocks of an answer (lines separated by "\n"). A block is a line SEARCH_MARK, the
 * lines to find, a line DIVIDER, the lines to put there, and a line REPLACE_MARK; marks may have
 * whitespace at their end. Between SEARCH_MARK and the first DIVIDER, and from there to the first
 * REPLACE_MARK, every line is content, kept as it is. Text outside of blocks is ignored. Throws
 * Error("block at line N is not closed"), N counted from 1 at its SEARCH_MARK, when the text ends
 * within a block.
 */
export function parseBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let search: string[] | undefined;
  let replace: string[] | undefined;
  let start = 0;
  for (const [index, line] of text.split("\n").entries()) {
    const mark = line.trimEnd();
    if (search === undefined) {
      if (mark !== SEARCH_MARK) continue;
      search = [];
      start = index + 1;
    } else if (replace === undefined) {
      if (mark === DIVIDER) replace = [];
      else search.push(line);
    } else if (mark === REPLACE_MARK) {
      blocks.push({ search: search.join("\n"), replace: replace.join("\n") });
      search = undefined;
      replace = undefined;
    } else {
      replace.push(line);
    }
  }
  if (search !== undefined) throw new Error(`block at line ${start} is not closed`);
  return blocks;
}

/**
 * Returns the source with the only occurrence of the block's search text replaced. The replacement
 * is inserted literally: "$&" or "$1" in it mean nothing. Throws Error("search text is empty"),
 * Error("search text not found"), or Error("search text is ambiguous") when it occurs twice.
 */
export function applyBlock(source: string, block: Block): string {
  if (block.search === "") throw new Error("search text is empty");
  const start = source.indexOf(block.search);
  if (start === -1) throw new Error("search text not found");
  const end = start + block.search.length;
  if (source.includes(block.search, end)) throw new Error("search text is ambiguous");
  return source.slice(0, start) + block.replace + source.slice(end);
}

/**
 * Finds lines in a file although their indentation may differ: the first index in `lines` from
 * which on every line of `wanted` equals the line there, both compared after trimming. Returns -1
 * when there is none or `wanted` is empty. (["a", "  b"], ["b "]) gives 1.
 */
export function findLinesLoosely(lines: readonly string[], wanted: readonly string[]): number {
  if (wanted.length === 0) return -1;
  return lines.findIndex((_, start) =>
    wanted.every((line, offset) => lines[start + offset]?.trim() === line.trim()),
  );
}

/**
 * Reads a file with `read(path)` and edits it: for each block in order, the first occurrence of
 * its search text in the text as edited so far is replaced, literally. Blocks with an empty search
 * text or one that does not occur are skipped. Resolves to the new text and the number of blocks
 * that were applied; rejects when `read` does.
 */
export async function editFile(
  read: (path: string) => Promise<string>,
  path: string,
  blocks: readonly Block[],
): Promise<{ text: string; applied: number }> {
  let text = await read(path);
  let applied = 0;
  for (const { search, replace } of blocks) {
    if (search === "" || !text.includes(search)) continue;
    text = text.replace(search, () => replace);
    applied += 1;
  }
  return { text, applied };
}
