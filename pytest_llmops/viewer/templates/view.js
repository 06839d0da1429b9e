// What the viewer's pages do: filter and follow without being loaded anew, and go on as one scrolls.

/** The part of an answer that an element shows: the element of its id, or all there is. */
async function fetched(address, id) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status}`);
  const found = document.createElement("template");
  found.innerHTML = await answer.text(); // escaped by the server; the policy runs no script in it
  if (id && found.content.querySelector("main")) {
    return found.content.getElementById(id)?.childNodes ?? null;
  }
  return found.content.childNodes;
}

/** Put rows in place of those that are there; what is ticked stays so. */
function put(element, nodes) {
  const ticked = new Set(Array.from(element.querySelectorAll("input:checked"), (one) => one.value));
  element.replaceChildren(...nodes);
  for (const one of element.querySelectorAll("input[type=checkbox]")) one.checked = ticked.has(one.value);
  arrived(element);
}

/** Fetch what follows a row before a reader, scrolling its box, comes to it. */
function follow(mark) {
  const root = mark.closest(".table-box");
  const near = new IntersectionObserver((entries) => {
    if (!entries.some((one) => one.isIntersecting)) return;
    near.disconnect();
    more(mark);
  }, { root, rootMargin: "1200px" });
  near.observe(mark);
}

/** What new rows bring: how many there are in all, and where the next ones are. */
function arrived(element) {
  const mark = element.querySelector("[data-count]");
  const count = document.getElementById("count");
  if (mark && count) count.textContent = mark.dataset.count;
  const next = element.querySelector("[data-more]");
  if (next) {
    next.hidden = false; // a row that is not drawn comes near nothing
    follow(next);
  }
}

async function more(mark) {
  const rows = await fetched(mark.dataset.more);
  const body = mark.parentElement;
  mark.replaceWith(...rows);
  if (body) arrived(body);
}

for (const form of document.querySelectorAll("form[data-live]")) {
  const element = document.getElementById(form.dataset.live);
  let turn = 0;
  const asked = () => new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  const refill = async () => {
    const mine = (turn += 1);
    const query = asked();
    history.replaceState(null, "", `?${query}`);
    query.set("part", "1");
    const nodes = await fetched(`?${query}`);
    if (mine === turn) put(element, nodes); // an older answer that comes late is dropped
  };
  form.addEventListener("input", refill);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => {
    for (const one of form.querySelectorAll("input[type=search], select")) one.value = one.tagName === "SELECT" ? one.options[0].value : "";
    for (const one of form.querySelectorAll("input[type=checkbox]")) one.checked = false;
    refill();
  }));
  arrived(element);
}

for (const form of document.querySelectorAll("form[data-go]")) {
  form.addEventListener("input", () => form.requestSubmit());
}

/** Ask again while somebody looks; where the part is gone, the page has become another. */
for (const element of document.querySelectorAll("[data-poll]")) {
  const textOf = (nodes) => Array.from(nodes, (one) => one.outerHTML ?? one.textContent).join("");
  let last = textOf(element.childNodes);
  const look = async () => {
    const asked = location.search;
    const query = new URLSearchParams(asked);
    if (element.tagName === "TBODY") query.set("part", "1");
    const nodes = await fetched(`?${query}`, element.id);
    if (nodes === null) return location.reload();
    const text = textOf(nodes);
    if (text !== last && asked === location.search) put(element, nodes);
    last = text;
    return undefined;
  };
  const again = async () => {
    try {
      if (!document.hidden) await look();
      element.classList.remove("stale");
    } catch {
      element.classList.add("stale"); // the viewer was ended: what is shown stays, and says so
    }
    setTimeout(again, Number(element.dataset.poll));
  };
  setTimeout(again, Number(element.dataset.poll));
}

/** Buttons that need so many ticks. */
for (const form of document.querySelectorAll("form.chosen")) {
  const count = () => {
    const ticked = form.querySelectorAll("input:checked").length;
    for (const one of form.querySelectorAll("[data-needs]")) one.disabled = ticked < Number(one.dataset.needs);
  };
  form.addEventListener("change", count);
  count();
}

const difference = document.getElementById("difference");
if (difference) difference.append(diffElement(...page.difference, innerWidth > 800));

const looped = document.getElementById("loop");
if (looped) looped.append(...loopParts(page.trajectory));
