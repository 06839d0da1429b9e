// The table of all cases: sorted by its headings, filtered by the form, rows made as they come near.

const CHUNK = 200;

function caseTable(table, rows) {
  const form = document.getElementById("filters");
  const many = names.length > 1;
  const columns = columnsOf();
  table.classList.toggle("dense", names.length > 2);
  const state = { by: columns[0], down: false, found: rows, made: 0 };
  rows.forEach((row, at) => {
    row.at = at;
    row.search = `${row.id} ${row.cluster}`.toLowerCase();
  });
  fillChoices(form, rows, many);
  headings(table.tHead, columns, state, show);
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(show));
  table.parentElement.addEventListener("scroll", () => more(table, columns, state));
  addEventListener("beforeprint", () => { while (state.made < state.found.length) chunk(table, columns, state); });
  show();

  function show() {
    state.found = sorted(rows.filter(filterOf(form)), state);
    state.made = 0;
    table.tBodies[0].replaceChildren();
    table.parentElement.scrollTop = 0;
    document.getElementById("shown").textContent =
      state.found.length === rows.length
        ? number.format(rows.length)
        : `${number.format(state.found.length)} of ${number.format(rows.length)}`;
    if (!state.found.length) {
      const cell = table.tBodies[0].insertRow().insertCell();
      cell.colSpan = columns.length;
      cell.className = "empty";
      cell.textContent = "No case fits these filters.";
    }
    chunk(table, columns, state);
  }
}

/** What all ids begin with, and a reader need not see in every row; "" for several suites. */
const suites = new Set(page.rows?.map((row) => row.suite));
const oneSuite = suites.size === 1 ? `${[...suites][0]}:` : "";

const tokensOf = (row, at) => row.runs[at]?.tokens ?? null;
const ratioOf = (row, at) => {
  const [a, b] = [tokensOf(row, 0), tokensOf(row, at)];
  return a && b ? b / a : null;
};
const costOf = (row, at) => row.runs[at]?.cost ?? null;
const priced = page.rows?.some((row) => row.runs.some((run) => run?.cost !== undefined));
const solvedOf = (row, at) => (row.runs[at] ? row.runs[at].solved / row.runs[at].samples : null);

/** What the table shows: heading, value to sort by, and how to fill a cell. */
function columnsOf() {
  const columns = [{ title: "Case", value: (row) => row.id, fill: fillCase }];
  if (!oneSuite) columns.push({ title: "Suite", value: (row) => row.suite });
  columns.push({ title: "Difficulty", value: (row) => ["easy", "medium", "hard"].indexOf(row.difficulty), text: (row) => row.difficulty });
  names.forEach((name, at) => {
    columns.push(
      { title: "Outcome", run: at, value: (row) => outcomeKey(row, at), fill: (cell, row) => fillOutcome(cell, row.runs[at]) },
      { title: "Tokens", run: at, numeric: true, value: (row) => tokensOf(row, at), text: (row) => shown(tokensOf(row, at)) },
    );
    if (priced) {
      columns.push({ title: "Dollars", run: at, numeric: true, value: (row) => costOf(row, at), text: (row) => dollars(costOf(row, at)) });
    }
    if (at > 0) {
      columns.push({ title: "Change", run: at, numeric: true, value: (row) => ratioOf(row, at), text: (row) => percent(ratioOf(row, at)) });
    }
  });
  return columns;
}

function outcomeKey(row, at) {
  const run = row.runs[at];
  return run ? `${(1 - solvedOf(row, at)).toFixed(3)} ${run.outcome}` : null;
}

const shown = (value) => (value === null ? "–" : number.format(value));
const dollars = (value) => (value === null ? "–" : `$${value < 1 ? Number(value.toPrecision(3)) : value.toFixed(2)}`);
function percent(ratio) {
  if (ratio === null) return "–";
  const change = Math.round((ratio - 1) * 100);
  if (change === 0) return "0 %";
  return `${change > 0 ? "+" : "−"}${number.format(Math.abs(change))} %`;
}

function headings(head, columns, state, show) {
  if (names.length > 1) {
    const top = head.insertRow();
    top.className = "runs";
    const blank = top.appendChild(make("th"));
    blank.colSpan = columns.filter((one) => one.run === undefined).length;
    names.forEach((name, at) => {
      const cell = top.appendChild(make("th", "first"));
      cell.colSpan = columns.filter((one) => one.run === at).length;
      cell.scope = "colgroup";
      cell.append(make("i", `dot r${at}`), make("bdi", "", name));
    });
  }
  const line = head.insertRow();
  for (const column of columns) {
    const cell = line.appendChild(make("th", classOf(column)));
    cell.scope = "col";
    const button = cell.appendChild(make("button", "", column.title));
    button.type = "button";
    if (column === state.by) cell.setAttribute("aria-sort", "ascending");
    button.addEventListener("click", () => {
      state.down = state.by === column ? !state.down : Boolean(column.numeric);
      state.by = column;
      for (const one of line.cells) one.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      show();
    });
  }
}

