// The difference of two answers, by lines: longest common subsequence between equal ends.

const MOST_CELLS = 4_000_000;

/** Pairs of lines [before, after]; null where one side has no line. */
function lineDiff(before, after) {
  const a = before.split("\n");
  const b = after.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) {
    end += 1;
  }
  const same = (line) => [line, line];
  const middle = inner(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return [...a.slice(0, start).map(same), ...middle, ...a.slice(a.length - end).map(same)];
}

function inner(a, b) {
  if (a.length * b.length > MOST_CELLS) return beside(a, b);
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j]
        ? lengths[(i + 1) * width + j + 1] + 1
        : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  const pairs = [];
  let i = 0;
  let j = 0;
  let was = [];
  let now = [];
  const flush = () => { pairs.push(...beside(was, now)); was = []; now = []; };
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      flush();
      pairs.push([a[i++], b[j++]]);
    } else if (j >= b.length || (i < a.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
      was.push(a[i++]);
    } else {
      now.push(b[j++]);
    }
  }
  flush();
  return pairs;
}

function beside(was, now) {
  const rows = Math.max(was.length, now.length);
  return Array.from({ length: rows }, (_, at) => [was[at] ?? null, now[at] ?? null]);
}

function cell(line, kind) {
  return make("div", line === null ? "gap" : kind, line ?? "");
}

/** Draw a difference: side by side, or one column with what was before what is. */
function diffElement(before, after, sideBySide) {
  const element = make("div", sideBySide ? "diff two" : "diff");
  let held = [];
  for (const [was, now] of lineDiff(before, after)) {
    const equal = was === now;
    if (sideBySide) {
      element.append(cell(was, equal ? "same" : "was"), cell(now, equal ? "same" : "now"));
    } else if (equal) {
      element.append(...held, cell(was, "same"));
      held = [];
    } else {
      if (was !== null) element.append(cell(was, "was"));
      if (now !== null) held.push(cell(now, "now"));
    }
  }
  element.append(...held);
  return element;
}
