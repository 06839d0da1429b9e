// Reading fetched web pages, and writing safe links.

/**
 * Returns true when an element never has a closing tag: "br", "hr", "img", "input", "link" and
 * "meta", in any case.
 */
export function isVoidElement(name: string): boolean {
  return ["br", "hr", "img", "input", "link", "meta"].includes(name.toLowerCase());
}

/**
 * Returns the addresses of the links in `html`, in order, repeated ones once. A link is "<a" and
 * white space, any characters other than ">", and `href="ADDRESS"` in double quotes (tag and
 * attribute in any case) with white space before it. Empty addresses and those that start with
 * "#" are left out. Entities are not decoded.
 * `listLinks('<a href="/x">X</a> <a class="b" href="#top">')` is `["/x"]`.
 */
export function listLinks(html: string): string[] {
  const addresses = new Set<string>();
  for (const match of html.matchAll(/<a(?=\s)[^>]*?\shref="([^">]*)"/gi)) {
    const address = match[1] as string;
    if (address !== "" && !address.startsWith("#")) {
      addresses.add(address);
    }
  }
  return [...addresses];
}

/**
 * Replaces numeric entities, decimal ("&#65;") or hexadecimal ("&#x41;" or "&#X41;", digits in any
 * case), by the character with that code point. A code point of 0 or above 0x10FFFF becomes
 * U+FFFD. Anything else is kept.
 */
export function decodeNumeric(html: string): string {
  return html.replace(/&#(?:[xX]([\da-fA-F]+)|(\d+));/g, (_, hex?: string, decimal?: string) => {
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code === 0 || code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code);
  });
}

/**
 * Returns the text of `html` without its tags. A tag starts at "<" directly followed by a letter,
 * "/" or "!", and ends at the next ">" that is not inside a quoted part ("..." or '...') of the
 * tag. A comment starts at "<!--" and ends at the next "-->". A tag or comment without an end
 * reaches to the end of the text. Any other "<" is text. Entities are not decoded.
 * `stripTags('a <b title="x>y">c</b>')` is "a c".
 */
export function stripTags(html: string): string {
  let text = "";
  let index = 0;
  while (index < html.length) {
    if (html.startsWith("<!--", index)) {
      const end = html.indexOf("-->", index + 4);
      index = end < 0 ? html.length : end + 3;
    } else if (/^<[a-zA-Z/!]/.test(html.slice(index, index + 2))) {
      let quote = "";
      while (index < html.length && (quote !== "" || html[index] !== ">")) {
        const character = html[index] as string;
        if (quote === "" && (character === '"' || character === "'")) {
          quote = character;
        } else if (character === quote) {
          quote = "";
        }
        index += 1;
      }
      index += 1;
    } else {
      text += html[index];
      index += 1;
    }
  }
  return text;
}

/**
 * Returns an HTML link to `url` with the text `label`: `link("/a", "A")` is `<a href="/a">A</a>`.
 * In both, "&" becomes "&amp;" and "<" "&lt;"; in `url` also the double quote becomes "&quot;".
 */
export function link(url: string, label: string): string {
  const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<a href="${escape(url).replaceAll('"', "&quot;")}">${escape(label)}</a>`;
}
