/**
 * Tokens of a regular expression: an escape, a bracket expression, the start of a group, a quantifier, or a
 * character.
 */
const PARTS = /\\[^]|\[\^?(?:\\[^]|\[:[a-z]+:\]|[^\]\\])*\]|\(\?(?:<[=!])?[^]?|\{(?:\d+(?:,\d*)?\})?|[^]/g;

/**
 * Whether C++ regular expressions (`std::regex`, ECMAScript) reject one that JavaScript accepts, or both reject
 * it.
 */
export function isRefusedInCpp(pattern: string): boolean {
  try {
    new RegExp(pattern);
  } catch {
    return true;
  }
  let groups = 0;
  let highestReference = 0;
  for (const { 0: part, index } of pattern.matchAll(PARTS)) {
    // A brace that does not start a valid quantifier: JavaScript reads it as a literal character.
    if (part === "{") return true;
    if (part.startsWith("(?")) {
      if (!/^\(\?[:=!]/.test(part)) return true;
    } else if (part === "(") groups++;
    else if (part.startsWith("[")) {
      if (/\\[dwsDWS]-[^\]]|[^[\]^]-\\[dwsDWS]/.test(part)) return true;
    } else if (part === "\\u" && !/^[0-9a-fA-F]{4}/.test(pattern.slice(index + 2))) return true;
    else if (/^\\[1-9]/.test(part)) {
      highestReference = Math.max(highestReference, Number(/^\d+/.exec(pattern.slice(index + 1))![0]));
    }
  }
  return highestReference > groups;
}
