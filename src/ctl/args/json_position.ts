const TOKEN =
  /\s*([{}[\],:]|"(?:[^"\\\n]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w))/y;

/** What may follow. */
type Expected = "value" | "value or ]" | "key" | "key or }" | ":" | ", or end";

/**
 * The offset of the first error in invalid JSON text. The runtimes' own parsers report it differently, or not at
 * all.
 */
export function faultOffset(text: string): number {
  const open: string[] = [];
  let expected: Expected = "value";
  let at = 0;
  for (;;) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[1];
    const next: Expected | undefined = token === undefined ? undefined : step(token, expected, open);
    if (next === undefined) return at + /^\s*/.exec(text.slice(at))![0].length;
    expected = next;
    at = TOKEN.lastIndex;
  }
}

/** What to do about JSON that lost its quotes, or has others, as the end of an error message. */
export function quotesRemark(text: string): string {
  const isUnquoted = /^(?!(?:true|false|null)\b)['\p{L}_$]/u.test(text.slice(faultOffset(text)));
  return isUnquoted
    ? `; names and texts have double quotes, and single ones go around all: '{"name": "text"}'`
    : "";
}

/** What may follow a token; undefined if the token is not allowed here. Keeps track of open brackets. */
function step(token: string, expected: Expected, open: string[]): Expected | undefined {
  if (expected === ":") return token === ":" ? "value" : undefined;
  if (expected === "key" || expected === "key or }") {
    if (token.startsWith('"')) return ":";
    return token === "}" && expected === "key or }" ? closed(open) : undefined;
  }
  if (expected === ", or end") {
    if (open.length === 0) return undefined;
    const inObject = open.at(-1) === "{";
    if (token === ",") return inObject ? "key" : "value";
    return token === (inObject ? "}" : "]") ? closed(open) : undefined;
  }
  if (token === "]" && expected === "value or ]") return closed(open);
  if (token === "{" || token === "[") {
    open.push(token);
    return token === "{" ? "key or }" : "value or ]";
  }
  return /^["\w-]/.test(token) ? ", or end" : undefined;
}

function closed(open: string[]): Expected {
  open.pop();
  return ", or end";
}
