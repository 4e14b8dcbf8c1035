import { existsSync } from "node:fs";
import type { JsonObject } from "../../json.ts";
import { UsageError } from "../usage_error.ts";
import { mergeDeep, parseDocument, readDocument } from "./document.ts";
import type { NamedDocument } from "./parsed.ts";

/** The environment variables, some of which set driver options. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Options from `DIASPORA_CTL_DRIVER_OPTIONS`, to be placed before those of the command line: split like a shell
 * does, with quotes and backslashes but without any expansion. The C++ tool reads the same variable.
 */
export function driverOptionsFrom(environment: Environment): string[] {
  return splitShellWords(environment.DIASPORA_CTL_DRIVER_OPTIONS ?? "");
}

/** The driver given on the command line, or else by `DIASPORA_DRIVER` and `DIASPORA_DRIVER_CONFIG`. */
export function driverWithEnvironment(given: NamedDocument, environment: Environment): NamedDocument {
  const fromEnvironment = environment.DIASPORA_DRIVER || undefined;
  const config = environment.DIASPORA_DRIVER_CONFIG || undefined;
  const name = given.name ?? fromEnvironment;
  // Options for one driver must not be passed to another.
  const applies = config !== undefined && (fromEnvironment === undefined || name === fromEnvironment);
  return { name, document: applies ? mergeDeep(readConfig(config), given.document) : given.document };
}

function readConfig(config: string): JsonObject {
  const option = "DIASPORA_DRIVER_CONFIG";
  // The variable holds a path, or a document for environments in which a file is hard to provide.
  if (config.trimStart().startsWith("{") && !existsSync(config)) return parseDocument(config, option);
  return readDocument(option, config);
}

function splitShellWords(text: string): string[] {
  const words: string[] = [];
  let word = "";
  let begun = false;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at);
    if (letter === "\\" && quote !== "'" && at + 1 < text.length) {
      const next = text.charAt(++at);
      // Between double quotes a shell keeps a backslash, except before a character that is special there.
      if (quote === '"' && !'"\\$`\n'.includes(next)) word += letter;
      // A backslash before a line break joins the lines.
      if (next !== "\n") [word, begun] = [word + next, true];
    } else if (quote !== "") {
      if (letter === quote) quote = "";
      else word += letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      begun = true;
    } else if (/\s/.test(letter)) {
      if (begun) words.push(word);
      word = "";
      begun = false;
    } else {
      word += letter;
      begun = true;
    }
  }
  if (quote !== "") throw new UsageError(`DIASPORA_CTL_DRIVER_OPTIONS has an unclosed ${quote}`);
  return begun ? [...words, word] : words;
}
