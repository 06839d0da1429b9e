// What a sandboxed process does (`start.cjs` is its entry): gets ready, waits for one job, judges it, reports and ends.
//
// What it reads and writes is told in channel.mjs. Code of the job runs in between and can write
// anything anywhere, but it cannot know the words that make a report valid. "judge" is the bundle of
// vitest's runtime, with which this is made one script.
import * as judge from "judge";

import { announce, giveUp, takeJob } from "./channel.mjs";
import { hardenNamed } from "./lockdown.mjs";
import { messageOf } from "./results.mjs";
import { isStarvation } from "./starvation.mjs";
import { namedBy } from "./stored.mjs";
import { noteUnhandled } from "./unhandled.mjs";
import { makeHost } from "./wiring.mjs";

const DETAIL_LIMIT = 2_000;
const onIdle = process.on.bind(process, "beforeExit");
const later = setImmediate;
const noted = [];

async function judgeFile(host, name, job, report) {
  const { results, thrown, starved, loadError } = await host.run(name, job);
  if (starved || (loadError && isStarvation(loadError.thrown))) report.status = "out_of_memory";
  else if (loadError) report.status = "load_error";
  if (loadError) {
    noted.push(`${name}: ${messageOf(loadError.thrown)}`);
    return;
  }
  await new Promise((resolve) => later(resolve)); // rejections that nobody handles are told one turn later
  report.results.push(...results);
  for (const error of thrown) noted.push(`${name}: after all tests: ${messageOf(error)}`);
}

async function main() {
  noteUnhandled(noted);
  const { host, forbidden } = makeHost(judge);
  announce();
  const { job, report: send } = takeJob();
  const report = { status: "finished", results: [], detail: "" };
  const finish = () => {
    if (forbidden.length) report.status = "forbidden_import";
    report.detail = [...forbidden, ...noted].join("\n").slice(0, DETAIL_LIMIT);
    send(report);
  };
  onIdle(() => {
    // Nothing is left that could ever go on: a top-level await that nobody settles.
    report.status = "load_error";
    noted.push("a module or a suite waits for something that never happens");
    finish();
  });
  hardenNamed([...Object.values(job.files).map((file) => String(file.code)), ...namedBy(job.options)]);
  host.falsify(job.options.falsify, job.options.wary);
  for (const name of job.tests) await judgeFile(host, name, job, report);
  finish();
}

main().catch((error) => giveUp(`the runner failed: ${messageOf(error)}`));
