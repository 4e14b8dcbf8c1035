/** The styles used on a terminal. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

/** Name of a style. */
export type Style = keyof typeof CODES;

/** Applies a style to text, or returns it unchanged if colour is off. */
export type Painter = (style: Style, text: string) => string;

/** A painter for a stream. `NO_COLOR` and `--no-color` disable colour, `--color` and `FORCE_COLOR` enable it. */
export function painterFor(
  stream: { isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
  asked?: boolean,
): Painter {
  const forced = environment.FORCE_COLOR !== undefined && environment.FORCE_COLOR !== "0";
  const suits = forced || (stream.isTTY === true && environment.TERM !== "dumb" && !environment.NO_COLOR);
  return asked ?? suits ? paint : plain;
}

function paint(style: Style, text: string): string {
  const [on, off] = CODES[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}

/** The painter without colour. */
export function plain(_style: Style, text: string): string {
  return text;
}
