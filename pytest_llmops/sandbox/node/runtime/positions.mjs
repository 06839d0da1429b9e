// Stacks tell lines and columns of the sources, not of what the compiler made of them, and to code of a job
// nothing of the judge that called it: a getter must not see which comparison it is read for.
//
// The engine asks `Error.prepareStackTrace` for the text of a stack, and the property is closed with the
// rest of the language, so that nobody else answers. Maps are decoded for files that a stack names.
const DIGITS = new Map([..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"]
  .map((letter, value) => [letter, value]));

/** The numbers of one segment of a source map. */
function numbersOf(segment) {
  const numbers = [];
  let [value, shift] = [0, 0];
  for (const letter of segment) {
    const digit = DIGITS.get(letter);
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >>> 1) : value >>> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

/** For each line of the compiled text its segments: column, line of the source, column there. */
function decoded(mappings) {
  let [line, column] = [0, 0];
  return mappings.split(";").map((text) => {
    let at = 0;
    const segments = [];
    for (const segment of text ? text.split(",") : []) {
      const [forward, , down, right] = numbersOf(segment);
      at += forward;
      if (down === undefined) continue;
      line += down;
      column += right;
      segments.push([at, line, column]);
    }
    return segments;
  });
}

// The script that the judge is.
const JUDGE = process.argv[4];

const isJudge = (site) => site.getFileName?.() === JUDGE;
// Frames without a file are the language's own, or of code that a job made of a text.
const isJob = (site) => (site.getFileName?.() ? !isJudge(site) : site.isEval?.() === true);

/** The frames of a stack that code of a job may see: they end where the judge called it. */
function seen(sites) {
  const first = sites.findIndex(isJob);
  const end = first < 0 ? -1 : sites.findIndex((site, index) => index > first && isJudge(site));
  return end < 0 ? sites : sites.slice(0, end);
}

/** Text of an error before its stack, as the engine has it. */
function headOf(error) {
  try {
    return String(Error.prototype.toString.call(error));
  } catch {
    return "<error>";
  }
}

/** Where the texts of the current job come from. */
export class Positions {
  #files = {};
  #modules = null;
  #maps = new Map();

  constructor() {
    // Joined by `+`, which copies no message however long.
    Error.prepareStackTrace = (error, sites) =>
      headOf(error) + seen(sites).map((site) => `\n    at ${this.#told(site)}`).join("");
  }

  /** Tells of whose texts stacks will speak from now on. */
  use(job, modules) {
    this.#files = job.files;
    this.#modules = modules;
    this.#maps.clear();
  }

  #told(site) {
    const text = String(site);
    const path = site.getFileName?.();
    const name = typeof path === "string" ? this.#modules?.nameOf(path) : null;
    if (!name || !Object.hasOwn(this.#files, name)) return text;
    const found = this.#original(name, site.getLineNumber(), site.getColumnNumber());
    return found ? text.replace(/:\d+:\d+(\)?)$/, `:${found[0]}:${found[1]}$1`) : text;
  }

  #original(name, line, column) {
    const { map } = this.#files[name];
    if (!map) return null;
    if (!this.#maps.has(name)) this.#maps.set(name, decoded(map));
    const segments = this.#maps.get(name)[line - 1] ?? [];
    const found = segments.findLast(([at]) => at <= column - 1) ?? segments[0];
    return found ? [found[1] + 1, found[2] + 1] : null;
  }
}
