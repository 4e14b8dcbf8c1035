import { acceptedOptions } from "../args/tokens.ts";
import { type CommandSpec, GROUP_ALIASES, type OptionSpec } from "../command.ts";

/** A word to complete, with its description. */
export interface Word {
  word: string;
  meaning: string;
}

/** What can follow an option. */
type ValueWords = { kind: "none" } | { kind: "any" } | { kind: "files" } | {
  kind: "words";
  words: readonly string[];
} | {
  /** The names in the store, or the user's contexts. */
  kind: "names";
  of: NameKind;
};

/** The kinds of names. */
export type NameKind = NonNullable<OptionSpec["names"]>;

/** The first words of commands; each group appears once. */
export function firstWords(commands: readonly CommandSpec[]): Word[] {
  const words = new Map<string, string>();
  for (const { path, summary } of commands) {
    if (path.length === 1) words.set(path[0], summary);
    else if (!words.has(path[0])) words.set(path[0], `${path[0]} commands`);
  }
  return [...words].map(([word, meaning]) => ({ word, meaning }));
}

/** The groups and the words that may follow each of them. */
export function groups(commands: readonly CommandSpec[]): { group: string; words: Word[] }[] {
  const names = [...new Set(commands.filter(({ path }) => path.length > 1).map(({ path }) => path[0]))];
  return names.map((group) => ({
    group,
    words: commands.filter(({ path }) => path.length > 1 && path[0] === group)
      .flatMap(({ path: [, word = ""], alias, summary }) =>
        [word, ...(alias === undefined ? [] : [alias])].map((word) => ({ word, meaning: summary }))
      ),
  }));
}

/** Lines for bash and zsh that replace the one-letter name of a group, which `word` is, by the full one. */
export function fullNames(word: string, replace: (group: string) => string): string[] {
  const cases = Object.entries(GROUP_ALIASES).map(([letter, group]) => `${letter}) ${replace(group)} ;;`);
  return [`  case ${word} in ${cases.join(" ")} esac`];
}

/** The words that name a command, including its alias. */
export function spellingsOf({ path, alias }: CommandSpec): string[] {
  const names = alias === undefined ? [path] : [path, [...path.slice(0, -1), alias]];
  return names.map((name) => name.join(" "));
}

/** What completion needs to know about an option. */
export interface CompletedOption {
  /** The typed form: `--driver`, `--driver.`, `--no-color`. */
  form: string;
  short?: string;
  meaning: string;
  value: ValueWords;
}

/** The options of a command in their typed forms. */
export function optionsOf(command: CommandSpec): CompletedOption[] {
  return acceptedOptions(command.options).filter((option) => option.hidden !== true).flatMap((option) => {
    const meaning = option.describe;
    const plain: CompletedOption = {
      form: `--${option.name}`,
      ...(option.short === undefined ? {} : { short: `-${option.short}` }),
      meaning,
      value: valueOf(option),
    };
    const keys = [...option.keys ?? [], ""].map((key): CompletedOption => ({
      form: `--${option.name}.${key}`,
      meaning: key === "" ? meaning : `Option of the ${option.name}`,
      value: { kind: key === "root_path" ? "files" : "any" },
    }));
    if (option.kind === "document") return [plain, ...keys];
    if (option.kind === "keys") return keys;
    if (option.negatable === true) {
      return [plain, { form: `--no-${option.name}`, meaning, value: { kind: "none" } }];
    }
    return [plain];
  });
}

/** The positional words of a command, if there is a fixed set; brackets say that one may be left out. */
export function positionalWords(command: CommandSpec): string[] {
  return (command.positional ?? []).filter((text) => text.includes("|"))
    .flatMap((text) => text.replace(/[[\]]/g, "").split("|"));
}

/** The kind of name of the first positional argument; undefined if it does not name something existing. */
export function positionalNames(command: CommandSpec): NameKind | undefined {
  const [first] = command.positional ?? [];
  const name = command.path.join(" ");
  if (command.path[0] === "context") {
    return name === "context add" || first === undefined ? undefined : "context";
  }
  return first === "[TOPIC]" && name !== "topic create" ? "topic" : undefined;
}

function valueOf(option: OptionSpec): ValueWords {
  if (option.kind === "flag") return { kind: "none" };
  if (option.kind === "file") return { kind: "files" };
  if (option.names !== undefined) return { kind: "names", of: option.names };
  if (option.choices !== undefined) return { kind: "words", words: option.choices };
  return { kind: "any" };
}
