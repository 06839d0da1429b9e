// When and how long to wait before a failed request is sent again.

export interface Policy {
  /** Attempts in all, the first one included. */
  maxAttempts: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  baseMs: number;
  /** Upper bound of a single delay. */
  capMs: number;
}

export interface Failure {
  /** Attempts made so far, at least 1. */
  attempt: number;
  /** HTTP status; missing when the connection failed. */
  status?: number;
  /** What the server asked to wait. */
  retryAfterMs?: number;
}

export interface Decision {
  retry: boolean;
  delayMs: number;
  reason: "done" | "attempts" | "fatal" | "server" | "backoff";
}

/** Returns true for 408, 429 and all statuses from 500 to 599 except 501. */
export function isRetryable(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status <= 599 && status !== 501);
}

/**
 * Returns the delay after the given attempt (1 for the first): `baseMs` after the first, twice as
 * long after each further one, but at most `capMs`.
 */
export function backoffDelay(attempt: number, baseMs: number, capMs: number): number {
  return Math.min(capMs, baseMs * 2 ** (attempt - 1));
}

/**
 * Spreads a delay: half of it is fixed, the other half is multiplied by `random` (0 to 1).
 * The sum is rounded to whole milliseconds. `jitter(1000, 0)` is 500, `jitter(1000, 1)` is 1000.
 */
export function jitter(delayMs: number, random: number): number {
  return Math.round(delayMs / 2 + (delayMs / 2) * random);
}

/**
 * Reads the value of a Retry-After header: a whole number of seconds, or an HTTP date. Returns
 * the milliseconds to wait counted from `nowMs` (milliseconds since 1970), 0 for a date in the
 * past. Returns null when the header is missing or neither form; surrounding spaces are ignored.
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | null {
  const text = (value ?? "").trim();
  if (/^\d+$/.test(text)) {
    return Number(text) * 1000;
  }
  const date = /^[A-Z][a-z]{2}, .* GMT$/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

/**
 * Returns the delays between the attempts of a policy: `baseMs`, doubled each time, each at most
 * `capMs`; `maxAttempts - 1` of them. Ends earlier, before the delay with which the sum of all
 * delays would exceed `totalMs`.
 */
export function delaySchedule(policy: Policy, totalMs = Infinity): number[] {
  const delays: number[] = [];
  let sum = 0;
  let next = policy.baseMs;
  while (delays.length < policy.maxAttempts - 1) {
    const delay = Math.min(next, policy.capMs);
    if (sum + delay > totalMs) {
      break;
    }
    delays.push(delay);
    sum += delay;
    next *= 2;
  }
  return delays;
}

/**
 * Decides what to do after an attempt. In this order: a status below 400 is `done`; a status of
 * 400 to 499 other than 408 and 429, or 501, is `fatal`; when `maxAttempts` are used up,
 * `attempts`; these three do not retry and have delay 0. Otherwise (also without a status) retry:
 * with `retryAfterMs`, reason `server`, after that delay, or not at all but `fatal` with delay 0
 * when it is over `capMs`; without it, reason `backoff`, after `baseMs`, doubled for each attempt
 * behind the first, at most `capMs`.
 */
export function decideRetry(failure: Failure, policy: Policy): Decision {
  const { attempt, status, retryAfterMs } = failure;
  const stop = (reason: Decision["reason"]): Decision => ({ retry: false, delayMs: 0, reason });
  if (status !== undefined) {
    if (status < 400) {
      return stop("done");
    }
    if ((status < 500 && status !== 408 && status !== 429) || status === 501) {
      return stop("fatal");
    }
  }
  if (attempt >= policy.maxAttempts) {
    return stop("attempts");
  }
  if (retryAfterMs === undefined) {
    const delayMs = Math.min(policy.capMs, policy.baseMs * 2 ** (attempt - 1));
    return { retry: true, delayMs, reason: "backoff" };
  }
  if (retryAfterMs > policy.capMs) {
    return stop("fatal");
  }
  return { retry: true, delayMs: retryAfterMs, reason: "server" };
}

/**
 * Calls `operation` with the number of the attempt (1, 2, ...) until it succeeds, and returns its
 * result. After a failure it is called again at once, unless `attempts` calls were made or
 * `shouldRetry` returns false for the error; then that error is thrown.
 */
export async function retry<T>(
  operation: (attempt: number) => Promise<T>,
  attempts: number,
  shouldRetry: (error: unknown) => boolean = () => true,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation(attempt);
    } catch (error) {
      if (attempt >= attempts || !shouldRetry(error)) {
        throw error;
      }
    }
  }
}
