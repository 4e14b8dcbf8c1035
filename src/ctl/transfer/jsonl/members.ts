/**
 * The source text of each member of a JSON object. It preserves numbers as written, which parsing would not. The
 * text must be valid JSON; undefined if it is not an object.
 */
export function memberTexts(text: string): Map<string, string> | undefined {
  const members = new Map<string, string>();
  let at = skipSpace(text, 0);
  if (text[at] !== "{") return undefined;
  at = skipSpace(text, at + 1);
  while (text[at] === '"') {
    const keyEnd = endOfString(text, at);
    const key = JSON.parse(text.slice(at, keyEnd)) as string;
    const from = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const to = endOfValue(text, from);
    members.set(key, text.slice(from, to));
    at = skipSpace(text, to);
    if (text[at] !== ",") break;
    at = skipSpace(text, at + 1);
  }
  return members;
}

function endOfValue(text: string, from: number): number {
  if (text[from] === '"') return endOfString(text, from);
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const letter = text[at];
    if (letter === '"') at = endOfString(text, at) - 1;
    else if (letter === "{" || letter === "[") depth++;
    else if (letter === "}" || letter === "]") {
      if (depth === 0) return at;
      depth--;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (letter === "," || letter === " " || letter === "\t" || letter === "\r")) {
      return at;
    }
  }
  return text.length;
}

/** Skips a text of many megabytes in a few steps. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === "\\") backslashes++;
    at = quote + 1;
    if (quote < 0 || backslashes % 2 === 0) return quote < 0 ? text.length : at;
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\r\n".includes(text.charAt(at))) at++;
  return at;
}
