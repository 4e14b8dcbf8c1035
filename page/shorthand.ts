/** What events must match: a pattern, a text anywhere in the metadata, or both. */
export interface Wanted {
  filter?: string;
  text?: string;
}

const STRING = `"(?:[^"\\\\]|\\\\.)*"`;
/** A part of a field's path: anything in quotes, otherwise letters and what is common in names. */
const KEY = `(?:${STRING}|[\\p{L}\\p{N}_$@-]+)`;
const CONDITION = new RegExp(`^(?!\\d+\\s)(${KEY}(?:\\.${KEY})*)\\s*(>=|<=|!=|<>|==|=|>|<|~)\\s*(.+)$`, "su");
/** The words between conditions, or a quoted text, in which they are none. */
const BETWEEN = new RegExp(`(?<=^|[\\s=<>~])(?:${STRING}|'[^']*')|\\s+(and|or|&&|\\|\\|)\\s+`, "gisu");

/**
 * The meaning of a typed filter: a pattern is used unchanged; conditions such as `energy > 40 and run.kind =
 * test` become the equivalent pattern, `and` before `or`; anything else is text to search for. Throws an error for
 * an invalid condition.
 */
export function wantedOf(typed: string): Wanted {
  const text = typed.trim();
  if (text === "") return {};
  if (text.startsWith("{")) return { filter: text };
  const choices = clausesOf(text).map((clauses) => clauses.map((clause) => CONDITION.exec(clause)));
  if (choices.flat().some((condition) => condition === null)) return { text };
  const exact: string[] = [];
  const patterns = choices.map((conditions) => {
    const pattern = emptyPattern();
    for (const condition of conditions) add(pattern, condition!, exact);
    return pattern;
  });
  if (exact.length > 1 || exact.length > 0 && patterns.length > 1) {
    throw new Error(`“${exact[0]}” has more digits than numbers are compared with: search for it alone`);
  }
  const filter = JSON.stringify(patterns.length === 1 ? patterns[0] : { $or: patterns });
  return { filter, ...(exact.length === 0 ? {} : { text: exact[0] }) };
}

/** The same; undefined for an invalid condition, which is reported elsewhere. */
export function wantedOrNothing(typed: string): Wanted {
  try {
    return wantedOf(typed);
  } catch {
    return {};
  }
}

/** The clauses of a filter: alternatives, each of which are clauses that all hold. */
function clausesOf(text: string): string[][] {
  const choices: string[][] = [[]];
  let from = 0;
  for (const { 0: found, 1: word, index } of text.matchAll(BETWEEN)) {
    if (word === undefined) continue;
    choices.at(-1)!.push(text.slice(from, index).trim());
    if (/^(?:or|\|\|)$/i.test(word)) choices.push([]);
    from = index + found.length;
  }
  choices.at(-1)!.push(text.slice(from).trim());
  return choices;
}

interface Pattern {
  [key: string]: Pattern | unknown[];
}

/** Without a prototype, a field may have any name, also `__proto__`. */
function emptyPattern(): Pattern {
  return Object.create(null) as Pattern;
}

/** Adds a condition; a number with more digits than a double has also goes to `exact`, as text. */
function add(pattern: Pattern, [, path, operator, typed]: readonly string[], exact: string[]): void {
  const keys = path.match(new RegExp(KEY, "gu"))!.map((key) =>
    key.startsWith('"') ? String(JSON.parse(key)) : key
  );
  let at = pattern;
  for (const key of keys.slice(0, -1)) {
    const inner = Object.hasOwn(at, key) ? at[key] : at[key] = emptyPattern();
    if (Array.isArray(inner)) throw new Error(`“${path}” and another condition exclude each other`);
    at = inner;
  }
  const last = keys.at(-1)!;
  const before = Object.hasOwn(at, last) ? at[last] : undefined;
  if (before !== undefined && !Array.isArray(before)) {
    throw new Error(`“${path}” and another condition exclude each other`);
  }
  if (/^==?$/.test(operator) && /^-?\d{16,}$/.test(typed) && BigInt(Number(typed)) !== BigInt(typed)) {
    exact.push(typed);
  }
  const matchers = matchersOf(path, operator, typed);
  if (before === undefined) at[last] = matchers;
  else merge(path, before as Matcher[], matchers as Matcher[]);
}

interface Matcher {
  numeric?: unknown[];
  "anything-but"?: unknown[];
}

/** Adds a condition to one on the same field: the other end of a range, or another value to exclude. */
function merge(path: string, [before]: Matcher[], [more]: Matcher[]): void {
  for (const kind of ["numeric", "anything-but"] as const) {
    const [list, others] = [before?.[kind], more?.[kind]];
    if (list !== undefined && others !== undefined) return void list.push(...others);
  }
  throw new Error(`“${path}” has two conditions that one pattern cannot have`);
}

function matchersOf(path: string, operator: string, typed: string): unknown[] {
  if (operator === "=" && typed.startsWith("~")) {
    throw new Error(`“${path} =~” is not known: “${path} ~ text” finds a part of a text, without patterns`);
  }
  const value = valueOf(typed);
  switch (operator) {
    case "=":
    case "==":
      return Array.isArray(value) ? value : [value];
    case "!=":
    case "<>":
      return [{ "anything-but": Array.isArray(value) ? value : [value] }];
    case "~":
      return [{ wildcard: `*${String(value).replace(/[\\*]/g, "\\$&")}*` }];
    default: {
      // 40,000, .5 and +5 are numbers here; elsewhere they may be texts.
      const isNumber = /^[+-]?(?:\d{1,3}(?:[,_]\d{3})+|\d*\.\d+|\d+)$/;
      const number = typeof value === "string" && isNumber.test(typed)
        ? Number(typed.replace(/[,_]/g, ""))
        : value;
      if (typeof number !== "number" || !Number.isFinite(number)) {
        throw new Error(`“${path} ${operator}” takes a number, found “${typed}”`);
      }
      return [{ numeric: [operator, number] }];
    }
  }
}

/**
 * Numbers, `true`, `false`, `null`, quoted strings and lists of them as in JSON; single quotes are quotes, too.
 * Anything else is a string.
 */
function valueOf(typed: string): unknown {
  if (/^'[^']*'$/.test(typed)) return typed.slice(1, -1);
  try {
    const value: unknown = JSON.parse(typed);
    const isPlain = (part: unknown): boolean => typeof part !== "object" || part === null;
    if (Array.isArray(value) ? value.length > 0 && value.every(isPlain) : isPlain(value)) return value;
  } catch {
    // It is a string.
  }
  return typed;
}
