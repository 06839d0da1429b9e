// One case looked at closely: prompt, answers, their difference, what the tests said, traces.

const names = page.names ?? [];
let unpacked = null;

/** The texts of all cases, unpacked once. */
function texts() {
  unpacked ??= (async () => {
    const packed = atob(document.getElementById("details").textContent.trim());
    const bytes = Uint8Array.from(packed, (mark) => mark.charCodeAt(0));
    const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(plain).text());
  })();
  return unpacked;
}

/** The texts of one case: out of the page, or from where it says they are. */
async function textsOf(index) {
  if (!page.texts) return (await texts())[index];
  const answer = await fetch(`${page.texts}&case=${encodeURIComponent(page.cases[index])}`);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
}

/** Fill an element with the details of a case; once. */
async function showDetail(into, index) {
  if (into.childElementCount) return;
  try {
    const { runs } = placed(await textsOf(index), index);
    if (page.attempts) addPages(runs, page.cases[index]);
    into.replaceChildren(...detailParts(runs));
  } catch (error) {
    into.replaceChildren(make("p", "note warn", `The texts cannot be unpacked: ${error.message}`));
  }
}

/** The address of each attempt's own page, where there are such pages. */
function addPages(runs, id) {
  runs.forEach((run, at) => {
    for (const one of run.attempts) {
      one.page = `${page.attempts[at]}&case=${encodeURIComponent(id)}&sample=${one.sample}`;
    }
  });
}

function detailParts(runs) {
  const chosen = runs.map((run) => run.attempts[0]);
  const answers = make("div");
  const redraw = () => answers.replaceChildren(...answerParts(chosen));
  const meta = make("div", "meta");
  runs.forEach((run, at) => meta.append(runMeta(run, at, (one) => { chosen[at] = one; redraw(); })));
  redraw();
  const prompts = runs.flatMap((run, at) => (run.prompt ? promptParts(run.prompt, at, runs) : []));
  return [meta, answers, ...prompts];
}

function runMeta(run, at, choose) {
  const box = make("div");
  const about = make("div");
  const fill = (one) => about.replaceChildren(...attemptParts(one));
  const head = make("div");
  head.append(make("i", `dot r${at}`), make("b", "", names[at]));
  box.append(head);
  if (run.attempts.length > 1) {
    const label = make("label", "quiet", "sample ");
    const select = make("select");
    run.attempts.forEach((one, n) => select.add(new Option(`${one.sample}: ${one.outcome}`, n)));
    select.addEventListener("change", () => {
      fill(run.attempts[select.value]);
      choose(run.attempts[select.value]);
    });
    label.append(select);
    box.append(label);
  }
  box.append(about);
  fill(run.attempts[0]);
  return box;
}

function attemptParts(one) {
  if (!one) return [make("p", "quiet", "This run did not attempt the case.")];
  const facts = [
    one.tests && `${one.tests} tests passed`,
    one.output !== undefined && `${number.format(one.output)} output tokens`,
    one.input !== undefined && `${number.format(one.input)} input tokens`,
    one.cost,
    one.seconds !== undefined && `${one.seconds} s`,
    one.mebibytes && `tests took ${number.format(one.mebibytes)} MiB`,
    one.finish === "length" && "hit the token limit",
    one.finish === "context" && "truncated by a limit of the server",
  ].filter(Boolean);
  const line = make("p");
  line.append(make("span", outcomeClass(one.outcome), one.outcome), ` · ${facts.join(" · ")}`);
  const parts = [line];
  if (one.detail) parts.push(make("p", "said", one.detail));
  if (one.loop) parts.push(loopLink(one));
  const links = Object.entries(one.links ?? {});
  if (links.length || one.page) {
    const traces = make("p", "links");
    if (one.page) {
      const own = traces.appendChild(make("a", "", "whole attempt"));
      own.href = one.page;
    }
    for (const [sink, url] of links) {
      const link = make("a", "", `${sink} trace`);
      link.href = url;
      link.rel = "noopener noreferrer";
      link.target = "_blank";
      traces.append(link);
    }
    parts.push(traces);
  }
  return parts;
}

/** Two answers as a difference, one of several candidates at a time; one answer as it is. */
function answerParts(chosen) {
  const others = chosen.map((one, at) => at).filter((at) => at > 0 && chosen[at]);
  if (!chosen[0] || !others.length) {
    return chosen.flatMap((one, at) => (one ? [heading(`Answer of ${names[at]}`), plain(one)] : []));
  }
  const tools = make("div", "tools");
  const body = make("div");
  const solved = (at) => chosen[at].outcome === "solved";
  const state = { at: others.find((at) => solved(at) !== solved(0)) ?? others[0], two: innerWidth > 800 };
  const toggle = make("button");
  toggle.type = "button";
  const redraw = () => {
    const [a, b] = [chosen[0], chosen[state.at]];
    toggle.textContent = state.two ? "One column" : "Side by side";
    const whole = typeof a.text === "string" && typeof b.text === "string";
    toggle.hidden = !whole;
    if (!whole) body.replaceChildren(plain(a), plain(b));
    else if (a.text === b.text) body.replaceChildren(make("p", "quiet", "Both answers are the same text."), plain(a));
    else body.replaceChildren(diffElement(a.text, b.text, state.two));
  };
  toggle.addEventListener("click", () => { state.two = !state.two; redraw(); });
  tools.append(heading(`Answers: ${names[0]} (−)`));
  if (others.length > 1) {
    const select = make("select");
    for (const at of others) select.add(new Option(`${names[at]} (+)`, at));
    select.value = state.at;
    select.setAttribute("aria-label", "compared with");
    select.addEventListener("change", () => { state.at = Number(select.value); redraw(); });
    tools.append(select);
  } else {
    tools.replaceChildren(heading(`Answers: ${names[0]} (−) and ${names[others[0]]} (+)`));
  }
  tools.append(toggle);
  redraw();
  return [tools, body];
}

const outcomeClass = (name) => `o ${["solved", "error"].includes(name) ? name : ""}`;
const heading = (text) => make("h4", "", text);

function plain(one) {
  return one.text ? make("pre", "", one.text) : make("p", "quiet", one.notice || "The answer is empty.");
}

function promptParts(prompt, at, runs) {
  const several = runs.filter((run) => run.prompt).length > 1;
  return [heading(several ? `Prompt of ${names[at]}` : "Prompt"), make("pre", "", prompt)];
}

for (const one of document.querySelectorAll("details.case")) {
  one.addEventListener("toggle", () => {
    if (one.open) showDetail(one.querySelector(".detail"), Number(one.dataset.case));
  });
}
