// Keeping secrets out of logs and prompts.

/** Returns a text in which every character is replaced by "*". */
export function masked(text: string): string {
  return "*".repeat(text.length);
}

/**
 * Returns a key with only its last four characters shown, "..." in front: "...wxyz". A key of fewer
 * than 12 characters is not shown at all: "...".
 */
export function keyHint(key: string): string {
  return key.length < 12 ? "..." : `...${key.slice(-4)}`;
}

/**
 * Returns true when a setting's name says that its value is secret: it contains "key", "token",
 * "secret" or "password", in any letter case.
 */
export function isSecretName(name: string): boolean {
  return ["key", "token", "secret", "password"].some((word) => name.toLowerCase().includes(word));
}

/**
 * Hides the name in an e-mail address: of what stands before the "@" only the first character
 * stays, followed by "***". A text without "@", or with nothing before it, is returned unchanged.
 * `maskEmail("ada@mail.test")` is "a***@mail.test".
 */
export function maskEmail(address: string): string {
  const at = address.indexOf("@");
  return at < 1 ? address : `${address.charAt(0)}***${address.slice(at)}`;
}

/**
 * Replaces every occurrence of each secret in a text by "[hidden]". Longer secrets are replaced
 * first, so that a secret that contains another is hidden as a whole; empty ones are ignored.
 */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const longestFirst = secrets.filter((one) => one !== "").sort((a, b) => b.length - a.length);
  let result = text;
  for (const secret of longestFirst) {
    result = result.split(secret).join("[hidden]");
  }
  return result;
}

/**
 * Returns a copy of a value made of objects, arrays and simple values, in which the value of every
 * key in `names` (compared in lower case; `names` are in lower case) is "[hidden]", at any depth.
 * The value given is not changed.
 */
export function hideFields(value: unknown, names: readonly string[]): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => hideFields(item, names));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    copy[key] = names.includes(key.toLowerCase()) ? "[hidden]" : hideFields(inner, names);
  }
  return copy;
}

/**
 * Rates a password from 0 to 4, one point each for: at least 12 characters; a small letter (a-z)
 * and a capital letter (A-Z); a digit; a character that is no letter a-z or A-Z and no digit. A
 * password that is one character repeated gets 0, as does the empty one.
 */
export function passwordScore(password: string): number {
  if (new Set(password).size <= 1) {
    return 0;
  }
  let score = 0;
  if (password.length >= 12) {
    score += 1;
  }
  if (/[a-z]/.test(password) && /[A-Z]/.test(password)) {
    score += 1;
  }
  if (/[0-9]/.test(password)) {
    score += 1;
  }
  if (/[^a-zA-Z0-9]/.test(password)) {
    score += 1;
  }
  return score;
}
