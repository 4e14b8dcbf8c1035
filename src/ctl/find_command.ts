import { nearestName } from "../options.ts";
import { type CommandSpec, GROUP_ALIASES } from "./command.ts";
import { PROGRAM } from "./program.ts";
import { COMMANDS } from "./table/mod.ts";
import { UsageError } from "./usage_error.ts";

/** The command at the start of a command line, and the remaining arguments. */
interface Found {
  command: CommandSpec;
  rest: readonly string[];
}

/** Finds the command; for the words of a group alone (`topic`, `t`) it returns the group instead. */
export function findCommand(typed: readonly string[]): Found | { group: readonly string[] } {
  const [first = "", ...others] = typed;
  const argv = Object.hasOwn(GROUP_ALIASES, first) ? [GROUP_ALIASES[first]!, ...others] : typed;
  const command = COMMANDS.find((command) => namesOf(command).some((name) => begins(argv, name)));
  if (command !== undefined) return { command, rest: argv.slice(command.path.length) };
  const end = argv.findIndex((word) => word.startsWith("-"));
  const words = end < 0 ? argv : argv.slice(0, end);
  if (words.length === 0) {
    const meant = nearestName(argv[0]!, ["--help", "--version"]);
    throw new UsageError(
      meant === undefined
        ? `Expected a command before "${argv[0]}": see "${PROGRAM} --help"`
        : `Unknown option "${argv[0]}": did you mean "${meant}"?`,
    );
  }
  const isGroup = COMMANDS.some(({ path }) => path.length > 1 && path[0] === words[0]);
  if (isGroup && words.length === 1) return { group: words };
  throw unknownCommand(words, isGroup);
}

/** What may follow the first word of a group, for error messages. */
export function wordsAfter(group: string): string {
  const words = COMMANDS.filter(({ path }) => path.length > 1 && path[0] === group).map(({ path }) =>
    path[1]
  );
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** The words that name a command, including its alias. */
function namesOf({ path, alias }: CommandSpec): (readonly string[])[] {
  return alias === undefined ? [path] : [path, [...path.slice(0, -1), alias]];
}

function begins(argv: readonly string[], name: readonly string[]): boolean {
  return name.every((word, index) => argv[index] === word);
}

function unknownCommand(words: readonly string[], isGroup: boolean): UsageError {
  const name = words.slice(0, isGroup ? 2 : 1);
  const names = COMMANDS.map((command) => command.path.join(" "));
  const groups = [...new Set(COMMANDS.filter(({ path }) => path.length > 1).map(({ path }) => path[0]))];
  // `lag`: the last word of a command is enough to know what is meant. `topci create`: the second word helps as well.
  const meant =
    COMMANDS.find((command) => namesOf(command).some((each) => each.at(-1) === name.join(" ")))?.path
      .join(" ") ??
      nearestName(words.slice(0, 2).join(" "), names) ??
      nearestName(name.join(" "), [...names, ...groups, "help"]);
  const remedy = meant !== undefined
    ? `did you mean "${meant}"?`
    : isGroup
    ? `after "${name[0]}" comes ${wordsAfter(name[0]!)}`
    : `see "${PROGRAM} --help"`;
  return new UsageError(`Unknown command "${name.join(" ")}": ${remedy}`);
}
