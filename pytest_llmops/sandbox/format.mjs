// Values as text: for failure messages, and for the titles of parametrized tests.
const { inspect } = process.getBuiltinModule("node:util");

// `customInspect: false`: describing a value never runs the candidate's code. The inspector of
// node is built before any candidate loads and uses no property that a candidate can change.
const OPTIONS = { depth: 4, customInspect: false, maxArrayLength: 50, maxStringLength: 500, breakLength: 100 };

export function show(value) {
  try {
    if (typeof value === "object" && value !== null && Object.hasOwn(value, "description")
      && Object.isFrozen(value)) return String(value.description);
    return inspect(value, OPTIONS);
  } catch {
    return "[a value that cannot be shown]";
  }
}

/** Message of anything thrown, which may be no error at all. */
export function messageOf(error) {
  try {
    if (typeof error === "object" && error !== null && "message" in error) {
      const name = error.name ? `${error.name}: ` : "";
      return `${name}${error.message}`;
    }
    return show(error);
  } catch {
    return "[an error that cannot be shown]";
  }
}

const TITLE_WIDTH = 40;

// Joins shown items within a width; what does not fit is counted: `…(2)`.
function listed(items, showItem, width) {
  let text = "";
  for (let index = 0; index < items.length; index++) {
    const separator = index ? ", " : "";
    const rest = `${separator}…(${items.length - index})`;
    const isLast = index === items.length - 1;
    const room = width - text.length - separator.length - (isLast ? 0 : 6);
    const item = separator + showItem(items[index], room);
    if (text.length + item.length + (isLast ? 0 : 6) > width) return text + rest;
    text += item;
  }
  return text;
}

function cut(text, width, quote = "") {
  if (text.length + 2 * quote.length <= width) return quote + text + quote;
  return `${quote}${text.slice(0, Math.max(0, width - 1 - 2 * quote.length))}…${quote}`;
}

function nameOfFunction(value) {
  const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "Function";
  return `[${kind}${value.name ? ` ${value.name}` : ""}]`;
}

const entry = ([key, value], width) => {
  const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : `'${key}'`;
  return `${name}: ${display(value, width - name.length - 2)}`;
};
const pair = ([key, value], width) => `${display(key, width)} => ${display(value, width)}`;

/** A value as `$name` shows it in a title, within a width. */
function display(value, width = TITLE_WIDTH) {
  if (typeof value === "string") return cut(value.replaceAll("'", "\\'").replaceAll("\n", "\\n"), width, "'");
  if (typeof value === "function") return nameOfFunction(value);
  if (typeof value !== "object" || value === null) return asString(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof Error) return cut(messageOf(value), width);
  if (Array.isArray(value)) return wrap("[ ", listed(value, display, width - 4), " ]");
  if (value instanceof Map) return wrap("Map{ ", listed([...value], pair, width - 7), " }");
  if (value instanceof Set) return wrap("Set{ ", listed([...value], display, width - 7), " }");
  const name = Object.getPrototypeOf(value)?.constructor?.name ?? "";
  const prefix = name && name !== "Object" ? name : "";
  return wrap(`${prefix}{ `, listed(Object.entries(value), entry, width - 4 - prefix.length), " }");
}

const wrap = (open, inner, close) => (inner ? open + inner + close : open.trim() + close.trim());

function asString(value) {
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  const isPlain = typeof value === "object" && value !== null
    && (value.toString === undefined || value.toString === Object.prototype.toString);
  return isPlain ? display(value, Infinity) : String(value);
}

function asJson(value) {
  try {
    return JSON.stringify(value);
  } catch (error) {
    return error.message.includes("circular structure") ? "[Circular]" : String(value);
  }
}

const asInteger = (value) => (typeof value === "bigint" ? value : Number.parseInt(String(value), 10));
const asNumber = (value) => (typeof value === "symbol" ? NaN : Number(value));
const DIRECTIVES = {
  s: asString,
  d: (value) => (typeof value === "bigint" ? `${value}n` : String(asNumber(value))),
  i: (value) => asString(asInteger(value)),
  f: (value) => String(Number.parseFloat(String(value))),
  j: asJson,
  o: (value) => inspect(value, { showHidden: true, showProxy: true, depth: 4, customInspect: false }),
  O: (value) => inspect(value, { depth: 2, customInspect: false }),
  c: () => "",
};

function lookUp(values, path) {
  const byIndex = /^\d+$/.test(path);
  const [first] = values;
  const isRecord = typeof first === "object" && first !== null;
  if (!isRecord && !byIndex) return { known: false };
  const found = isRecord ? path.split(".").reduce((value, key) => value?.[key], first) : undefined;
  return { known: true, value: found === undefined && byIndex ? values[path] : found };
}

/** Title of row `index` of `each`: printf directives, `%#` and `%$` for the index, `$key` lookups. */
export function eachTitle(template, values, index) {
  let next = 0;
  return template.replace(/%([sdifjoOc%#$])|\$([$\w.]+)/g, (whole, kind, path) => {
    if (path !== undefined) {
      const { known, value } = lookUp(values, path);
      return known ? display(value) : whole;
    }
    if (kind === "%") return "%";
    if (kind === "#") return String(index);
    if (kind === "$") return String(index + 1);
    return DIRECTIVES[kind](values[next++]);
  });
}
