// The sandboxed side of the private channel, as `channel.mjs` of our own judge has it: one job in, one report out.
import fs from "node:fs";

const CHANNEL = Number(process.argv[2]);
const WORD = 32;
const HEADER = 80;
const LIMITS = { title: 10_000, message: 2_000, messages: 500_000 };
const never = new Int32Array(new SharedArrayBuffer(4));

/** Reads or writes where vitest has made a descriptor one that does not wait. */
function patiently(act) {
  for (;;) {
    try {
      return act();
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(never, 0, 0, 2);
    }
  }
}

function readExactly(length) {
  const buffer = Buffer.alloc(length);
  for (let filled = 0; filled < length;) {
    const count = patiently(() => fs.readSync(0, buffer, filled, length - filled, null));
    if (count === 0) process.exit(0); // the parent has no job for this process
    filled += count;
  }
  return buffer;
}

function writeAll(bytes) {
  for (let done = 0; done < bytes.length;) done += patiently(() => fs.writeSync(CHANNEL, bytes, done));
}

export const sayReady = () => writeAll(Buffer.from("R"));

/** Waits for the job; gives it with what sends its report. */
export function take() {
  const header = readExactly(HEADER);
  const job = JSON.parse(readExactly(parseInt(header.subarray(2 * WORD), 16)).toString("utf-8"));
  return [job, (report) => {
    const bytes = Buffer.from(JSON.stringify(report));
    const length = Buffer.from(bytes.length.toString(16).padStart(16, "0"));
    writeAll(Buffer.concat([header.subarray(0, WORD), length, bytes, header.subarray(WORD, 2 * WORD)]));
  }];
}

/** Status and rows of a report, its texts within their bounds. */
export function bodyOf({ status, rows }) {
  let left = LIMITS.messages;
  const told = rows.map(([file, title, passed, said]) => {
    const message = String(said).slice(0, Math.min(LIMITS.message, left));
    left -= message.length;
    return [file, title.slice(0, LIMITS.title), passed, message, 0, 0, 0].map((one) => (typeof one === "string" ? one.toWellFormed() : one));
  });
  return [status, told];
}
