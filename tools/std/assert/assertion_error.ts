/** What every failed assertion throws. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

/** Ends an assertion's message with the caller's own, as `@std/assert` does. */
export function withMessage(text: string, message: string | undefined): string {
  return message === undefined ? `${text}.` : `${text}: ${message}`;
}
