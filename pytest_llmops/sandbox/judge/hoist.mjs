// What the compiler takes from npm: the entry of its bundle.
export { hoistMocks } from "@vitest/mocker/transforms";
export { parse } from "acorn";
export { default as remapping } from "@jridgewell/remapping";
