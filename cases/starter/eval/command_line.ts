// Reading and writing shell command lines.

export interface Flags {
  options: Record<string, string | true>;
  positional: string[];
}

/**
 * Quotes an argument for a POSIX shell. One that is not empty and has only ASCII letters, digits
 * and `_-./=:@` is returned as it is. Any other is put in single quotes, and each single quote in
 * it is written as `'\''`.
 */
export function quoteArgument(argument: string): string {
  const plain = /^[\w\-./=:@]+$/.test(argument);
  return plain ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/**
 * Returns true when a word is an assignment before a command, such as `NODE_ENV=test`: a name of
 * ASCII letters, digits and underscores that does not begin with a digit, then `=`.
 */
export function isAssignment(word: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*=/.test(word);
}

/**
 * Returns the name of the program that a simple command (words separated by whitespace, no quotes)
 * runs: its first word that is not an assignment such as `A=1`, without folders before its last
 * `/`. Empty when there is no such word. `programName("CI=1 /usr/bin/npm test")` is `"npm"`.
 */
export function programName(command: string): string {
  const words = command.split(/\s+/).filter((word) => word !== "");
  const program = words.find((word) => !/^[A-Za-z_]\w*=/.test(word)) ?? "";
  return program.slice(program.lastIndexOf("/") + 1);
}

/**
 * Splits a command line into words as a POSIX shell does, without expanding anything. Words are
 * separated by whitespace. Within single quotes everything is literal; within double quotes
 * a backslash is dropped before `"`, `\` and `$` and kept otherwise; outside quotes a backslash is
 * dropped and the next character is literal (a backslash at the end stays). Quotes may stand within
 * a word (`a"b c"d` is `ab cd`), and `''` is an empty word. Throws an `Error` with the message
 * `unclosed quote` when a quote is not closed.
 */
export function splitWords(command: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let index = 0; index < command.length; index += 1) {
    const char = command[index];
    const next = command[index + 1] ?? "";
    const escapable = quote === "" ? next !== "" : quote === '"' && /["\\$]/.test(next);
    if (char === "\\" && escapable) {
      word = (word ?? "") + next;
      index += 1;
    } else if (quote !== "") {
      if (char === quote) {
        quote = "";
      } else {
        word += char;
      }
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (!/\s/.test(char)) {
      word = (word ?? "") + char;
    } else if (word !== null) {
      words.push(word);
      word = null;
    }
  }
  if (quote !== "") {
    throw new Error("unclosed quote");
  }
  return word === null ? words : [...words, word];
}

/**
 * Splits a command line into its simple commands at `&&`, `||`, `|`, `;` and `&` outside of single
 * and double quotes. A backslash outside of single quotes makes the next character literal. Parts
 * are trimmed, keep their quotes and backslashes, and empty ones are left out.
 * `splitCommands("cd app && npm test; ls")` is `["cd app", "npm test", "ls"]`.
 */
export function splitCommands(line: string): string[] {
  const parts = [""];
  let quote = "";
  for (let index = 0; index < line.length; index += 1) {
    let char = line[index];
    if (quote === "" && /[&|;]/.test(char)) {
      parts.push("");
      continue;
    }
    if (char === "\\" && quote !== "'") {
      index += 1;
      char += line[index] ?? "";
    } else if (char === quote) {
      quote = "";
    } else if (quote === "" && (char === '"' || char === "'")) {
      quote = char;
    }
    parts[parts.length - 1] += char;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/**
 * Sorts arguments into options and positional ones. `--name=value` is an option with that value,
 * `--name` is `true`, and `-abc` sets `a`, `b` and `c` to `true`. Everything behind `--` is
 * positional (the first `--` itself is dropped), as is `-` alone. Of equal options the last wins.
 */
export function parseFlags(args: readonly string[]): Flags {
  const options: Record<string, string | true> = {};
  const end = args.indexOf("--");
  const head = end === -1 ? args : args.slice(0, end);
  const positional: string[] = [];
  for (const arg of head) {
    if (arg.startsWith("--")) {
      const at = arg.indexOf("=");
      const name = arg.slice(2, at === -1 ? undefined : at);
      options[name] = at === -1 ? true : arg.slice(at + 1);
    } else if (arg.startsWith("-") && arg !== "-") {
      for (const letter of arg.slice(1)) {
        options[letter] = true;
      }
    } else {
      positional.push(arg);
    }
  }
  return { options, positional: end === -1 ? positional : [...positional, ...args.slice(end + 1)] };
}
