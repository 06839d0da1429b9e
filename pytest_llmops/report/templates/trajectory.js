// One attempt of an agent on a page of its own: turn by turn, with tokens, tool calls and changes.

const LEFT_OUT = "Left out to keep this file small; it is in the records file.";
const EDITS = [["old_text", "new_text"], ["oldText", "newText"], ["old_string", "new_string"], ["old_str", "new_str"]];
const KINDS = [["fresh", "fresh input"], ["cached", "read from cache"], ["cache_write", "written to cache"], ["output", "output"]];

/** Tell every attempt of a case where its page is. */
function placed(detail, index) {
  detail.runs.forEach((run, at) => run.attempts.forEach((one, n) => { one.place = [index, at, n]; }));
  return detail;
}

function loopLink(one) {
  const line = make("p", "links");
  const link = make("a", "", `Turn by turn (${one.loop.turns.length})`);
  link.href = one.page ? `${one.page}#trajectory` : `#attempt/${one.place.join("/")}`;
  line.append(link, `ended: ${one.loop.ending}`);
  return line;
}

const percentOf = (value) => (value === null ? null : `${Math.round(100 * value)} %`);
const counted = (value) => (value === null ? null : number.format(value));

function attemptPage(one, row, at) {
  const { loop } = one;
  const back = make("a", "back", "← All cases");
  back.href = "#cases";
  const title = make("h1");
  title.append(breakable(row.id));
  const line = make("p", "lead");
  line.append(make("i", `dot r${at}`), make("bdi", "", names[at]), ` · sample ${one.sample} · `);
  line.append(make("span", outcomeClass(one.outcome), one.outcome), ` · ended: ${loop.ending}`);
  const parts = [back, title, line];
  if (one.detail) parts.push(make("p", "quiet", one.detail));
  return [...parts, ...loopParts(one)];
}

/** The figures of a loop, its turns, and what it changed. */
function loopParts(one) {
  const { loop } = one;
  const parts = loop.why ? [make("p", "quiet", loop.why)] : [];
  parts.push(figureList(one), turnTable(loop.turns));
  const answers = loop.turns.every((turn) => !turn.tools.length && !turn.purpose); // each in place of the one before
  loop.turns.forEach((turn, n) => parts.push(turnElement(turn, n, answers && n ? loop.turns[n - 1].text : null)));
  return [...parts, ...fileParts(loop)];
}

function figureList(one) {
  const of = one.loop.figures;
  const list = make("dl", "figures");
  const facts = [
    ["Turns", counted(one.loop.turns.length), of.retries ? `${of.retries} retries` : ""],
    ["Tool calls", counted(of.calls), `${of.failed} failed`],
    ["Input tokens", counted(one.input ?? null), `${percentOf(of.resent) ?? "–"} sent again, ${percentOf(of.cached) ?? "–"} from cache`],
    ["Output tokens", counted(one.output ?? null), ""],
    ["Priced tokens", counted(of.priced), of.cost === null ? "by the price of each kind" : `${of.cost.toPrecision(3)} dollars`],
    ["Tokens to pass", counted(of.toPass), "input and output to the first state that passed"],
    ["Model", `${of.model} s`, "waiting for answers"],
    ["Tools", `${of.tools} s`, "tools, tests and the agent itself"],
  ];
  for (const [name, value, note] of facts) {
    const box = make("div", "figure");
    const value_ = make("dd");
    value_.append(make("b", "", value ?? "–"), make("small", "", note));
    box.append(make("dt", "", name), value_);
    list.append(box);
  }
  return list;
}

function turnTable(turns) {
  const most = Math.max(1, ...turns.map((turn) => turn.usage.input + turn.usage.output));
  const box = make("div", "wide");
  box.tabIndex = 0;
  const table = box.appendChild(make("table", "turns"));
  const head = table.createTHead().insertRow();
  for (const title of ["Turn", "Tokens", "Input", "Cached", "Output", "Model", "Tools", "Called", "State"]) {
    const cell = head.appendChild(make("th", /Input|Cached|Output|Model|^Tools/.test(title) ? "n" : "", title));
    cell.scope = "col";
  }
  const body = table.createTBody();
  turns.forEach((turn, n) => {
    const line = body.insertRow();
    const link = make("a", "", String(n + 1));
    link.href = `#turn-${n + 1}`;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      document.getElementById(`turn-${n + 1}`).scrollIntoView();
    });
    line.insertCell().append(link);
    line.insertCell().append(tokenBar(turn.usage, most));
    for (const text of [number.format(turn.usage.input), number.format(turn.usage.cached), number.format(turn.usage.output), `${turn.model} s`, `${turn.toolSeconds} s`]) {
      line.insertCell().append(text);
      line.lastElementChild.className = "n";
    }
    line.insertCell().append(turn.tools.map((tool) => tool.name + (tool.failed ? " (failed)" : "")).join(", ") || "–");
    line.insertCell().append(stateOf(turn).join(", ") || "–");
  });
  const key = make("p", "caption key");
  for (const [kind, name] of KINDS) {
    const entry = make("span");
    entry.append(make("i", kind), name);
    key.append(entry);
  }
  const all = make("div");
  all.append(box, key);
  return all;
}

function tokenBar(usage, most) {
  const bar = make("span", "tokens");
  for (const [kind, name] of KINDS) {
    const part = bar.appendChild(make("i", kind));
    part.style.width = `${(100 * usage[kind]) / most}%`;
    part.title = `${name}: ${number.format(usage[kind])}`;
  }
  return bar;
}