function classOf(column) {
  const first = column.run !== undefined && column.title === "Outcome";
  return [column.numeric && "n", first && "first"].filter(Boolean).join(" ");
}

/** Sorted by one column, then by id; what has no value comes last either way. */
function sorted(rows, { by, down }) {
  const keyed = rows.map((row) => [by.value(row), row]);
  const sign = down ? -1 : 1;
  keyed.sort(([a, one], [b, other]) => {
    if (a === null || b === null) return (a === null) - (b === null) || one.at - other.at;
    return (a < b ? -sign : a > b ? sign : 0) || one.at - other.at;
  });
  return keyed.map(([, row]) => row);
}

function filterOf(form) {
  const { text, suite, difficulty, outcome, run, changed } = form.elements;
  const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (cell) => cell && (outcome.value === "not solved" ? cell.solved < cell.samples : cell.outcome === outcome.value);
  return (row) =>
    words.every((word) => row.search.includes(word)) &&
    (!suite.value || row.suite === suite.value) &&
    (!difficulty.value || row.difficulty === difficulty.value) &&
    (!changed?.checked || row.changed) &&
    (!outcome.value || (run?.value ? fits(row.runs[Number(run.value)]) : row.runs.some(fits)));
}

function fillChoices(form, rows, many) {
  const { suite, difficulty, outcome, run } = form.elements;
  const add = (select, values) => { for (const value of values) select.add(new Option(value, value)); };
  const present = (read) => [...new Set(rows.flatMap(read))].sort();
  add(suite, present((row) => [row.suite]));
  add(difficulty, ["easy", "medium", "hard"].filter((one) => rows.some((row) => row.difficulty === one)));
  const outcomes = present((row) => row.runs.filter(Boolean).map((one) => one.outcome));
  add(outcome, ["not solved", ...outcomes]);
  if (many) names.forEach((name, at) => run.add(new Option(name, at)));
}

function more(table, columns, state) {
  const box = table.parentElement;
  if (state.made < state.found.length && box.scrollTop + 2 * box.clientHeight > box.scrollHeight) {
    chunk(table, columns, state);
  }
}

function chunk(table, columns, state) {
  const made = document.createDocumentFragment();
  for (const row of state.found.slice(state.made, state.made + CHUNK)) {
    made.append(rowElement(row, columns));
  }
  state.made = Math.min(state.found.length, state.made + CHUNK);
  table.tBodies[0].append(made);
}

function rowElement(row, columns) {
  const line = make("tr");
  for (const column of columns) {
    const cell = line.appendChild(make(column === columns[0] ? "th" : "td", classOf(column)));
    if (column.fill) column.fill(cell, row, line, columns);
    else cell.textContent = column.text ? column.text(row) : column.value(row);
  }
  return line;
}

function fillCase(cell, row, line, columns) {
  cell.scope = "row";
  const button = cell.appendChild(make("button", "open"));
  button.type = "button";
  button.append(breakable(oneSuite && row.id.startsWith(oneSuite) ? row.id.slice(oneSuite.length) : row.id));
  button.title = row.id;
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    if (!open) return line.nextElementSibling.remove();
    const opened = make("tr", "opened");
    const into = opened.insertCell();
    into.colSpan = columns.length;
    const detail = into.appendChild(make("div", "detail"));
    line.after(opened);
    return showDetail(detail, row.at);
  });
}

/** An id that breaks at its parts first. */
function breakable(id) {
  const element = make("bdi");
  for (const part of id.split(/(?<=[/#])/)) element.append(part, make("wbr"));
  return element;
}

function fillOutcome(cell, run) {
  if (!run) return cell.append(make("span", "o none", "–"));
  const text = run.samples > 1 ? `${run.solved}/${run.samples} ${run.outcome}` : run.outcome;
  return cell.append(make("span", outcomeClass(run.outcome), text));
}

const allCases = document.getElementById("table");
if (allCases) caseTable(allCases, page.rows);

/** An address that ends in #case=ID opens that case: among those that changed, or in the table. */
function openNamed() {
  const named = /^#case=(.+)$/.exec(location.hash)?.[1];
  if (!named) return;
  const id = decodeURIComponent(named);
  const at = page.rows.findIndex((row) => row.id === id);
  const changed = document.querySelector(`details.case[data-case="${at}"]`);
  if (changed) {
    changed.open = true;
    changed.scrollIntoView();
  } else if (allCases) {
    const form = document.getElementById("filters");
    for (const select of form.querySelectorAll("select")) select.selectedIndex = 0;
    for (const box of form.querySelectorAll("[type=checkbox]")) box.checked = false;
    form.elements.text.value = id;
    form.dispatchEvent(new Event("input"));
    allCases.querySelector(".open")?.click();
    document.getElementById("cases").scrollIntoView();
  }
}
if (page.rows) {
  addEventListener("hashchange", openNamed);
  openNamed();
}
