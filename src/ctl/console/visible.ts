// Characters that a terminal follows, or that turn or hide the text around them. Two of them join letters.
const HIDDEN = /(?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}\u2028\u2029]/u;
const EVERY_HIDDEN = new RegExp(HIDDEN, "gu");

/**
 * The text with unseen characters written out as JSON writes them, so that a terminal shows stored text as what
 * it is and does nothing that it says. Tabs and line ends stay.
 */
export function visible(text: string): string {
  return HIDDEN.test(text) ? text.replace(EVERY_HIDDEN, writtenOut) : text;
}

function writtenOut(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}
