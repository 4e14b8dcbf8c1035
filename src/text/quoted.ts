/** Longer texts are cut where errors show them. */
const LENGTH_MAX = 80;

/** A text as errors quote it: in double quotes, control characters escaped, cut where it is long. */
export function quoted(text: string): string {
  return cut(JSON.stringify(text));
}

/** A value as a program would write it: `"5"` and `5n` are not the number 5. */
export function literal(value: unknown): string {
  return typeof value === "string" ? quoted(value) : typeof value === "bigint" ? `${value}n` : String(value);
}

/** A text that is cut where it is long. */
export function cut(text: string, lengthMax: number = LENGTH_MAX): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 3)}...` : text;
}
