import { wrongPattern } from "./refuse.ts";

/**
 * Compiles a text in which `*` matches any characters, `\*` an asterisk and `\\` a backslash; before any other
 * character a backslash is literal. The pieces between asterisks are searched once, from left to right, so that
 * matching takes linear time.
 */
export function compileWildcard(pattern: string, path: string): (text: string) => boolean {
  const [first = "", ...middle] = splitAtAsterisks(pattern, path);
  const last = middle.pop();
  if (last === undefined) return (text) => text === first;
  const lengthMin = first.length + last.length;
  return (text) => {
    if (text.length < lengthMin || !text.startsWith(first) || !text.endsWith(last)) return false;
    let from = first.length;
    const end = text.length - last.length;
    for (const piece of middle) {
      const at = text.indexOf(piece, from);
      if (at === -1) return false;
      from = at + piece.length;
    }
    return from <= end;
  };
}

function splitAtAsterisks(pattern: string, path: string): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (let index = 0; index < pattern.length; index++) {
    let character = pattern.charAt(index);
    if (character === "*") {
      pieces.push(piece);
      piece = "";
      continue;
    }
    const next = pattern[index + 1];
    if (character === "\\") {
      if (next === undefined) throw wrongPattern(path, "no backslash at the end", pattern);
      if (next === "*" || next === "\\") {
        character = next;
        index++;
      }
    }
    piece += character;
  }
  return [...pieces, piece];
}
