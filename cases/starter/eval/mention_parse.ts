// Finding @mentions of files, folders, addresses and tools in a chat message.

export interface Mention {
  kind: "file" | "folder" | "url" | "word";
  value: string;
  start: number;
}

/**
 * Returns true when a mention's value (without the "@") is a web address: it starts with
 * "http://" or "https://", in any case, and has at least one more character.
 */
export function isUrlMention(value: string): boolean {
  return /^https?:\/\/./i.test(value);
}

/**
 * Returns the mention of a file: "@" and the path, or `@"path"` in double quotes when the path
 * contains a space. `fileMention("src/a.ts")` is "@src/a.ts".
 */
export function fileMention(path: string): string {
  return path.includes(" ") ? `@"${path}"` : `@${path}`;
}

/**
 * Removes sentence punctuation from the end of a mention's value: any number of the characters
 * . , ; : ! ? and also closing round brackets as long as the value has more ")" than "(".
 * `trimMention("src/a.ts).")` is "src/a.ts", `trimMention("f(x)!")` is "f(x)".
 */
export function trimMention(value: string): string {
  let result = value;
  for (;;) {
    const surplus = result.split(")").length > result.split("(").length;
    if (/[.,;:!?]$/.test(result) || (surplus && result.endsWith(")"))) {
      result = result.slice(0, -1);
    } else {
      return result;
    }
  }
}

/**
 * Finds the mentions in `text`, in order. A mention is "@" at the start of the text or after white
 * space, followed either by a value in double quotes on the same line (quotes dropped) or by a
 * run of characters other than white space, "@" and double quotes, with no "@" directly after it;
 * . , ; : ! and ? at the end of a run are not part of the value. An empty value is no mention.
 * `start` is the index of the "@". The kind is "url" for a value starting with "http://" or
 * "https://", else "folder" when it ends in "/", else "file" when it contains "/" or ".",
 * else "word".
 */
export function parseMentions(text: string): Mention[] {
  const mentions: Mention[] = [];
  for (const match of text.matchAll(/(?<=^|\s)@(?:"([^"\n]*)"|([^\s@"]+)(?![^\s"]))/g)) {
    const value = match[1] ?? (match[2] as string).replace(/[.,;:!?]+$/, "");
    if (value === "") {
      continue;
    }
    let kind: Mention["kind"] = "word";
    if (/^https?:\/\//.test(value)) {
      kind = "url";
    } else if (value.endsWith("/")) {
      kind = "folder";
    } else if (/[/.]/.test(value)) {
      kind = "file";
    }
    mentions.push({ kind, value, start: match.index });
  }
  return mentions;
}

/**
 * Returns the distinct values of the mentions of one kind, in order of first occurrence.
 */
export function valuesOfKind(mentions: readonly Mention[], kind: Mention["kind"]): string[] {
  return [...new Set(mentions.filter((m) => m.kind === kind).map((m) => m.value))];
}
