import { acceptedOptions } from "../args/tokens.ts";
import type { CommandSpec, OptionSpec } from "../command.ts";

/** A word that can be completed, with what it means. */
export interface Word {
  word: string;
  meaning: string;
}

/** What can follow an option. */
export type ValueWords = { kind: "none" } | { kind: "any" } | { kind: "files" } | {
  kind: "words";
  words: readonly string[];
};

/** The first words of commands; a group counts once. */
export function firstWords(commands: readonly CommandSpec[]): Word[] {
  const words = new Map<string, string>();
  for (const { path, summary } of commands) {
    if (path.length === 1) words.set(path[0], summary);
    else if (!words.has(path[0])) words.set(path[0], `${path[0]} commands`);
  }
  return [...words].map(([word, meaning]) => ({ word, meaning }));
}

/** The groups and the words that may follow each. */
export function groups(commands: readonly CommandSpec[]): { group: string; words: Word[] }[] {
  const names = [...new Set(commands.filter(({ path }) => path.length > 1).map(({ path }) => path[0]))];
  return names.map((group) => ({
    group,
    words: commands.filter(({ path }) => path.length > 1 && path[0] === group)
      .map(({ path, summary }) => ({ word: path[1], meaning: summary })),
  }));
}

/** What completion knows of an option. */
export interface CompletedOption {
  /** As it is typed: `--driver`, `--driver.`, `--no-color`. */
  form: string;
  short?: string;
  meaning: string;
  value: ValueWords;
}

/** The options of a command as they are typed. */
export function optionsOf(command: CommandSpec): CompletedOption[] {
  return acceptedOptions(command.options).filter((option) => option.hidden !== true).flatMap((option) => {
    const meaning = option.describe;
    const plain: CompletedOption = {
      form: `--${option.name}`,
      ...(option.short === undefined ? {} : { short: `-${option.short}` }),
      meaning,
      value: valueOf(option),
    };
    if (option.kind === "document") {
      return [plain, { form: `--${option.name}.`, meaning, value: { kind: "any" } }];
    }
    if (option.kind === "keys") return [{ form: `--${option.name}.`, meaning, value: { kind: "any" } }];
    if (option.negatable === true) {
      return [plain, { form: `--no-${option.name}`, meaning, value: { kind: "none" } }];
    }
    return [plain];
  });
}

/** The words a command takes beside options, where they are a fixed few. */
export function positionalWords(command: CommandSpec): string[] {
  return (command.positional ?? []).filter((text) => text.includes("|")).flatMap((text) => text.split("|"));
}

function valueOf(option: OptionSpec): ValueWords {
  if (option.kind === "flag") return { kind: "none" };
  if (option.kind === "file") return { kind: "files" };
  if (option.choices !== undefined) return { kind: "words", words: option.choices };
  return { kind: "any" };
}
