// The sandboxed side of the private channel (channel.py is the other): one job in, one report out.
//
// stdin: 80 bytes of opening word (32 hex digits), closing word (32) and payload length (16), then the
// payload. The descriptor that argv names: one byte when ready, then at the very end opening word,
// length, body and closing word. The two words are known to this module alone until they are
// written, and the closing one is written last: whoever could take over in the middle of a report
// still could not end it.
//
// From the moment a report begins no code of a job runs: it is made of plain texts and numbers by
// functions that were taken before any of that code loaded, nothing is awaited, and no listener is
// called. A descriptor that a job made non-blocking is written to again and again.
const { readSync, writeSync } = process.getBuiltinModule("node:fs");
const { alloc, from } = Buffer;
const { parse, stringify } = JSON;
const { wait } = Atomics;
const unbound = (method) => Function.prototype.call.bind(method);
const wellFormed = unbound(String.prototype.toWellFormed);
const cut = unbound(String.prototype.slice);
const exit = process.reallyExit.bind(process);
const CHANNEL = Number(process.argv[2]);
const WORD = 32;
const HEADER = 80;
const TITLE_LIMIT = 10_000;
const MESSAGE_LIMIT = 2_000;
// Characters of all messages of a report together; later ones are left out.
const TOTAL_LIMIT = 500_000;
// Milliseconds after a report in which the parent ends this process.
const PATIENCE = 10_000;
const never = new Int32Array(new SharedArrayBuffer(4));

function readExactly(length) {
  const buffer = alloc(length);
  for (let filled = 0; filled < length;) {
    const count = readSync(0, buffer, filled, length - filled, null);
    if (count === 0) exit(0); // the parent has no job for this process
    filled += count;
  }
  return buffer;
}

function writeAll(bytes) {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(CHANNEL, bytes, done, bytes.length - done);
    } catch (error) {
      if (error.code !== "EAGAIN") exit(1); // nobody listens, or a job closed the descriptor
      wait(never, 0, 0, 1); // until the parent has read some
    }
  }
}

/** Texts of a report, which together stay within a bound; lone surrogates become U+FFFD. */
function bounded() {
  let left = TOTAL_LIMIT;
  return (value) => {
    const text = typeof value === "string" ? cut(value, 0, MESSAGE_LIMIT < left ? MESSAGE_LIMIT : left) : "";
    left -= text.length;
    return wellFormed(text);
  };
}

// Lists in the place of objects: what has no keys has none twice.
function rowsOf(results, told) {
  const rows = [];
  for (let index = 0; index < results.length; index++) {
    const { file, title, passed, message, refuted, held, unsure } = results[index];
    const name = wellFormed(cut(title, 0, TITLE_LIMIT));
    rows[index] = [file, name, passed === true, told(message), refuted, held, unsure];
  }
  return rows;
}

// Of what follows nobody reads the messages.
function listOf(reports, told) {
  const list = [];
  for (let index = 0; index < reports.length; index++) {
    const { status, results, detail, seconds, rounds } = reports[index];
    const own = [status, rowsOf(results, () => ""), told(detail), seconds];
    list[index] = rounds ? [...own, listOf(rounds, told)] : own;
  }
  return list;
}

function bodyOf({ status, results, detail, rounds, sections }) {
  const told = bounded();
  const head = told(detail);
  const body = [status, rowsOf(results, told), head];
  return stringify(rounds ? [...body, listOf(rounds, told), listOf(sections, told)] : body);
}

/** Ends this process with one line on stderr: the runner cannot go on. */
export function giveUp(reason) {
  writeSync(2, `${wellFormed(cut(reason, 0, MESSAGE_LIMIT))}\n`);
  exit(70);
}

/** Says that this process can take a job. */
export const announce = () => writeAll(from("R"));

/** Waits for a job; returns it and the function that reports on it and waits for the end. */
export function takeJob() {
  const header = readExactly(HEADER);
  const opening = header.latin1Slice(0, WORD);
  const closing = header.latin1Slice(WORD, 2 * WORD);
  const length = Number.parseInt(header.latin1Slice(2 * WORD, HEADER), 16);
  header.fill(0);
  const payload = readExactly(length);
  const job = parse(payload.utf8Slice(0, length));
  payload.fill(0);
  const report = (outcome) => {
    const body = from(bodyOf(outcome), "utf8");
    const size = body.length.toString(16).padStart(16, "0");
    writeAll(from(`${opening}${size}`));
    writeAll(body);
    writeAll(from(closing));
    wait(never, 0, 0, PATIENCE); // only a living process tells how much memory it took; the parent looks, and ends it
    exit(0);
  };
  return { job, report };
}
