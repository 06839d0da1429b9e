// Values as text: for failure messages, and for the titles of parametrized tests.
import { inspect } from "node:util";

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

const asNumber = (value) => (typeof value === "symbol" ? NaN : Number(value));

function asString(value) {
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "object" && value !== null) {
    return inspect(value, { depth: 0, compact: 3, customInspect: false });
  }
  return String(value);
}

function asJson(value) {
  try {
    return JSON.stringify(value);
  } catch (error) {
    return error.message.includes("circular structure") ? "[Circular]" : String(value);
  }
}

const DIRECTIVES = {
  s: asString,
  d: (value) => (typeof value === "bigint" ? `${value}n` : String(asNumber(value))),
  i: (value) => (typeof value === "bigint" ? `${value}n` : String(Number.parseInt(String(value), 10))),
  f: (value) => String(Number.parseFloat(String(value))),
  j: asJson,
  o: (value) => inspect(value, { showHidden: true, showProxy: true, depth: 4, customInspect: false }),
  O: (value) => inspect(value, { depth: 2, customInspect: false }),
  c: () => "",
};

function printf(template, values) {
  const rest = [...values];
  return template.replace(/%([sdifjoOc%])/g, (whole, kind) => {
    if (kind === "%") return "%";
    return rest.length ? DIRECTIVES[kind](rest.shift()) : whole;
  });
}

/** Display of `$name` values: strings in single quotes, cut to 40 characters. */
function display(value) {
  const text = typeof value === "string"
    ? `'${value.replaceAll("'", "\\'")}'`
    : inspect(value, { depth: 2, breakLength: Infinity, compact: true, customInspect: false });
  if (text.length <= 40) return text;
  return typeof value === "string" ? `${text.slice(0, 38)}…'` : `${text.slice(0, 39)}…`;
}

function lookUp(object, dotted) {
  return dotted.split(".").reduce((value, key) => value?.[key], object);
}

/** Title of row `index` of `each`: printf directives, `%#` and `%$` for the index, `$key` lookups. */
export function eachTitle(template, values, index) {
  let text = template;
  if (text.includes("%#") || text.includes("%$")) {
    text = text
      .replaceAll("%%", "\0")
      .replaceAll("%#", String(index))
      .replaceAll("%$", String(index + 1))
      .replaceAll("\0", "%%");
  }
  const [first] = values;
  const isRecord = typeof first === "object" && first !== null;
  text = printf(text, values);
  return text.replace(/\$([$\w.]+)/g, (whole, key) => {
    const isIndex = /^\d+$/.test(key);
    if (!isRecord && !isIndex) return whole;
    const byIndex = isIndex ? lookUp(values, key) : undefined;
    const value = isRecord ? (lookUp(first, key) ?? byIndex) : byIndex;
    return display(value);
  });
}
