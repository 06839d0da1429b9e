// Entry of the sandboxed process: gets ready, waits for one job, judges it, reports and ends.
//
// What it reads and writes is told in channel.mjs. Code of the job runs in between and can write
// anything anywhere, but it cannot know the words that make a report valid.
import { pruneProcess } from "./builtins.mjs";
import { announce, giveUp, takeJob } from "./channel.mjs";
import { expect } from "./expect.mjs";
import { messageOf } from "./format.mjs";
import { lockdown } from "./lockdown.mjs";
import { Loader } from "./loader.mjs";
import { runFile } from "./run.mjs";
import { isStarvation } from "./starvation.mjs";
import { collect } from "./suite.mjs";
import { settle } from "./timers.mjs";
import { noteUnhandled } from "./unhandled.mjs";
import { reset } from "./vi.mjs";

const DETAIL_LIMIT = 2_000;
const noted = [];

async function judgeFile(name, job, report) {
  const loader = new Loader(job.files, job.options.root);
  let root;
  try {
    root = await collect(() => loader.load(name));
  } catch (error) {
    report.status = "load_error";
    if (isStarvation(error)) report.status = "out_of_memory";
    noted.push(`${name}: ${messageOf(error)}`);
    return;
  }
  const { results, thrown } = await runFile(name, root, expect);
  await settle(); // rejections that nobody handles are told one turn later
  report.results.push(...results);
  if (results.some((result) => result.starved)) report.status = "out_of_memory";
  for (const error of thrown) noted.push(`${name}: after all tests: ${messageOf(error)}`);
}

async function main() {
  noteUnhandled(noted);
  pruneProcess();
  lockdown();
  announce();
  const { job, report: send } = takeJob();
  const report = { status: "finished", results: [], detail: "" };
  const finish = () => {
    report.detail = noted.join("\n").slice(0, DETAIL_LIMIT);
    send(report);
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

main().catch((error) => giveUp(`the runner failed: ${messageOf(error)}`));
