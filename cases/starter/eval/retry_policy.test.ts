import { describe, expect, it } from "vitest";
import {
  backoffDelay,
  decideRetry,
  delaySchedule,
  isRetryable,
  jitter,
  parseRetryAfter,
  retry,
} from "./retry_policy.ts";

describe("isRetryable", () => {
  it("accepts a request time-out and too many requests", () => {
    expect(isRetryable(408)).toBe(true);
    expect(isRetryable(429)).toBe(true);
  });
  it("accepts faults of the server", () => {
    expect(isRetryable(500)).toBe(true);
    expect(isRetryable(503)).toBe(true);
    expect(isRetryable(599)).toBe(true);
  });
  it("refuses 501", () => {
    expect(isRetryable(501)).toBe(false);
  });
  it("refuses faults of the client", () => {
    expect(isRetryable(400)).toBe(false);
    expect(isRetryable(401)).toBe(false);
    expect(isRetryable(404)).toBe(false);
  });
  it("refuses success and numbers beyond 599", () => {
    expect(isRetryable(200)).toBe(false);
    expect(isRetryable(600)).toBe(false);
  });
});

describe("backoffDelay", () => {
  it("is the base after the first attempt", () => {
    expect(backoffDelay(1, 250, 10_000)).toBe(250);
  });
  it("is doubled after the second", () => {
    expect(backoffDelay(2, 250, 10_000)).toBe(500);
  });
  it("is doubled each time", () => {
    expect(backoffDelay(5, 100, 10_000)).toBe(1600);
  });
  it("is at most the cap", () => {
    expect(backoffDelay(10, 1000, 8000)).toBe(8000);
  });
  it("is the cap when the base is above it", () => {
    expect(backoffDelay(1, 5000, 2000)).toBe(2000);
  });
});

describe("jitter", () => {
  it("is half of the delay for 0", () => {
    expect(jitter(1000, 0)).toBe(500);
  });
  it("is the whole delay for 1", () => {
    expect(jitter(1000, 1)).toBe(1000);
  });
  it("lies between for other numbers", () => {
    expect(jitter(1000, 0.5)).toBe(750);
  });
  it("is rounded to milliseconds", () => {
    expect(jitter(100, 0.333)).toBe(67);
  });
  it("is 0 without a delay", () => {
    expect(jitter(0, 0.7)).toBe(0);
  });
});

describe("parseRetryAfter", () => {
  const now = Date.UTC(2030, 0, 1, 12, 0, 0);
  it("reads seconds", () => {
    expect(parseRetryAfter("20", now)).toBe(20_000);
  });
  it("reads 0 seconds and ignores spaces", () => {
    expect(parseRetryAfter(" 0 ", now)).toBe(0);
  });
  it("reads a date", () => {
    expect(parseRetryAfter("Tue, 01 Jan 2030 12:00:30 GMT", now)).toBe(30_000);
  });
  it("is 0 for a date in the past", () => {
    expect(parseRetryAfter("Tue, 01 Jan 2030 11:00:00 GMT", now)).toBe(0);
  });
  it("is null for other text", () => {
    expect(parseRetryAfter("soon", now)).toBeNull();
    expect(parseRetryAfter("-5", now)).toBeNull();
    expect(parseRetryAfter("1.5", now)).toBeNull();
  });
  it("is null without a header or for an empty one", () => {
    expect(parseRetryAfter(undefined, now)).toBeNull();
    expect(parseRetryAfter("", now)).toBeNull();
  });
});

describe("delaySchedule", () => {
  const policy = { maxAttempts: 5, baseMs: 100, capMs: 500 };
  it("doubles up to the cap", () => {
    expect(delaySchedule(policy)).toEqual([100, 200, 400, 500]);
  });
  it("has one delay fewer than attempts", () => {
    expect(delaySchedule({ ...policy, maxAttempts: 3 })).toEqual([100, 200]);
  });
  it("is empty for a single attempt", () => {
    expect(delaySchedule({ ...policy, maxAttempts: 1 })).toEqual([]);
  });
  it("ends before the sum exceeds the total", () => {
    expect(delaySchedule(policy, 699)).toEqual([100, 200]);
  });
  it("may reach the total exactly", () => {
    expect(delaySchedule(policy, 700)).toEqual([100, 200, 400]);
  });
});

