// What the sandboxed Node does for a suite that is judged by its own vitest: gets ready, waits for one job, lays out
// its files, runs vitest on them, and reports.
//
// Code of a job never runs in this process: vitest runs it in forks of this one. What such a fork tells vitest, and so
// this process, is not to be believed by itself (`pool.py`); the words of the channel it never has.
import fs from "node:fs";
import path from "node:path";

import { confineForks, watchMemory } from "./confined.mjs";
import { Fault, Session, nearestConfig, vitestOf } from "./session.mjs";
import { bodyOf, sayReady, take } from "./wire.mjs";

const [, , , MEMORY, TREE, FOLDER] = process.argv;
const DETAIL = 2_000;
/** Milliseconds after a report in which the parent ends this process. */
const PATIENCE = 10_000;
/** Milliseconds of all that follows a first report after which nothing begins but the last of some rounds. */
const FURTHER = 60_000;

confineForks(Number(MEMORY), FOLDER);
const isStarved = watchMemory();

/** Writes files of a job. */
function layOut(files) {
  for (const [name, text] of Object.entries(files)) {
    const place = path.join(TREE, name);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.writeFileSync(place, text);
  }
}

const keyOf = (test) => JSON.stringify(nearestConfig(test));

class Judge {
  #sessions = new Map();
  #files;
  #placed = [];

  constructor(files) {
    layOut(files);
    this.#files = files;
  }

  /** Puts texts in the place of files, and those back that stood there before. */
  put(overlay) {
    const back = this.#placed.filter((name) => !(name in overlay));
    layOut(Object.fromEntries(back.filter((name) => name in this.#files).map((name) => [name, this.#files[name]])));
    for (const name of back.filter((one) => !(one in this.#files))) fs.rmSync(path.join(TREE, name));
    layOut(overlay);
    this.#placed = Object.keys(overlay);
    for (const { vitest } of this.#sessions.values()) {
      for (const name of [...back, ...this.#placed]) vitest.invalidateFile(path.join(TREE, name));
    }
  }

  /** Has what the configuration loads run here, before any text stands in the place of a file. */
  async open(tests) {
    for (const key of Map.groupBy(tests, keyOf).keys()) {
      if (!this.#sessions.has(key)) this.#sessions.set(key, await Session.open(JSON.parse(key)));
    }
  }

  async run(tests) {
    const told = { status: "finished", rows: [], detail: "", seconds: 0 };
    for (const [key, ones] of Map.groupBy(tests, keyOf)) {
      const found = await this.#sessions.get(key).run(ones);
      told.rows.push(...found.rows);
      told.seconds += found.seconds;
      told.detail ||= found.detail;
      if (told.status === "finished") told.status = found.status !== "finished" && isStarved() ? "out_of_memory" : found.status;
    }
    return told;
  }

  /** Fails where a text that stands in the place of a file is no code. */
  async parse(overlay, tests) {
    const vite = (await vitestOf(nearestConfig(tests[0]).root))?.vite;
    const transform = vite && (vite.transformWithOxc ?? vite.transformWithEsbuild);
    for (const [name, text] of Object.entries(overlay)) {
      if (tests.includes(name) || !/\.[cm]?[jt]sx?$/.test(name)) continue;
      try {
        await transform(text, path.join(TREE, name), {});
      } catch (error) {
        throw new Fault("syntax_error", `${name}: ${error.message}`);
      }
    }
  }

  get loaded() {
    const all = [...this.#sessions.values()].flatMap((one) => [...one.loaded]);
    const ours = all.filter((id) => id.startsWith(`${TREE}/`) && !id.includes("/node_modules/"));
    return [...new Set(ours.map((id) => path.relative(TREE, id)))].sort();
  }
}

async function judged(overlay, { tests }, judge) {
  try {
    await judge.open(tests);
    judge.put(overlay);
    await judge.parse(overlay, tests);
    return await judge.run(tests);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { status: error.status, rows: [], detail: error.message, seconds: 0 };
  }
}

/** Judges what follows a first report, each overlay in a process of its own; see rounds.mjs of our own judge. */
class Following {
  #began = performance.now();

  constructor(job, judge) {
    Object.assign(this, { job, judge });
  }

  get isOver() {
    return performance.now() - this.#began > FURTHER;
  }

  /** Rounds, of which the last is judged in any case; none where one cannot be told. */
  async rounds(overlays) {
    const told = [];
    for (const [number, overlay] of overlays.entries()) {
      if (number < overlays.length - 1 && this.isOver) continue;
      const one = await this.#told(overlay);
      if (one[0] === "crashed") return [];
      told.push(one);
    }
    return told;
  }

  /** Sections, as far as time allows and as long as each is followed by rounds. */
  async sections(last) {
    const told = [];
    for (const { overlay, rounds } of this.job.sections) {
      if (!last.length || this.isOver) break;
      const one = await this.#told(overlay);
      if (one[0] === "crashed") break;
      last = one[0] === "finished" ? await this.rounds(rounds) : [];
      told.push([...one, last]);
    }
    return told;
  }

  async #told(overlay) {
    const from = performance.now();
    const { status, rows } = await judged(overlay, this.job, this.judge);
    const [, short] = bodyOf({ status, rows: rows.map((row) => [...row.slice(0, 3), ""]) });
    return [status, short, "", (performance.now() - from) / 1_000];
  }
}

async function main() {
  await vitestOf(TREE);
  sayReady();
  const [job, send] = take();
  process.chdir(TREE);
  const judge = new Judge(job.files);
  const first = await judged(job.overlay, job, judge);
  if (first.status === "crashed") throw new Error(`a process of vitest ended: ${first.detail}`);
  const said = first.detail.slice(0, DETAIL).toWellFormed();
  const beside = JSON.stringify({ said, seconds: first.seconds, files: judge.loaded });
  const following = new Following(job, judge);
  const rounds = first.status === "finished" ? await following.rounds(job.rounds) : [];
  const sections = await following.sections(rounds);
  send([...bodyOf(first), beside, rounds, sections]);
  setTimeout(() => process.exit(0), PATIENCE);
}

main().catch((error) => {
  process.stderr.write(`the runner failed: ${String(error?.stack ?? error).replace(/\n/g, " | ")}\n`);
  process.exit(1);
});
