// Names of what a global object holds, by how it is closed before a job runs (`lockdown.mjs`).
export const INTRINSICS = [
  "Object", "Function", "Array", "String", "Number", "Boolean", "Symbol", "BigInt", "Math", "JSON",
  "Reflect", "Proxy", "Promise", "RegExp", "Date", "Map", "Set", "WeakMap", "WeakSet", "WeakRef",
  "FinalizationRegistry", "ArrayBuffer", "SharedArrayBuffer", "DataView", "Atomics", "Error",
  "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError",
  "AggregateError", "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array",
  "Int32Array", "Uint32Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array",
  "Iterator", "Intl", "WebAssembly", "parseInt", "parseFloat", "isNaN", "isFinite", "encodeURI",
  "encodeURIComponent", "decodeURI", "decodeURIComponent", "escape", "unescape", "eval", "NaN",
  "Infinity", "undefined", "Float16Array", "DisposableStack", "AsyncDisposableStack",
  "SuppressedError",
];
export const PLATFORM = ["URL", "URLSearchParams", "TextEncoder", "TextDecoder", "Buffer", "structuredClone"];
export const CLASSES = ["AbortController", "AbortSignal", "Blob", "CustomEvent", "DOMException", "Event", "EventTarget",
  "File", "MessageChannel", "MessagePort", "Navigator", "Performance", "PerformanceEntry", "PerformanceMark",
  "PerformanceMeasure", "PerformanceObserver"];
// Even to look at one of these loads code, up to 30 ms of it, longer than most jobs take: they are frozen
// for jobs that name one of them. Where nothing of a job does, no test compares with them either.
export const COSTLY = ["BroadcastChannel", "ByteLengthQueuingStrategy", "CloseEvent", "CompressionStream",
  "CountQueuingStrategy", "Crypto", "CryptoKey", "DecompressionStream", "EventSource", "FormData", "Headers",
  "MessageEvent", "ReadableStream", "ReadableStreamDefaultReader", "Request", "Response", "SubtleCrypto",
  "TextDecoderStream", "TextEncoderStream", "TransformStream", "URLPattern", "WebSocket", "WritableStream"];
export const NAMES_COSTLY = new RegExp(`\\b(?:fetch|subtle|stream|${COSTLY.join("|")})\\b`);
export const FAKED = ["Date", "Intl", "setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate",
  "clearImmediate", "queueMicrotask", "performance", "console", "fetch"];
