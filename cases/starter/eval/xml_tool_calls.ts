// Tool calls that a model writes as XML-like tags in its answer.

/** A call of a tool: its name and its parameters, as text. */
export interface ToolCall {
  name: string;
  params: Record<string, string>;
}

/** Returns the text with "&" replaced by "&amp;", "<" by "&lt;" and ">" by "&gt;". */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * Undoes escaping in one pass: "&lt;" becomes "<", "&gt;" ">", "&quot;" a double and "&apos;" a
 * single quote, and "&amp;" "&". What a replacement gives is not replaced again: "&amp;lt;" gives
 * "&lt;". All other text is kept.
 */
export function unescapeXml(text: string): string {
  const characters: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(
    /&(lt|gt|quot|apos|amp);/g,
    (whole, name: string) => characters[name] ?? whole,
  );
}

/**
 * Removes every part from "<thinking>" to the next "</thinking>", tags included; an opening tag
 * without an end removes everything behind it, too. The rest is trimmed.
 */
export function stripThinking(answer: string): string {
  return answer.replace(/<thinking>[\s\S]*?(<\/thinking>|$)/g, "").trim();
}

/**
 * Writes a call: a line "<NAME>", a line "<KEY>VALUE</KEY>" for each parameter in order, and a
 * line "</NAME>", joined by "\n". Values are written as they are.
 */
export function formatToolCall(call: ToolCall): string {
  const params = Object.entries(call.params).map(([key, value]) => `<${key}>${value}</${key}>`);
  return [`<${call.name}>`, ...params, `</${call.name}>`].join("\n");
}

/**
 * Reads the calls in an answer, in order. A call is "<NAME>", with NAME one of `names`, up to the
 * next "</NAME>"; it is ignored when that is missing, and reading goes on behind it otherwise.
 * Between these tags, each "<KEY>" (letters, digits and "_") up to the next "</KEY>" is a
 * parameter, its value trimmed; a later one of the same key replaces an earlier one. All other
 * text is ignored. "<read><path> a </path></read>" gives name read, params { path: "a" }.
 */
export function parseToolCalls(answer: string, names: readonly string[]): ToolCall[] {
  const calls: ToolCall[] = [];
  const opening = /<(\w+)>/g;
  for (let tag = opening.exec(answer); tag !== null; tag = opening.exec(answer)) {
    const name = tag[1] ?? "";
    const end = answer.indexOf(`</${name}>`, opening.lastIndex);
    if (end === -1 || !names.includes(name)) continue;
    const params: Record<string, string> = {};
    const inside = answer.slice(opening.lastIndex, end);
    for (const [, key, value] of inside.matchAll(/<(\w+)>([\s\S]*?)<\/\1>/g)) {
      if (key !== undefined && value !== undefined) params[key] = value.trim();
    }
    calls.push({ name, params });
    opening.lastIndex = end;
  }
  return calls;
}

/** Holds text of a streamed answer back while it could be the start of a tag. */
export class TagBuffer {
  /** Text that was received but not returned yet. */
  private pending = "";

  /**
   * Receives a piece of the answer and returns all text not returned yet, except the part from
   * the last "<" on when no ">" follows it: that is held back for a later call.
   * push("a <b") returns "a ", push("> c") then "<b> c".
   */
  push(piece: string): string {
    const text = this.pending + piece;
    const open = text.lastIndexOf("<");
    const cut = open > text.lastIndexOf(">") ? open : text.length;
    this.pending = text.slice(cut);
    return text.slice(0, cut);
  }

  /** Returns the text that is held back and forgets it; "" when there is none. */
  flush(): string {
    const rest = this.pending;
    this.pending = "";
    return rest;
  }
}
