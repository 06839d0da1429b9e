// What the sandbox's host takes from vitest: the entry of the bundle.
export { TestRunner, afterAll, vi } from "vitest";
export * as vitest from "vitest";
export { getCurrentTest as currentTest } from "@vitest/runner";
export { startTests } from "@vitest/runner";
export { createMockInstance } from "@vitest/spy";
export { mockObject } from "@vitest/mocker";
export { setSafeTimers } from "@vitest/utils/timers";
export { enter, facade, hooks, isMatcher, leave, passed, recordedBy } from "./facade.mjs";
