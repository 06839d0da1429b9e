// What every page has: its data, small ways to make elements, and the theme.

const page = JSON.parse(document.getElementById("data").textContent);
const root = document.documentElement;

/** Make an element; text goes in as text, never as markup. */
function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

const number = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
const onTheme = [];

function setTheme(theme) {
  root.dataset.theme = theme;
  for (const follow of onTheme) follow();
}

document.getElementById("theme").addEventListener("click", () => {
  setTheme(isDark() ? "light" : "dark");
  try {
    localStorage.setItem("llmops-theme", root.dataset.theme);
  } catch { /* a browser may keep files from storing; the choice then ends with the page */ }
});
try {
  const kept = localStorage.getItem("llmops-theme");
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
} catch { /* as above */ }
dark.addEventListener("change", () => { for (const follow of onTheme) follow(); });

// The menu of sections closes behind the reader who chose one.
const menu = document.getElementById("sections");
menu?.addEventListener("click", (event) => {
  if (event.target.closest("a") && menu.matches(":popover-open")) menu.hidePopover();
});
