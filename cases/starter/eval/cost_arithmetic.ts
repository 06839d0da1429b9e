// What a request costs: token counts times prices per million tokens.

/** Token counts of one request; `cached` is the part of `input` that was read from the cache. */
export interface Usage {
  input: number;
  cached: number;
  output: number;
}

/** Dollars per million tokens; cached input costs like other input where `cached` is missing. */
export interface Price {
  input: number;
  cached?: number;
  output: number;
}

/** One step of a price list: tokens up to the `upTo`th (inclusive) cost `price` per million. */
export interface PriceStep {
  upTo: number;
  price: number;
}

/** Returns the cost of `tokens` tokens at `pricePerMillion` dollars per million tokens. */
export function tokenCost(tokens: number, pricePerMillion: number): number {
  return (tokens * pricePerMillion) / 1_000_000;
}

/** Returns a new usage that has the sum of each field of `a` and `b`; changes neither. */
export function addUsage(a: Usage, b: Usage): Usage {
  return { input: a.input + b.input, cached: a.cached + b.cached, output: a.output + b.output };
}

/**
 * Returns the share of the input that came from the cache: `cached / input`, between 0 and 1.
 * Without input the share is 0.
 */
export function cacheHitRate(usage: Usage): number {
  return usage.input === 0 ? 0 : usage.cached / usage.input;
}

/**
 * Returns the dollars that a request costs. Cached tokens are part of `usage.input` and are
 * charged at `price.cached` instead of `price.input`; without `price.cached` (but not when it is
 * 0) they are charged at `price.input`.
 */
export function usageCost(usage: Usage, price: Price): number {
  const fresh = usage.input - usage.cached;
  const cachedPrice = price.cached ?? price.input;
  const dollars = fresh * price.input + usage.cached * cachedPrice + usage.output * price.output;
  return dollars / 1_000_000;
}

/**
 * Formats dollars: two decimals from one cent on, four below, e.g. `"$1.50"` and `"$0.0042"`.
 * Zero is `"$0.00"`. A negative amount has its sign before the dollar sign: `"-$2.00"`.
 */
export function formatDollars(amount: number): string {
  const size = Math.abs(amount);
  const digits = size > 0 && size < 0.01 ? 4 : 2;
  return `${amount < 0 ? "-" : ""}$${size.toFixed(digits)}`;
}

/**
 * Returns the name with the lowest cost for `input` and `output` tokens (nothing cached). Of
 * equally cheap ones the first key wins; without any prices the result is `undefined`.
 */
export function cheapestModel(
  prices: Record<string, Price>,
  input: number,
  output: number,
): string | undefined {
  let best: string | undefined;
  let lowest = Infinity;
  for (const [name, price] of Object.entries(prices)) {
    const cost = input * price.input + output * price.output;
    if (cost < lowest) {
      best = name;
      lowest = cost;
    }
  }
  return best;
}

/**
 * Returns the dollars for `tokens` tokens by a price list in rising order of `upTo`. Each token
 * costs the price of the first step that reaches it, so with steps up to 100 and up to 300, 150
 * tokens are 100 of the first and 50 of the second. Tokens beyond the last step cost its price.
 * Throws a `RangeError` when `steps` is empty, when an `upTo` is not greater than the one before
 * it (or than 0), or when `tokens` is negative.
 */
export function steppedCost(tokens: number, steps: PriceStep[]): number {
  if (steps.length === 0) {
    throw new RangeError("needs at least one step");
  }
  if (tokens < 0) {
    throw new RangeError(`negative tokens: ${tokens}`);
  }
  let dollars = 0;
  let start = 0;
  for (const [index, step] of steps.entries()) {
    if (!(step.upTo > start)) {
      throw new RangeError(`step ${index} does not rise`);
    }
    const end = index === steps.length - 1 ? Infinity : step.upTo;
    if (tokens > start) {
      dollars += (Math.min(tokens, end) - start) * step.price;
    }
    start = step.upTo;
  }
  return dollars / 1_000_000;
}
