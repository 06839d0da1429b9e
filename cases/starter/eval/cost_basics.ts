// The simplest sums about what requests cost.

/** Returns the sum of all `costs`, or 0 when there are none. */
export function sumOfCosts(costs: number[]): number {
  return costs.reduce((sum, cost) => sum + cost, 0);
}

/** Returns `calls` times `price`. */
export function costOfCalls(calls: number, price: number): number {
  return calls * price;
}

/** Returns `dollars` times 100. */
export function toCents(dollars: number): number {
  return dollars * 100;
}

/** Returns true when `cost` is 0. */
export function isFree(cost: number): boolean {
  return cost === 0;
}

/** Returns `total` divided by `calls`. */
export function costPerCall(total: number, calls: number): number {
  return total / calls;
}

/** Returns a dollar sign followed by `amount`. */
export function withDollarSign(amount: number): string {
  return `$${amount}`;
}
