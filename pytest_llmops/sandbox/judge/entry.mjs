// What the sandbox's host takes from vitest: the entry of the bundle.
export { TestRunner, afterAll, vi } from "vitest";
export * as vitest from "vitest";
export { startTests } from "@vitest/runner";
export { createMockInstance } from "@vitest/spy";
export { mockObject } from "@vitest/mocker";
export { setSafeTimers } from "@vitest/utils/timers";
export { facade, hooks, isMatcher, recordedBy } from "./facade.mjs";
