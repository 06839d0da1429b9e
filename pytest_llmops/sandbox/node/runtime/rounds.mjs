// Judges what follows in a job: rounds, which are other overlays in the same process, each with modules of its
// own, and sections, each of them an overlay with rounds. What a process costs is paid once; what one round
// leaves in it (a global, a listener) is there in the next.
//
// So the last of some rounds is a control: the overlay that has to pass everything. Whoever asked believes those
// before it only where it does, and has them judged in processes of their own where it does not.
import { clock } from "./clock.mjs";

const { getBuiltinModule } = process;
/** Milliseconds of an overlay after which no rounds are worth waiting for, and of all after which none begins. */
const FIRST = 5_000;
const ALL = 7_000;

/** Whether one can go on behind a report with rounds: a control was judged. */
const isControlled = ({ rounds }) => rounds.length > 0;

export class Rounds {
  #start = clock();
  #isDone = true;

  /**
   * @param job with `rounds`, `sections` and `expected`, ids of tests; each round has the files in which it differs
   * @param judge judges test files: `judge(tests, job, ends)` resolves to a report
   */
  constructor(job, judge) {
    const { createHash } = getBuiltinModule("node:crypto");
    Object.assign(this, { job, judge, expected: new Set(job.expected), report: null });
    this.isExpected = (file, title) => this.expected.has(
      createHash("sha256").update(`${file}\0${title}`).digest("hex").slice(0, 12));
  }

  /** Judges all, as far as that can tell anything; what is judged so far is in `report`. */
  async after(first) {
    this.report = { ...first, rounds: [], sections: [] };
    await this.#follow(this.report, this.job.rounds);
    let last = this.report;
    for (const { files, rounds } of this.job.sections) {
      if (!isControlled(last) || this.#spent() > ALL) return;
      last = { ...await this.#judge({ files, whole: true }, this.job.tests), rounds: [] };
      this.report.sections.push(last);
      await this.#follow(last, rounds);
    }
  }

  /** What can be told where the process cannot go on: nothing of rounds whose control is not judged. */
  broken() {
    const last = this.report?.sections.at(-1) ?? this.report;
    if (last && !this.#isDone) last.rounds = [];
    return this.report;
  }

  #spent() {
    return clock() - this.#start;
  }

  /** Judges rounds behind a report, where some of its expected tests failed. */
  async #follow(report, [...rounds]) {
    const tests = this.#failing(report);
    if (report.status !== "finished" || !tests.length || report.seconds * 1_000 > FIRST) return;
    const control = rounds.pop();
    this.#isDone = false;
    for (const round of rounds) {
      if (this.#spent() > ALL) break;
      const found = await this.#judge(round, tests);
      report.rounds.push(found);
      // One that told of anything but an expected test that failed is looked at by itself.
      if (found.status !== "finished" || !this.#failing(found).length) break;
    }
    report.rounds.push(await this.#judge(control, tests));
    this.#isDone = true;
  }

  /** The test files of which an expected test failed: with those that notice nothing, nothing is judged. */
  #failing({ results }) {
    const found = new Set(results.filter((one) => !one.passed && this.isExpected(one.file, one.title)).map((one) => one.file));
    return this.job.tests.filter((name) => found.has(name));
  }

  #judge({ files, whole }, tests) {
    const job = { ...this.job, files: { ...this.job.files, ...files } };
    return this.judge(tests, job, (name, title) => !whole && this.isExpected(name, title));
  }
}
