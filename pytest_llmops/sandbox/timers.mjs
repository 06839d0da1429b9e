// Fake timers: a clock that only moves when a test says so.
import { guard, override } from "./lockdown.mjs";

const real = {
  Date, performance: globalThis.performance,
  now: performance.now.bind(performance),
};
for (const name of ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate",
  "clearImmediate"]) real[name] = globalThis[name];

export const realTimers = Object.freeze(real);
const LOOP_LIMIT = 10_000;
// As large as a timer of node can wait; longer ones fire at once, here as there.
const LONGEST = 2 ** 31 - 1;

let clock = null;

/** One waiting callback; stands for node's Timeout object. */
class Timer {
  constructor(owner, callback, values, due, interval) {
    Object.assign(this, { id: ++owner.lastId, due, interval });
    Object.defineProperty(this, "fire", { value: () => callback(...values) });
    Object.defineProperty(this, "owner", { value: owner });
  }

  ref() { return this; }
  unref() { return this; }
  hasRef() { return true; }
  refresh() {
    this.due = this.owner.now + (this.delay ?? 0);
    this.owner.timers.set(this.id, this);
    return this;
  }
  close() { return this.owner.remove(this); }
  [Symbol.toPrimitive]() { return this.id; }
  [Symbol.dispose]() { this.owner.remove(this); }
}

class Clock {
  lastId = 0;
  timers = new Map();

  constructor(start) {
    this.now = start;
    this.started = start;
  }

  add(callback, delay, values, repeat) {
    if (typeof callback !== "function") throw new TypeError("The \"callback\" argument must be of type function");
    const wait = Number(delay) > 0 && Number(delay) <= LONGEST ? Number(delay) : 0;
    const timer = new Timer(this, callback, values, this.now + wait, repeat ? Math.max(1, wait) : 0);
    Object.defineProperty(timer, "delay", { value: wait });
    this.timers.set(timer.id, timer);
    return timer;
  }

  remove(timer) {
    if (timer != null) this.timers.delete(typeof timer === "object" ? timer.id : Number(timer));
    return timer;
  }

  next(until = Infinity) {
    let first = null;
    for (const timer of this.timers.values()) {
      if (timer.due <= until && (!first || timer.due < first.due)) first = timer;
    }
    return first;
  }

  fire(timer) {
    this.now = Math.max(this.now, timer.due);
    if (timer.interval) timer.due += timer.interval;
    else this.timers.delete(timer.id);
    timer.fire();
  }
}

function fakeDate() {
  const Real = real.Date;
  function FakeDate(...values) {
    if (!new.target) return new Real(clock.now).toString();
    return Reflect.construct(Real, values.length ? values : [clock.now], new.target);
  }
  Object.setPrototypeOf(FakeDate, Real);
  FakeDate.prototype = Real.prototype;
  Object.defineProperty(FakeDate, "now", { value: () => clock.now, writable: true, configurable: true });
  Object.defineProperty(FakeDate, "name", { value: "Date" });
  guard(FakeDate, ["now"]);
  // Dates made by either constructor are instances of both: they share one prototype.
  return Object.freeze(FakeDate);
}

function fakes() {
  const add = (repeat) => (callback, delay, ...values) => clock.add(callback, delay, values, repeat);
  const remove = (timer) => void clock.remove(timer);
  const performance = Object.create(real.performance, {
    now: { value: () => clock.now - clock.started, writable: true, configurable: true },
  });
  return {
    setTimeout: add(false), clearTimeout: remove, setInterval: add(true), clearInterval: remove,
    setImmediate: (callback, ...values) => clock.add(callback, 0, values, false),
    clearImmediate: remove, Date: fakeDate(), performance,
  };
}

const timeOf = (value) => (value instanceof real.Date ? value.getTime() : Number(new real.Date(value)));

/** Lets promise reactions and real I/O callbacks that are ready run. */
export const settle = () => new Promise((resolve) => real.setImmediate(resolve));

export function useFakeTimers({ now, toFake, toNotFake = [] } = {}) {
  useRealTimers();
  clock = new Clock(now === undefined ? real.Date.now() : timeOf(now));
  const all = fakes();
  for (const name of toFake ?? Object.keys(all)) {
    if (name in all && !toNotFake.includes(name)) override(globalThis, name, all[name]);
  }
}

export function useRealTimers() {
  clock = null;
  for (const name of Object.keys(fakes())) override(globalThis, name, real[name]);
}

export const isFakeTimers = () => clock !== null;

function running() {
  if (clock) return clock;
  throw new Error("Timers are not mocked. Try calling \"vi.useFakeTimers()\" first.");
}

export function setSystemTime(value) {
  const time = timeOf(value);
  if (clock) {
    const shift = time - clock.now;
    clock.now = time;
    clock.started += shift;
    for (const timer of clock.timers.values()) timer.due += shift;
    return;
  }
  // Without fake timers only the date stands still.
  clock = new Clock(time);
  override(globalThis, "Date", fakeDate());
}

export const getMockedSystemTime = () => (clock ? new real.Date(clock.now) : null);
export const getRealSystemTime = () => real.Date.now();
export const getTimerCount = () => running().timers.size;
export const clearAllTimers = () => running().timers.clear();

function* advance(milliseconds) {
  const { now } = running();
  const until = now + milliseconds;
  for (let timer = clock.next(until); timer; timer = clock?.next(until)) yield timer;
  if (clock) clock.now = Math.max(clock.now, until);
}

function* all() {
  let count = 0;
  for (let timer = running().next(); timer; timer = clock?.next()) {
    if (++count > LOOP_LIMIT) {
      throw new Error(`Aborting after running ${LOOP_LIMIT} timers, assuming an infinite loop!`);
    }
    yield timer;
  }
}

function* pending() {
  const waiting = [...running().timers.values()];
  const last = Math.max(...waiting.map((timer) => timer.due), clock.now);
  for (const timer of waiting.sort((a, b) => a.due - b.due || a.id - b.id)) {
    if (timer.due <= last && clock?.timers.has(timer.id)) yield timer;
  }
}

function* steps(count) {
  for (let step = 0; step < count; step++) {
    const timer = running().next();
    if (!timer) return;
    yield timer;
  }
}

function run(timers) {
  const owner = running();
  for (const timer of timers) owner.fire(timer);
}

async function runAsync(timers) {
  const owner = running();
  await settle();
  for (const timer of timers) {
    owner.fire(timer);
    await settle();
  }
  await settle();
}

export const advanceTimersByTime = (milliseconds) => run(advance(milliseconds));
export const advanceTimersByTimeAsync = (milliseconds) => runAsync(advance(milliseconds));
export const runAllTimers = () => run(all());
export const runAllTimersAsync = () => runAsync(all());
export const runOnlyPendingTimers = () => run(pending());
export const runOnlyPendingTimersAsync = () => runAsync(pending());
export const advanceTimersToNextTimer = (count = 1) => run(steps(count));
export const advanceTimersToNextTimerAsync = (count = 1) => runAsync(steps(count));
