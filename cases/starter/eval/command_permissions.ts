// Which commands may run without asking.

export type Decision = "allow" | "deny" | "ask";

export interface Rules {
  allow: string[];
  deny: string[];
}

/** Programs that only read. */
export const READ_ONLY = ["ls", "cat", "head", "tail", "wc", "pwd", "grep"];

/** Returns the command without whitespace at its ends, and every other run of it as one space. */
export function normalizeCommand(command: string): string {
  return command.trim().replace(/\s+/g, " ");
}

/** Returns true when the first word of the command (split at spaces) is one of `READ_ONLY`. */
export function isReadOnly(command: string): boolean {
  return READ_ONLY.includes(command.split(" ")[0]);
}

/** Returns a copy of the rules with `rule` at the end of `allow`, unless it is in there already. */
export function allowAlso(rules: Rules, rule: string): Rules {
  const allow = rules.allow.includes(rule) ? [...rules.allow] : [...rules.allow, rule];
  return { allow, deny: [...rules.deny] };
}

/**
 * Returns true when a command matches a rule. A rule that ends with ` *` matches the command before
 * it, alone or followed by a space and anything: `npm run *` matches `npm run` and `npm run test`
 * but not `npm runner`. The rule `*` matches everything. Any other rule matches only itself.
 */
export function matchesRule(command: string, rule: string): boolean {
  if (rule === "*") {
    return true;
  }
  if (!rule.endsWith(" *")) {
    return command === rule;
  }
  return command === rule.slice(0, -2) || command.startsWith(rule.slice(0, -1));
}

/**
 * Decides about a command by prefixes. A prefix covers the command when they are equal or when the
 * command goes on with a space behind it. The longest covering prefix of both lists decides; when
 * the same prefix is in both, it is `deny`. Without any covering prefix the answer is `ask`.
 */
export function decide(command: string, rules: Rules): Decision {
  const longest = (prefixes: string[]): number => {
    const covering = prefixes.filter((prefix) => `${command} `.startsWith(`${prefix} `));
    return Math.max(-1, ...covering.map((prefix) => prefix.length));
  };
  const [allowed, denied] = [longest(rules.allow), longest(rules.deny)];
  if (allowed === -1 && denied === -1) {
    return "ask";
  }
  return allowed > denied ? "allow" : "deny";
}

/**
 * Returns true when a command writes to a file: it has a `>` outside of quotes (single or double,
 * no escapes) that is not harmless. Harmless are `>&` with a digit behind it, as in `2>&1`, and `>`
 * or `>>` with the target `/dev/null`, with or without spaces before the target.
 */
export function redirectsToFile(command: string): boolean {
  const bare = command.replace(/'[^']*'|"[^"]*"/g, "Q");
  const harmless = />>?\s*\/dev\/null(?![^\s;|&])|>&\d/g;
  return bare.replace(harmless, "").includes(">");
}

/**
 * Reads rules, one a line: `allow` or `deny` (any case), whitespace, then the command, which is
 * trimmed. Blank lines and lines that begin with `#` are skipped, repeated rules kept once, in
 * their order. Throws an `Error` whose message begins with `line N:` (N counted from 1) for a line
 * with another first word or without a command, and for a command that the other list has already.
 */
export function parseRules(text: string): Rules {
  const rules: Rules = { allow: [], deny: [] };
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) {
      continue;
    }
    const match = /^(allow|deny)\s+(.+)$/i.exec(line);
    if (!match) {
      throw new Error(`line ${index + 1}: expected allow or deny and a command`);
    }
    const kind = match[1].toLowerCase() as "allow" | "deny";
    const other = kind === "allow" ? "deny" : "allow";
    if (rules[other].includes(match[2])) {
      throw new Error(`line ${index + 1}: both allowed and denied`);
    }
    if (!rules[kind].includes(match[2])) {
      rules[kind].push(match[2]);
    }
  }
  return rules;
}
