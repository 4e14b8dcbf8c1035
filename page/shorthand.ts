/** What events must match: a pattern, a text anywhere in the metadata, or both. */
export interface Wanted {
  filter?: string;
  text?: string;
}

const CONDITION = /^([\p{L}_$][\p{L}\p{N}_$.-]*)\s*(>=|<=|!=|==|=|>|<|~)\s*(.+)$/u;

/**
 * The meaning of a typed filter: a pattern is used unchanged; conditions such as `energy > 40 and run.kind =
 * test` become the equivalent pattern; anything else is text to search for. Throws an error for an invalid
 * condition.
 */
export function wantedOf(typed: string): Wanted {
  const text = typed.trim();
  if (text === "") return {};
  if (text.startsWith("{")) return { filter: text };
  const conditions = text.split(/\s+and\s+/i).map((part) => CONDITION.exec(part.trim()));
  if (conditions.some((condition) => condition === null)) return { text };
  const pattern: Pattern = {};
  for (const condition of conditions) add(pattern, condition!);
  return { filter: JSON.stringify(pattern) };
}

/** The same; undefined for an invalid condition, which is reported elsewhere. */
export function wantedOrNothing(typed: string): Wanted {
  try {
    return wantedOf(typed);
  } catch {
    return {};
  }
}

interface Pattern {
  [key: string]: Pattern | unknown[];
}

function add(pattern: Pattern, [, path, operator, typed]: readonly string[]): void {
  const keys = path.split(".");
  let at = pattern;
  for (const key of keys.slice(0, -1)) {
    const inner = at[key] ??= {};
    if (Array.isArray(inner)) throw new Error(`“${path}” and another condition exclude each other`);
    at = inner;
  }
  const last = keys.at(-1)!;
  const matcher = matcherOf(path, operator, valueOf(typed));
  const before = at[last];
  if (before === undefined) {
    at[last] = [matcher];
    return;
  }
  // The two ends of one range.
  const [range] = Array.isArray(before) ? before as { numeric?: unknown[] }[] : [];
  const more = (matcher as { numeric?: unknown[] }).numeric;
  if (range?.numeric === undefined || more === undefined) {
    throw new Error(`“${path}” stands in two conditions that one pattern cannot have`);
  }
  range.numeric.push(...more);
}

function matcherOf(path: string, operator: string, value: unknown): unknown {
  switch (operator) {
    case "=":
    case "==":
      return value;
    case "!=":
      return { "anything-but": [value] };
    case "~":
      return { wildcard: `*${String(value).replace(/[\\*]/g, "\\$&")}*` };
    default:
      if (typeof value !== "number") {
        throw new Error(`“${path} ${operator}” takes a number, found “${String(value)}”`);
      }
      return { numeric: [operator, value] };
  }
}

/** Numbers, `true`, `false`, `null` and quoted strings as in JSON; anything else is a string. */
function valueOf(typed: string): unknown {
  try {
    const value: unknown = JSON.parse(typed);
    return typeof value === "object" && value !== null ? typed : value;
  } catch {
    return typed;
  }
}
