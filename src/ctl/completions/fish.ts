import { type CommandSpec, GROUP_ALIASES } from "../command.ts";
import { PROGRAM, SHORT_PROGRAM } from "../program.ts";
import {
  type CompletedOption,
  firstWords,
  groups,
  optionsOf,
  positionalNames,
  positionalWords,
  spellingsOf,
} from "./model.ts";

/** The completion script for fish. */
export function fishScript(commands: readonly CommandSpec[]): string {
  const lines = [
    `# Completion of ${PROGRAM} for fish`,
    "function __diaspora_ctl_at",
    "    # Whether the words before the cursor begin with these, or are these alone when the first one is --only",
    "    set -l words (commandline -opc)[2..-1]",
    ...Object.entries(GROUP_ALIASES).map(([letter, group]) =>
      `    test "$words[1]" = ${letter}; and set words[1] ${group}`
    ),
    '    if test "$argv[1]" = --only',
    '        test "$words" = "$argv[2..-1]"',
    "        return",
    "    end",
    "    set -l count (count $argv)",
    "    test (count $words) -ge $count",
    '    and test "$words[1..$count]" = "$argv"',
    "end",
    "function __diaspora_ctl_names",
    "    set -l words (commandline -opc)",
    "    $words[1] __complete $argv[1] $words[2..-1] 2>/dev/null",
    "end",
    `complete -c ${PROGRAM} -f`,
    `complete -c ${SHORT_PROGRAM} -w ${PROGRAM}`,
  ];
  const word = (condition: string, name: string, meaning: string): string =>
    `complete -c ${PROGRAM} -n ${quote(condition)} -a ${quote(name)} -d ${quote(meaning)}`;
  for (const { word: name, meaning } of firstWords(commands)) {
    lines.push(word("__diaspora_ctl_at --only", name, meaning));
  }
  for (const { group, words } of groups(commands)) {
    for (const { word: name, meaning } of words) {
      lines.push(word(`__diaspora_ctl_at --only ${group}`, name, meaning));
    }
  }
  for (const command of commands) {
    for (const spelling of spellingsOf(command)) {
      const condition = `__diaspora_ctl_at ${spelling}`;
      const names = positionalNames(command);
      for (const name of positionalWords(command)) lines.push(word(condition, name, command.summary));
      if (names !== undefined) lines.push(word(condition, `(__diaspora_ctl_names ${names})`, names));
      for (const option of optionsOf(command)) lines.push(optionLine(condition, option));
    }
  }
  return lines.join("\n") + "\n";
}

function optionLine(condition: string, { form, short, meaning, value }: CompletedOption): string {
  const parts = [`complete -c ${PROGRAM} -n ${quote(condition)}`];
  // Not an option by itself: the key is typed after the dot.
  if (form.endsWith(".")) return `${parts[0]} -a ${quote(form)} -d ${quote(meaning)}`;
  parts.push(`-l ${form.slice(2)}`);
  if (short !== undefined) parts.push(`-s ${short.slice(1)}`);
  if (value.kind === "files") parts.push("-r -F");
  else if (value.kind === "words") parts.push(`-x -a ${quote(value.words.join(" "))}`);
  else if (value.kind === "names") parts.push(`-x -a ${quote(`(__diaspora_ctl_names ${value.of})`)}`);
  else if (value.kind === "any") parts.push("-x");
  return [...parts, `-d ${quote(meaning)}`].join(" ");
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
