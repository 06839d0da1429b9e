// Matchers about how a mock function was called and what it gave back.
import { equals } from "./equality.mjs";
import { show } from "./format.mjs";
import { mockState } from "./mock.mjs";

function stateOf(mock) {
  const state = mockState(mock);
  if (!state) throw new TypeError(`${show(mock)} is not a spy or a call to a spy!`);
  return state;
}

const passIf = (pass, state, what) => ({
  pass,
  message: () => `expected the mock ${what}; its calls were ${show(state.calls)}`,
});

const onCalls = (what, holds) => (mock, ...values) => {
  const state = stateOf(mock);
  return passIf(holds(state.calls, ...values), state, `${what} ${values.map(show).join(", ")}`);
};

const returnsOf = (state) => state.results
  .filter((result) => result.type === "return")
  .map((result) => result.value);

const onReturns = (what, holds) => (mock, ...values) => {
  const state = stateOf(mock);
  return passIf(holds(returnsOf(state), ...values), state, `${what} ${values.map(show).join(", ")}`);
};

const resolvedOf = (state) => state.settledResults
  .filter((result) => result.type === "fulfilled")
  .map((result) => result.value);

const onResolved = (what, holds) => (mock, ...values) => {
  const state = stateOf(mock);
  return passIf(holds(resolvedOf(state), ...values), state, `${what} ${values.map(show).join(", ")}`);
};

const some = (list, value) => list.some((item) => equals(item, value));
const at = (list, index, value) => index >= 1 && index <= list.length && equals(list[index - 1], value);
const last = (list, value) => list.length > 0 && equals(list.at(-1), value);

function order(mock, other) {
  return [stateOf(mock).invocationCallOrder, stateOf(other).invocationCallOrder];
}

const called = onCalls("to have been called", (calls) => calls.length > 0);
const calledTimes = onCalls("to have been called times", (calls, count) => calls.length === count);
const calledWith = onCalls("to have been called with", (calls, ...values) => some(calls, values));
const lastCalledWith = onCalls("to have last been called with", (calls, ...values) => last(calls, values));
const nthCalledWith = onCalls("to have been called, by number, with", (calls, index, ...values) =>
  at(calls, index, values));
const returned = onReturns("to have returned", (values) => values.length > 0);
const returnedTimes = onReturns("to have returned times", (values, count) => values.length === count);

export const mockMatchers = {
  toHaveBeenCalled: called,
  toBeCalled: called,
  toHaveBeenCalledTimes: calledTimes,
  toBeCalledTimes: calledTimes,
  toHaveBeenCalledOnce: onCalls("to have been called once", (calls) => calls.length === 1),
  toHaveBeenCalledWith: calledWith,
  toBeCalledWith: calledWith,
  toHaveBeenLastCalledWith: lastCalledWith,
  lastCalledWith,
  toHaveBeenNthCalledWith: nthCalledWith,
  nthCalledWith,
  toHaveBeenCalledExactlyOnceWith: onCalls("to have been called exactly once with",
    (calls, ...values) => calls.length === 1 && equals(calls[0], values)),
  toHaveBeenCalledBefore: (mock, other) => {
    const [mine, others] = order(mock, other);
    return { pass: mine.length > 0 && (others.length === 0 || mine[0] < others.at(-1)) };
  },
  toHaveBeenCalledAfter: (mock, other) => {
    const [mine, others] = order(mock, other);
    return { pass: mine.length > 0 && others.length > 0 && mine.at(-1) > others[0] };
  },
  toHaveReturned: returned,
  toReturn: returned,
  toHaveReturnedTimes: returnedTimes,
  toReturnTimes: returnedTimes,
  toHaveReturnedWith: onReturns("to have returned with", some),
  toReturnWith: onReturns("to have returned with", some),
  toHaveLastReturnedWith: onReturns("to have last returned", last),
  toHaveNthReturnedWith: onReturns("to have returned, by number,", at),
  toHaveResolved: onResolved("to have resolved", (values) => values.length > 0),
  toHaveResolvedTimes: onResolved("to have resolved times", (values, count) => values.length === count),
  toHaveResolvedWith: onResolved("to have resolved with", some),
  toHaveLastResolvedWith: onResolved("to have last resolved with", last),
  toHaveNthResolvedWith: onResolved("to have resolved, by number, with", at),
};
