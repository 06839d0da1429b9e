// Charts: drawn when they come near the window, in the colours of the theme.

const COLOR_KEYS = new Set(["color", "fillcolor"]);
const probe = document.body.appendChild(make("span", "unseen"));
probe.setAttribute("aria-hidden", "true");

function colorOf(role) {
  probe.style.color = `var(--${role})`;
  return getComputedStyle(probe).color;
}

/** A copy of a figure with the names of colours (`@accent`) looked up. */
function painted(value, key) {
  if (Array.isArray(value)) return value.map((one) => painted(one, key));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, painted(v, k)]));
  }
  const role = COLOR_KEYS.has(key) && typeof value === "string" && value.startsWith("@");
  return role ? colorOf(value.slice(1)) : value;
}

function layoutOf(figure, narrow) {
  const style = getComputedStyle(document.body);
  const font = { family: style.fontFamily, size: narrow ? 11 : 13, color: colorOf("ink") };
  const line = { gridcolor: colorOf("grid"), linecolor: colorOf("line"), zeroline: false };
  const layout = painted(figure.layout);
  const axis = (own) => {
    const title = { ...own?.title, font: { ...font, size: font.size - 1, color: colorOf("quiet") } };
    return { ...line, ...own, title };
  };
  return {
    ...layout,
    font,
    xaxis: axis(layout.xaxis),
    yaxis: axis(layout.yaxis),
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: narrow ? 48 : 64, r: 16, t: 48, b: 52, ...layout.margin },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colorOf("faint"), activecolor: colorOf("quiet") },
    hoverlabel: { bgcolor: colorOf("card"), bordercolor: colorOf("line"), font, align: "left" },
    autosize: true,
  };
}

const config = {
  displaylogo: false,
  responsive: true,
  scrollZoom: false,
  modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
};
const drawn = new Set();

function draw(id) {
  const element = document.getElementById(id);
  const figure = page.charts[id];
  const layout = layoutOf(figure, element.clientWidth < 560);
  Plotly.react(element, painted(figure.data), layout, config);
  drawn.add(id);
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting && !drawn.has(target.id)) draw(target.id);
    }
  },
  { rootMargin: "600px" },
);
for (const id of Object.keys(page.charts)) {
  const element = document.getElementById(id);
  element.style.height = `${page.charts[id].layout.height}px`;
  near.observe(element);
}
onTheme.push(() => { for (const id of drawn) draw(id); });

// Paper is white, has no scroll bars and is narrower than a window.
const PAPER = 680;
let before = null;
addEventListener("beforeprint", () => {
  before ??= { theme: root.dataset.theme };
  setTheme("light");
  for (const id of Object.keys(page.charts)) {
    draw(id);
    Plotly.relayout(id, { width: PAPER, autosize: false });
  }
});
addEventListener("afterprint", () => {
  if (!before) return;
  if (before.theme) root.dataset.theme = before.theme;
  else delete root.dataset.theme;
  before = null;
  for (const id of drawn) draw(id);
});
