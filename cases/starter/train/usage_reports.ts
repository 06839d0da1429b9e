// Reports about the tokens and the money that a team used.

/** One request: who made it, on which day (YYYY-MM-DD), and what it used. */
export interface Request {
  user: string;
  day: string;
  tokens: number;
  /** Thousandths of a cent, a whole number. */
  cost: number;
}

/** Returns the sum of the tokens of all requests that `user` made. */
export function tokensOf(requests: readonly Request[], user: string): number {
  let tokens = 0;
  for (const request of requests) {
    tokens += request.user === user ? request.tokens : 0;
  }
  return tokens;
}

/** Returns the request with the highest cost, of equal ones the first; undefined without any. */
export function dearestRequest(requests: readonly Request[]): Request | undefined {
  let dearest: Request | undefined;
  for (const request of requests) {
    if (dearest === undefined || request.cost > dearest.cost) {
      dearest = request;
    }
  }
  return dearest;
}

/**
 * Returns the cost of each day as `[day, cost]` pairs, in the order of the days. Days without
 * requests are missing.
 */
export function costByDay(requests: readonly Request[]): [string, number][] {
  const days = new Map<string, number>();
  for (const { day, cost } of requests) {
    days.set(day, (days.get(day) ?? 0) + cost);
  }
  return [...days].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * Returns by how many percent `now` is more than `before`, as text with a sign and no decimals:
 * "+50%", "-20%", and "0%" when it rounds to 0. When `before` is 0, the text is "new".
 */
export function changeText(before: number, now: number): string {
  if (before === 0) {
    return "new";
  }
  const percent = Math.round(((now - before) / before) * 100);
  if (percent === 0) {
    return "0%";
  }
  return percent > 0 ? `+${percent}%` : `${percent}%`;
}

/**
 * Says how much of a budget is used: "over budget" from more than 100 % of `limit` on, "nearly
 * used up" from 90 % on, "on track" from 50 % on, and "plenty left" below.
 */
export function budgetStatus(used: number, limit: number): string {
  const share = used / limit;
  if (share > 1) {
    return "over budget";
  }
  if (share >= 0.9) {
    return "nearly used up";
  }
  return share >= 0.5 ? "on track" : "plenty left";
}

/**
 * Divides a whole number of cents among people in proportion to their weights (not negative, not
 * all 0). Everyone gets the whole cents of their exact share; the cents that are left go, one each,
 * to those whose share lost the largest part of a cent, of equal ones to the earlier.
 * `splitCost(100, [1, 1, 1])` is `[34, 33, 33]`.
 */
export function splitCost(cents: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const exact = weights.map((weight) => (cents * weight) / sum);
  const shares = exact.map((share) => Math.floor(share));
  const lost = exact.map((share, index) => ({ index, part: share - Math.floor(share) }));
  lost.sort((a, b) => b.part - a.part || a.index - b.index);
  const given = shares.reduce((total, share) => total + share, 0);
  for (const { index } of lost.slice(0, cents - given)) {
    shares[index] = (shares[index] as number) + 1;
  }
  return shares;
}

/**
 * Writes a ranking of the users by their tokens, most tokens first, equal ones by name. Each line
 * is "RANK. USER: TOKENS"; users with equal tokens have the same rank, and the rank behind them
 * goes on as if they had different ones (1, 1, 3). Lines are joined by "\n"; at most `limit` lines.
 */
export function ranking(requests: readonly Request[], limit: number): string {
  const totals = new Map<string, number>();
  for (const { user, tokens } of requests) {
    totals.set(user, (totals.get(user) ?? 0) + tokens);
  }
  const rows = [...totals].map(([user, tokens]) => ({ user, tokens }));
  rows.sort((a, b) => b.tokens - a.tokens || (a.user < b.user ? -1 : 1));
  const lines: string[] = [];
  let rank = 0;
  for (const [index, { user, tokens }] of rows.entries()) {
    if (tokens !== rows[index - 1]?.tokens) {
      rank = index + 1;
    }
    lines.push(`${rank}. ${user}: ${tokens}`);
  }
  return lines.slice(0, limit).join("\n");
}
