// Code in Markdown: fenced blocks with backticks, and inline code.

/** A fenced block: its language ("" when none is named) and its lines, joined by "\n". */
export interface Fence {
  language: string;
  code: string;
}

/**
 * Writes a block: three backticks and the language, a line break, the code, a line break, three
 * backticks.
 */
export function toFence(code: string, language: string): string {
  return `\`\`\`${language}\n${code}\n\`\`\``;
}

/**
 * Returns the language that the text behind an opening fence names: its first word (words are
 * separated by whitespace) in lower case, without a dot in front. "TS title=x" gives "ts", " .js"
 * gives "js", and blank text gives "".
 */
export function languageOfInfo(info: string): string {
  const word = info.trim().split(/\s+/)[0] ?? "";
  return word.toLowerCase().replace(/^\./, "");
}

/**
 * Writes text as inline code: between single backticks, or, when the text contains a backtick,
 * between "`` " and " ``".
 */
export function inlineCode(text: string): string {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/**
 * Returns a fence that can enclose the code: as many backticks as the longest run of backticks in
 * the code, plus one, but at least three.
 */
export function fenceFor(code: string): string {
  const runs = code.match(/`+/g) ?? [];
  const longest = Math.max(0, ...runs.map((run) => run.length));
  return "`".repeat(Math.max(3, longest + 1));
}

/**
 * Unwraps an answer that is one fenced block and nothing else: when the trimmed answer begins with
 * a line of three backticks and any text without a backtick, ends with a line of three backticks,
 * and has no line that begins with three backticks between them, returns the lines between,
 * joined by "\n" ("" for none). Any other answer is returned unchanged.
 */
export function unwrapFence(answer: string): string {
  const [first = "", ...rest] = answer.trim().split("\n");
  const last = rest.pop();
  const inner = rest.some((line) => line.startsWith("```"));
  if (inner || last !== "```" || !/^```[^`]*$/.test(first)) return answer;
  return rest.join("\n");
}

/**
 * Reads the fenced blocks of a Markdown text, in order (lines are separated by "\n"). A block opens
 * at a line that begins with three or more backticks, followed by text without a backtick; the
 * first word of that text is the language, "" when there is none. It closes at the next line that
 * is only backticks, at least as many as opened it, with whitespace allowed behind them. The lines
 * between are the code, as they are. A block that is not closed goes to the end of the text.
 */
export function parseFences(markdown: string): Fence[] {
  const fences: Fence[] = [];
  let ticks = 0;
  let language = "";
  let lines: string[] = [];
  for (const line of markdown.split("\n")) {
    if (ticks === 0) {
      const opening = /^(`{3,})([^`]*)$/.exec(line);
      if (opening === null) continue;
      ticks = opening[1]?.length ?? 0;
      language = opening[2]?.trim().split(/\s+/)[0] ?? "";
      lines = [];
    } else if (/^`{3,}\s*$/.test(line) && line.trimEnd().length >= ticks) {
      fences.push({ language, code: lines.join("\n") });
      ticks = 0;
    } else {
      lines.push(line);
    }
  }
  if (ticks > 0) fences.push({ language, code: lines.join("\n") });
  return fences;
}

/**
 * Lists the headings of a Markdown text (lines separated by "\n"). A heading is a line of one to
 * six "#", at least one space and a title; its level is the number of "#", and the title is
 * trimmed. Lines inside of fenced blocks are no headings: a line that begins with three backticks
 * opens a block, the next such line closes it. "# A\n```\n# b\n```\n## C " gives level 1 with
 * title "A" and level 2 with title "C".
 */
export function listHeadings(markdown: string): { level: number; title: string }[] {
  const headings: { level: number; title: string }[] = [];
  let fenced = false;
  for (const line of markdown.split("\n")) {
    if (line.startsWith("```")) {
      fenced = !fenced;
      continue;
    }
    if (fenced) continue;
    let level = 0;
    while (line[level] === "#") level += 1;
    const title = line.slice(level);
    if (level === 0 || level > 6 || !title.startsWith(" ")) continue;
    if (title.trim() === "") continue;
    headings.push({ level, title: title.trim() });
  }
  return headings;
}
