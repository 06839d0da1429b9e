// Filling {{placeholders}} in prompt templates.

/**
 * Returns true when `template` has at least one placeholder: two opening braces, a name of one or
 * more letters, digits or underscores, and two closing braces, without spaces, as in `{{name}}`.
 */
export function hasPlaceholder(template: string): boolean {
  return /\{\{\w+\}\}/.test(template);
}

/**
 * Replaces each `{{name}}` (letters, digits, underscores; spaces inside the braces are allowed)
 * by the own property `name` of `values`. A placeholder without a value stays as written. Values
 * are inserted literally and are not searched for placeholders.
 * `fill("Hi {{ who }}", { who: "Ann" })` is "Hi Ann".
 */
export function fill(template: string, values: Record<string, string>): string {
  return template.replace(/\{\{ *(\w+) *\}\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] as string) : whole,
  );
}

/**
 * Returns the names of the placeholders `{{name}}` (letters, digits, underscores, no spaces) in
 * order of first use, each once. `placeholderNames("{{a}} {{b}} {{a}}")` is `["a", "b"]`.
 */
export function placeholderNames(template: string): string[] {
  const names = new Set<string>();
  for (const match of template.matchAll(/\{\{(\w+)\}\}/g)) {
    names.add(match[1] as string);
  }
  return [...names];
}

/**
 * Returns the name written as a placeholder: `asPlaceholder("path")` is "{{path}}". White space
 * around the name is dropped.
 */
export function asPlaceholder(name: string): string {
  return `{{${name.trim()}}}`;
}

/**
 * Resolves the conditional lines of a template. A line that is exactly "#if NAME" starts a block,
 * "#else" switches to its other half and "#end" ends it; these lines are never output. The lines
 * of the first half are kept when `flags` contains NAME, those of the second when it does not.
 * Blocks nest: an inner block is output only where its outer half is. All other lines are kept as
 * they are. Throws a SyntaxError for "#else" or "#end" outside a block, and for a block without an
 * end.
 */
export function resolveConditions(template: string, flags: ReadonlySet<string>): string {
  const blocks: { active: boolean }[] = [];
  const kept: string[] = [];
  for (const line of template.split("\n")) {
    const block = blocks.at(-1);
    if (line.startsWith("#if ")) {
      blocks.push({ active: flags.has(line.slice(4)) });
    } else if (line === "#else" || line === "#end") {
      if (!block) {
        throw new SyntaxError(`${line} outside a block`);
      }
      if (line === "#end") {
        blocks.pop();
      } else {
        block.active = !block.active;
      }
    } else if (blocks.every(({ active }) => active)) {
      kept.push(line);
    }
  }
  if (blocks.length > 0) {
    throw new SyntaxError("#if without #end");
  }
  return kept.join("\n");
}
