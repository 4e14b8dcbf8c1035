import { wrongPattern } from "./refuse.ts";

/**
 * Compiles a text in which `*` stands for any characters, `\*` for an asterisk and `\\` for a backslash. Each
 * piece between asterisks is looked for once, from left to right, so that no text takes long.
 */
export function compileWildcard(pattern: string, path: string): (text: string) => boolean {
  const pieces = splitAtAsterisks(pattern, path);
  const first = pieces[0];
  if (pieces.length === 1) return (text) => text === first;
  const last = pieces[pieces.length - 1];
  const middle = pieces.slice(1, -1);
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
  const pieces = [""];
  let previousWasAsterisk = false;
  for (let index = 0; index < pattern.length; index++) {
    let character = pattern[index];
    if (character === "*") {
      if (previousWasAsterisk) {
        throw wrongPattern(path, "no two asterisks next to each other", pattern);
      }
      pieces.push("");
      previousWasAsterisk = true;
      continue;
    }
    previousWasAsterisk = false;
    if (character === "\\") {
      character = pattern[++index];
      if (character !== "*" && character !== "\\") {
        throw wrongPattern(path, 'each backslash followed by "*" or by another backslash', pattern);
      }
    }
    pieces[pieces.length - 1] += character;
  }
  return pieces;
}
