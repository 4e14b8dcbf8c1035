/** Words without special characters for shells. */
const PLAIN = /^[\p{L}\p{N}_@%+=:,./-]+$/u;
/** Characters that are invisible in a command, or that end its line. */
const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** A word quoted for bash and zsh. */
export function quoted(word: string): string {
  if (PLAIN.test(word)) return word;
  if (word.match(HIDDEN) === null) return `'${word.replaceAll("'", `'\\''`)}'`;
  const written = word.replace(/[\\']/g, "\\$&").replace(HIDDEN, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
  return `$'${written}'`;
}

/** A diaspora-ctl command line. */
export function commandLine(words: readonly string[]): string {
  return ["diaspora-ctl", ...words.map(quoted)].join(" ");
}

/** A topic as a command's first word; a name that looks like an option is passed as an option. */
export function topicWords(topic: string): string[] {
  return topic.startsWith("-") ? [`--topic=${topic}`] : [topic];
}

/** An option with its value. */
export function optionWords(option: string, value: string): string[] {
  return value.startsWith("-") ? [`${option}=${value}`] : [option, value];
}
