// Errors that no test can catch: thrown in a timer, a microtask or an event, or rejections that
// nobody handles.
//
// As with vitest they change the verdict on no test: what a test asserted stands. They are told
// beside the results. Node hands them over by `process._fatalException`, which must stay in place,
// and to one private callback, which no listener of a job precedes and none can remove.
import { messageOf } from "./results.mjs";

const LIMIT = 5;

/** Adds the messages of the first few such errors to `noted`. */
export function noteUnhandled(noted) {
  process.setUncaughtExceptionCaptureCallback((error) => {
    if (noted.length < LIMIT) noted.push(`unhandled: ${messageOf(error)}`);
  });
}
