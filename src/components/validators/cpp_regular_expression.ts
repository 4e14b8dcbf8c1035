/** Parts of a regular expression: an escape, what is in brackets, a group's head, what says how often, or a letter. */
const PARTS = /\\[^]|\[\^?(?:\\[^]|\[:[a-z]+:\]|[^\]\\])*\]|\(\?(?:<[=!])?[^]?|\{(?:\d+(?:,\d*)?\})?|[^]/g;

/** Whether the regular expressions of C++ (`std::regex`, ECMAScript) refuse one that JavaScript takes, or both refuse it. */
export function isRefusedInCpp(pattern: string): boolean {
  try {
    new RegExp(pattern);
  } catch {
    return true;
  }
  let groups = 0;
  let highestReference = 0;
  for (const { 0: part, index } of pattern.matchAll(PARTS)) {
    // A number of times that is none, in place of a brace that stands for itself.
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
