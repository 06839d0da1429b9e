// Trees of tasks: a plan whose items have items below them.

/** One item of a plan, with the items below it. */
export interface Item {
  title: string;
  done: boolean;
  children: Item[];
}

/** Returns the number of items of a tree: the item itself and all that are below it. */
export function itemTotal(item: Item): number {
  let total = 1;
  for (const child of item.children) {
    total += itemTotal(child);
  }
  return total;
}

/** Returns how many levels a tree has: 1 for an item without children. */
export function treeHeight(item: Item): number {
  return 1 + Math.max(0, ...item.children.map((child) => treeHeight(child)));
}

/** Returns the titles of the items that have no children, from top to bottom. */
export function leafTitles(item: Item): string[] {
  if (item.children.length === 0) {
    return [item.title];
  }
  return item.children.flatMap((child) => leafTitles(child));
}

/**
 * Returns the titles on the way from the root to the first item with a title, both included; items
 * are searched from top to bottom, an item before its children. Null when no item has the title.
 */
export function pathToItem(item: Item, title: string): string[] | null {
  if (item.title === title) {
    return [item.title];
  }
  for (const child of item.children) {
    const path = pathToItem(child, title);
    if (path) {
      return [item.title, ...path];
    }
  }
  return null;
}

/**
 * Returns a copy of a tree without finished work: of the items below the root, those that are done
 * and have only finished work below them are left out. The root always stays; the tree given is
 * not changed.
 */
export function openItems(item: Item): Item {
  const children = item.children
    .map((child) => openItems(child))
    .filter((child) => !child.done || child.children.length > 0);
  return { ...item, children };
}

/**
 * Writes a list of trees as a Markdown checklist, one item a line, joined by "\n": "- [x] TITLE"
 * for a done item, "- [ ] TITLE" for others, with two spaces in front for each level below the top.
 */
export function checklist(items: readonly Item[], level = 0): string {
  const lines = items.flatMap(({ title, done, children }) => {
    const line = `${"  ".repeat(level)}- [${done ? "x" : " "}] ${title}`;
    return children.length > 0 ? [line, checklist(children, level + 1)] : [line];
  });
  return lines.join("\n");
}

/**
 * Reads a Markdown checklist: lines "- [x] TITLE" (done) and "- [ ] TITLE" with spaces in front;
 * all other lines are ignored. Every two spaces are one level; an odd space is ignored. An item is
 * a child of the nearest item before it with a lower level; without such an item it is at the top.
 * Returns the items at the top.
 */
export function parseChecklist(text: string): Item[] {
  const top: Item[] = [];
  const open: { item: Item; level: number }[] = [];
  for (const line of text.split("\n")) {
    const match = /^( *)- \[([ x])\] (.*)$/.exec(line);
    if (!match) {
      continue;
    }
    const [, spaces = "", mark, title = ""] = match;
    const level = Math.floor(spaces.length / 2);
    const item: Item = { title, done: mark === "x", children: [] };
    while (open.length > 0 && (open.at(-1)?.level ?? 0) >= level) {
      open.pop();
    }
    const parent = open.at(-1);
    (parent ? parent.item.children : top).push(item);
    open.push({ item, level });
  }
  return top;
}
