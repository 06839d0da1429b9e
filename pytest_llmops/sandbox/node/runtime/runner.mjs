// What a sandboxed process does (`start.cjs` is its entry): gets ready, waits for one job, judges it, reports and ends.
//
// What it reads and writes is told in channel.mjs. Code of the job runs in between and can write
// anything anywhere, but it cannot know the words that make a report valid. "judge" is the bundle of
// vitest's runtime, with which this is made one script.
import * as judge from "judge";

import { announce, giveUp, takeJob } from "./channel.mjs";
import { clock } from "./clock.mjs";
import { hardenNamed } from "./lockdown.mjs";
import { messageOf } from "./results.mjs";
import { Rounds } from "./rounds.mjs";
import { isStarvation } from "./starvation.mjs";
import { namedBy } from "./stored.mjs";
import { noteUnhandled } from "./unhandled.mjs";
import { makeHost } from "./wiring.mjs";

const DETAIL_LIMIT = 2_000;
const onIdle = process.on.bind(process, "beforeExit");
const later = setImmediate;
const noted = [];

async function judgeFile(host, name, job, { report, ends }) {
  const { results, thrown, starved, loadError } = await host.run(name, job, (title) => ends(name, title));
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
  let report = null;
  const ended = () => {
    if (forbidden.length) report.status = "forbidden_import";
    report.detail = [...forbidden.splice(0), ...noted.splice(0)].join("\n").slice(0, DETAIL_LIMIT);
    return report;
  };
  const judgeFiles = async (tests, given, ends = () => false) => {
    const start = clock();
    report = { status: "finished", results: [], detail: "" };
    for (const name of tests) {
      await judgeFile(host, name, given, { report, ends });
      if (report.results.some((one) => !one.passed && ends(one.file, one.title))) break;
    }
    return { ...ended(), seconds: (clock() - start) / 1_000 };
  };
  const rounds = job.rounds && new Rounds(job, judgeFiles);
  onIdle(() => {
    // Nothing is left that could ever go on: a top-level await that nobody settles.
    report.status = "load_error";
    noted.push("a module or a suite waits for something that never happens");
    const last = ended();
    send(rounds?.broken() ?? last);
  });
  hardenNamed([...textsOf(job), ...namedBy(job.options)]);
  host.falsify(job.options.falsify, job.options.wary);
  const first = await judgeFiles(job.tests, job);
  host.sharePackages();
  await rounds?.after(first);
  send(rounds?.report ?? first);
}

/** All code of a job. */
function textsOf({ files, rounds = [], sections = [] }) {
  const own = Object.values(files).map((file) => String(file.code));
  return [...own, ...[...rounds, ...sections].flatMap(textsOf)];
}

main().catch((error) => giveUp(`the runner failed: ${messageOf(error)}`));
