/** Stands for a number, as the key of an object or before a text: a zero byte makes it unlike any other. */
const MARK = "\u0000number";
const MARKED = /"\\u0000number([^"]*)"/g;

/** A number as it was written, with more digits than a double has. */
export class ExactNumber {
  constructor(private readonly source: string) {}

  toJSON(): unknown {
    return `${MARK}${this.source}`;
  }

  toString(): string {
    return this.source;
  }
}

/** A string, which may contain digits, or a number. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/**
 * Parses JSON; numbers that a double writes in another way, such as those of many digits, are kept as
 * {@linkcode ExactNumber}. Undefined if it is not JSON.
 */
export function parsedExactly(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    const marked = json.replace(
      TOKEN,
      (token) =>
        token.startsWith('"') || String(Number(token)) === token ? token : JSON.stringify({ [MARK]: token }),
    );
    return marked === json ? value : JSON.parse(marked, revived);
  } catch {
    return undefined;
  }
}

function revived(_key: string, value: unknown): unknown {
  const isMarked = typeof value === "object" && value !== null && Object.hasOwn(value, MARK);
  return isMarked ? new ExactNumber((value as Record<string, string>)[MARK]!) : value;
}

/** A parsed value as JSON, its numbers as they were written. */
export function exactJson(value: unknown): string {
  return JSON.stringify(value).replace(MARKED, "$1");
}
