// Entry of the sandboxed process: gets ready, waits for one job, judges it, reports and ends.
//
// stdin: 64 bytes of nonce (32 hex digits) and payload length (16 hex digits), then the payload of
// transform.mjs. The descriptor that argv names: one byte when ready, then at the very end nonce,
// length and report in one message. Code of the job runs in between and can write anything anywhere,
// but it cannot know the nonce: this module alone holds it, and wipes its buffer before any of that
// code loads.
import { pruneProcess } from "./builtins.mjs";
import { expect } from "./expect.mjs";
import { messageOf } from "./format.mjs";
import { lockdown } from "./lockdown.mjs";
import { Loader } from "./loader.mjs";
import { runFile } from "./run.mjs";
import { collect } from "./suite.mjs";
import { settle } from "./timers.mjs";
import { reset } from "./vi.mjs";

const { readSync, writeSync } = process.getBuiltinModule("node:fs");
const CHANNEL = Number(process.argv[2]);
const HEADER = 64;
const DETAIL_LIMIT = 2_000;
const { exit, resources } = { exit: process.reallyExit.bind(process), resources: process.resourceUsage };

function readExactly(length) {
  const buffer = Buffer.alloc(length);
  for (let filled = 0; filled < length;) {
    const count = readSync(0, buffer, filled, length - filled, null);
    if (count === 0) exit(0); // the parent has no job for this process
    filled += count;
  }
  return buffer;
}

function writeAll(text) {
  const bytes = Buffer.from(text, "utf8");
  for (let done = 0; done < bytes.length;) done += writeSync(CHANNEL, bytes, done);
}

function readJob() {
  const header = readExactly(HEADER);
  const nonce = header.latin1Slice(0, 32);
  const length = Number.parseInt(header.latin1Slice(32, 48), 16);
  header.fill(0);
  const payload = readExactly(length);
  const job = JSON.parse(payload.utf8Slice(0, length));
  payload.fill(0);
  return { nonce, job };
}

const noted = [];

function noteUnhandled() {
  const note = (error) => {
    if (noted.length < 5) noted.push(`unhandled: ${messageOf(error)}`);
  };
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
}

async function judgeFile(name, job, report) {
  const loader = new Loader(job.files, job.options.root);
  let root;
  try {
    root = await collect(() => loader.load(name));
  } catch (error) {
    report.status = "load_error";
    noted.push(`${name}: ${messageOf(error)}`);
    return;
  }
  const { results, thrown } = await runFile(name, root, expect);
  await settle(); // rejections that nobody handles are told one turn later
  report.results.push(...results);
  for (const error of thrown) noted.push(`${name}: after all tests: ${messageOf(error)}`);
}

async function main() {
  pruneProcess();
  lockdown();
  noteUnhandled();
  writeSync(CHANNEL, "R");
  const { nonce, job } = readJob();
  const report = { status: "finished", results: [], detail: "", peak_memory: 0 };
  const finish = () => {
    report.detail = noted.join("\n").slice(0, DETAIL_LIMIT);
    report.peak_memory = resources().maxRSS * 1024;
    const body = JSON.stringify(report);
    const length = Buffer.byteLength(body).toString(16).padStart(16, "0");
    writeAll(`${nonce}${length}${body}`);
    exit(0);
  };
  process.on("beforeExit", () => {
    // Nothing is left that could ever go on: a top-level await that nobody settles.
    report.status = "load_error";
    noted.push("a module or a suite waits for something that never happens");
    finish();
  });
  for (const name of job.tests) {
    await judgeFile(name, job, report);
    reset();
  }
  finish();
}

main();
