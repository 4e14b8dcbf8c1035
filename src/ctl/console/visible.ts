// Control characters and those that reorder or hide the text around them, except two that join letters.
const HIDDEN = /(?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}\u2028\u2029]/u;
const EVERY_HIDDEN = new RegExp(HIDDEN, "gu");

/**
 * The text with invisible characters escaped as in JSON, so that a terminal displays stored text rather than
 * interpreting it. Tabs and line breaks stay.
 */
export function visible(text: string): string {
  return HIDDEN.test(text) ? text.replace(EVERY_HIDDEN, escaped) : text;
}

function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}