function stateOf(turn) {
  return [
    turn.purpose,
    turn.passing === true && "tests pass",
    turn.passing === false && "tests fail",
    turn.retries && `${turn.retries} retries`,
    turn.finish === "length" && "hit the token limit",
    turn.countedBy === "local" && "counted here",
    turn.usage.reasoning && `${number.format(turn.usage.reasoning)} of reasoning`,
  ].filter(Boolean);
}

function turnElement(turn, n, before) {
  const element = make("details", "turn");
  element.id = `turn-${n + 1}`;
  element.open = true;
  const head = element.appendChild(make("summary"));
  head.append(make("b", "", `Turn ${n + 1}`), ` · ${number.format(turn.usage.input)} in, ${number.format(turn.usage.output)} out`);
  for (const state of stateOf(turn)) head.append(" · ", make("span", state === "tests pass" ? "o solved" : "quiet", state));
  if (turn.text === null) element.append(make("p", "quiet", LEFT_OUT));
  else if (before && turn.text) element.append(diffElement(before, turn.text, false));
  else if (turn.text) element.append(make("pre", "", turn.text));
  for (const tool of turn.tools) element.append(toolElement(tool));
  if (!turn.text && turn.text !== null && !turn.tools.length) element.append(make("p", "quiet", "Nothing was said, or texts are withheld."));
  return element;
}

function toolElement(tool) {
  const box = make("div", "call");
  const head = box.appendChild(make("p"));
  head.append(make("b", "id", tool.name), " ", make("span", tool.failed ? "o error" : "quiet", tool.failed ? "failed" : ""));
  if (tool.seconds !== null) head.append(" ", make("span", "quiet", `${tool.seconds} s`));
  if (tool.arguments === null) box.append(make("p", "quiet", LEFT_OUT));
  else box.append(...argumentParts(tool.arguments));
  if (tool.result === null) box.append(make("p", "quiet", LEFT_OUT));
  else if (tool.result) box.append(make("pre", "result", readable(tool.result)));
  return box;
}

/** Arguments one by one; what replaces a text, as a difference. */
function argumentParts(text) {
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    return text ? [make("pre", "", text)] : [];
  }
  if (found === null || typeof found !== "object" || Array.isArray(found)) return [make("pre", "", text)];
  const parts = [];
  const rest = { ...found };
  for (const one of [found, ...(Array.isArray(found.edits) ? found.edits : [])]) {
    const pair = EDITS.find(([old, now]) => typeof one?.[old] === "string" && typeof one?.[now] === "string");
    if (!pair) continue;
    parts.push(diffElement(one[pair[0]], one[pair[1]], false));
    if (one === found) for (const name of pair) delete rest[name];
    else delete rest.edits;
  }
  const values = Object.entries(rest).map(([name, value]) => {
    const shown_ = Array.isArray(value) && value.every((item) => typeof item === "string") ? value.join("\n") : value;
    return `${name}: ${typeof shown_ === "string" ? shown_ : JSON.stringify(shown_, null, 1)}`;
  });
  return [...(values.length ? [make("pre", "", values.join("\n"))] : []), ...parts];
}

/** A result that is JSON has its lines on lines. */
function readable(text) {
  try {
    const found = JSON.parse(text);
    return typeof found === "object" ? JSON.stringify(found, null, 1).replaceAll("\\n", "\n") : text;
  } catch {
    return text;
  }
}

function fileParts(loop) {
  const files = Object.entries(loop.diffs);
  const parts = files.length ? [make("h2", "", "What it changed")] : [];
  for (const [path, text] of files) {
    parts.push(make("h3", "id", path), text === null ? make("p", "quiet", LEFT_OUT) : patchElement(text));
  }
  if (loop.editedTests.length) {
    parts.push(make("p", "note warn", `Judging tests were edited, and put back before grading: ${loop.editedTests.join(", ")}`));
  }
  return parts;
}

/** A unified diff as its lines; another text as it is. */
function patchElement(text) {
  if (!text.startsWith("--- ")) return make("pre", "", text);
  const element = make("div", "diff");
  for (const line of text.replace(/\n$/, "").split("\n").slice(2)) {
    const kind = { "+": "now", "-": "was", "@": "hunk" }[line[0]] ?? "same";
    element.append(make("div", kind, kind === "hunk" ? line : line.slice(1)));
  }
  return element;
}

async function showAttempt() {
  const [, index, at, n] = /^#attempt\/(\d+)\/(\d+)\/(\d+)$/.exec(location.hash) ?? [];
  document.getElementById("attempt")?.remove();
  document.body.classList.toggle("one", index !== undefined);
  if (index === undefined) {
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
    return;
  }
  const section = document.getElementById("main").appendChild(make("section"));
  section.id = "attempt";
  const found = placed((await texts())[index] ?? { runs: [] }, index).runs[at]?.attempts[n];
  if (found?.loop) section.replaceChildren(...attemptPage(found, page.rows[index], at));
  else section.replaceChildren(make("p", "note warn", "There is no such attempt in this report."));
  scrollTo({ top: 0, behavior: "instant" });
}

if (document.getElementById("details")) {
  addEventListener("hashchange", showAttempt);
  if (location.hash.startsWith("#attempt/")) showAttempt();
}
