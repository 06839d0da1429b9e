// Reading a model's answer as it arrives: server-sent events in arbitrary pieces.

export interface ToolDelta {
  index: number;
  id?: string;
  name?: string;
  arguments?: string;
}
export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
}

/**
 * Returns the data of one event line: what follows "data:", without one space directly after the
 * colon. Any other line (comments, "event: x", empty) gives undefined.
 * `eventData("data: {}")` is "{}".
 */
export function eventData(line: string): string | undefined {
  return /^data: ?(.*)$/s.exec(line)?.[1];
}

/**
 * Returns true for the data that ends a stream: "[DONE]", with or without white space around it.
 */
export function isEndOfStream(data: string): boolean {
  return data.trim() === "[DONE]";
}

/**
 * Collects text that arrives in pieces and gives it back in whole lines.
 */
export class LineBuffer {
  private rest = "";

  /**
   * Adds a piece and returns the lines that are complete now, without their line ends ("\n" or
   * "\r\n"; a "\r" and its "\n" may arrive in different pieces). What follows the last "\n" is
   * kept for the next call. After `push("a\nb")`, which returns `["a"]`, `push("c\n")` returns
   * `["bc"]`.
   */
  push(piece: string): string[] {
    const lines = (this.rest + piece).split("\n");
    this.rest = lines.pop() as string;
    return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  }
}

/**
 * Puts tool calls together from their pieces. Pieces with the same `index` belong to one call: its
 * id and its name are the first ones given that are not empty, its arguments are all pieces of
 * arguments joined in order. Returns the calls sorted by index; calls that got no name are left
 * out. A missing id is "call_" and the index, missing arguments are "{}"; so are arguments of
 * white space only.
 */
export function mergeToolDeltas(deltas: readonly ToolDelta[]): ToolCall[] {
  const calls = new Map<number, ToolCall>();
  for (const delta of deltas) {
    const call = calls.get(delta.index) ?? { id: "", name: "", arguments: "" };
    call.id ||= delta.id ?? "";
    call.name ||= delta.name ?? "";
    call.arguments += delta.arguments ?? "";
    calls.set(delta.index, call);
  }
  return [...calls]
    .sort(([a], [b]) => a - b)
    .filter(([, call]) => call.name !== "")
    .map(([index, call]) => ({
      id: call.id || `call_${index}`,
      name: call.name,
      arguments: call.arguments.trim() === "" ? "{}" : call.arguments,
    }));
}

/**
 * Joins the pieces of a stream of texts in order. Stops reading, without an error, as soon as the
 * text has at least `limit` characters, and returns its first `limit` characters.
 */
export async function collectText(stream: AsyncIterable<string>, limit: number): Promise<string> {
  let text = "";
  for await (const piece of stream) {
    text += piece;
    if (text.length >= limit) {
      break;
    }
  }
  return text.slice(0, limit);
}