describe("decideRetry", () => {
  const policy = { maxAttempts: 4, baseMs: 100, capMs: 300 };
  it("is done after a success", () => {
    const done = { retry: false, delayMs: 0, reason: "done" };
    expect(decideRetry({ attempt: 1, status: 200 }, policy)).toEqual(done);
  });
  it("gives up at once on faults of the client, also on the last attempt", () => {
    const fatal = { retry: false, delayMs: 0, reason: "fatal" };
    expect(decideRetry({ attempt: 1, status: 401 }, policy)).toEqual(fatal);
    expect(decideRetry({ attempt: 4, status: 404 }, policy)).toEqual(fatal);
    expect(decideRetry({ attempt: 1, status: 501 }, policy)).toEqual(fatal);
  });
  it("gives up when the attempts are used up", () => {
    const over = { retry: false, delayMs: 0, reason: "attempts" };
    expect(decideRetry({ attempt: 4, status: 503 }, policy)).toEqual(over);
    expect(decideRetry({ attempt: 5 }, policy)).toEqual(over);
  });
  it("backs off after a fault of the server", () => {
    const wait = { retry: true, delayMs: 200, reason: "backoff" };
    expect(decideRetry({ attempt: 2, status: 500 }, policy)).toEqual(wait);
  });
  it("caps the delay", () => {
    expect(decideRetry({ attempt: 3, status: 429 }, policy).delayMs).toBe(300);
    expect(decideRetry({ attempt: 3, status: 408 }, policy).retry).toBe(true);
  });
  it("backs off after a failed connection", () => {
    const wait = { retry: true, delayMs: 100, reason: "backoff" };
    expect(decideRetry({ attempt: 1 }, policy)).toEqual(wait);
  });
  it("waits as long as the server asks", () => {
    const wait = { retry: true, delayMs: 300, reason: "server" };
    expect(decideRetry({ attempt: 1, status: 429, retryAfterMs: 300 }, policy)).toEqual(wait);
    const now = { retry: true, delayMs: 0, reason: "server" };
    expect(decideRetry({ attempt: 3, status: 503, retryAfterMs: 0 }, policy)).toEqual(now);
  });
  it("gives up when the server asks for too long", () => {
    const fatal = { retry: false, delayMs: 0, reason: "fatal" };
    expect(decideRetry({ attempt: 1, status: 429, retryAfterMs: 301 }, policy)).toEqual(fatal);
  });
});

describe("retry", () => {
  const failing = (failures: number) => {
    const calls: number[] = [];
    const operation = async (attempt: number): Promise<string> => {
      calls.push(attempt);
      if (calls.length <= failures) {
        throw new Error(`failure ${calls.length}`);
      }
      return "result";
    };
    return { calls, operation };
  };
  it("returns the result of the first attempt", async () => {
    const { calls, operation } = failing(0);
    expect(await retry(operation, 3)).toBe("result");
    expect(calls).toEqual([1]);
  });
  it("tries again after a failure", async () => {
    const { calls, operation } = failing(2);
    expect(await retry(operation, 3)).toBe("result");
    expect(calls).toEqual([1, 2, 3]);
  });
  it("throws the last error when the attempts are used up", async () => {
    const { calls, operation } = failing(9);
    await expect(retry(operation, 3)).rejects.toThrow("failure 3");
    expect(calls).toEqual([1, 2, 3]);
  });
  it("does not try again with a single attempt", async () => {
    const { calls, operation } = failing(1);
    await expect(retry(operation, 1)).rejects.toThrow("failure 1");
    expect(calls).toEqual([1]);
  });
  it("throws at once an error that is not to be retried", async () => {
    const { calls, operation } = failing(9);
    const once = (error: unknown) => error instanceof Error && error.message === "failure 1";
    await expect(retry(operation, 5, once)).rejects.toThrow("failure 2");
    expect(calls).toEqual([1, 2]);
  });
});
