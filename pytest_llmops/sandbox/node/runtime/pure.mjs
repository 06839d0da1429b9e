// Builtin modules without effects on anything outside: an answer may import these although its file does
// not. The trusted compiler reads this list too; docs/sandbox.md tells it to people.
export const PURE = Object.freeze(["assert", "assert/strict", "buffer", "crypto", "events", "path",
  "path/posix", "path/win32", "querystring", "string_decoder", "timers", "timers/promises", "url", "util",
  "util/types"]);
