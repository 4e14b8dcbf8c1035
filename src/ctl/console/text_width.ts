const ASCII = /^[\x20-\x7e]*$/;
const COMBINING = /^[\p{Mn}\p{Me}\p{Cf}]/u;
/** Characters that terminals show in two columns: those of East Asia, and pictures. */
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u;

/** How many columns of a terminal a text takes. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** A text of at most this many columns, with a mark where its middle was left out. */
export function cutInMiddle(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const characters = [...text];
  const head = fitting(characters, Math.ceil((width - 1) / 2));
  const tail = fitting(characters.reverse(), width - 1 - textWidth(head.join("")));
  return `${head.join("")}…${tail.reverse().join("")}`;
}

/** As many of the first characters as fit. */
function fitting(characters: readonly string[], width: number): string[] {
  let left = width;
  const end = characters.findIndex((character) => (left -= textWidth(character)) < 0);
  return characters.slice(0, end);
}
