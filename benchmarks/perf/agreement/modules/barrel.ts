export * from "./syntax";
export * as all from "./types";
export { default as Default } from "./syntax";
