/** The meaning of POSIX classes within brackets, which C++ regular expressions support. */
const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: "A-Za-z0-9",
  alpha: "A-Za-z",
  blank: " \\t",
  cntrl: "\\x00-\\x1f\\x7f",
  d: "0-9",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`{-~",
  s: "\\s",
  space: " \\t\\n\\v\\f\\r",
  upper: "A-Z",
  w: "\\w",
  xdigit: "A-Fa-f0-9",
};

/**
 * Compiles a pattern of a JSON Schema: a JavaScript regular expression that may contain POSIX classes such as
 * `[[:digit:]]`. One that is invalid in Unicode mode (`\_`, a lone `]`) is compiled without it.
 */
export function schemaPattern(pattern: string, flags: string): RegExp {
  const source = withoutPosixClasses(pattern);
  try {
    return new RegExp(source, flags);
  } catch (error) {
    try {
      return new RegExp(source, flags.replace("u", ""));
    } catch {
      throw error;
    }
  }
}

/** Required by Ajv, which only uses it to generate standalone code. */
schemaPattern.code = "schemaPattern";

function withoutPosixClasses(pattern: string): string {
  if (!pattern.includes("[:")) return pattern;
  let isInBrackets = false;
  return pattern.replace(/\\[^]|\[:([a-z]+):\]|[[\]]/g, (token, name: string | undefined) => {
    if (token.startsWith("\\")) return token;
    if (token === "]") isInBrackets = false;
    else if (!isInBrackets) isInBrackets = true;
    else if (name !== undefined) return POSIX_CLASSES[name] ?? token;
    return token;
  });
}
