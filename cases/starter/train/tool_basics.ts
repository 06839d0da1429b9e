// The simplest questions about the tool calls of a model.

/** One call of a tool: its name and its arguments by name. */
export interface ToolCall {
  name: string;
  args: Record<string, string>;
}

/** Returns true when `call` calls the tool with this name. */
export function callsTool(call: ToolCall, name: string): boolean {
  return call.name === name;
}

/** Returns the argument of `call` with this name, or undefined when there is none. */
export function argumentOf(call: ToolCall, name: string): string | undefined {
  return call.args[name];
}

/** Returns the names of the arguments of `call`, in their order. */
export function argumentNames(call: ToolCall): string[] {
  return Object.keys(call.args);
}

/** Returns the name of the tool that `call` calls, followed by "()". */
export function callLabel(call: ToolCall): string {
  return `${call.name}()`;
}

/** Returns those of `calls` that call the tool with this name. */
export function callsOf(calls: ToolCall[], name: string): ToolCall[] {
  return calls.filter((call) => call.name === name);
}

/** Returns a copy of `call` with another name; `call` is not changed. */
export function renamedCall(call: ToolCall, name: string): ToolCall {
  return { ...call, name };
}
