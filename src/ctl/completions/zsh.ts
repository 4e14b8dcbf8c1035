import type { CommandSpec } from "../command.ts";
import { PROGRAM, SHORT_PROGRAM } from "../program.ts";
import {
  type CompletedOption,
  firstWords,
  fullNames,
  groups,
  optionsOf,
  positionalNames,
  positionalWords,
  spellingsOf,
  type Word,
} from "./model.ts";

/** The names in the store; `typed` contains the words before the cursor. */
const NAMES = [
  "_diaspora_ctl_names() {",
  '  local kind="$argv[-1]"',
  '  local -a names; names=("${(@f)$("$typed[1]" __complete "$kind" "${(@Q)typed[2,-1]}" 2>/dev/null)}")',
  "  names=(${names:#})",
  '  compadd "$argv[1,-2]" -a names',
  "}",
  "",
];

/** The completion script for zsh: a file `_diaspora-ctl` in a folder of `$fpath`. */
export function zshScript(commands: readonly CommandSpec[]): string {
  const lines = [
    `#compdef ${PROGRAM} ${SHORT_PROGRAM}`,
    "",
    ...NAMES,
    "_diaspora_ctl() {",
    "  local -a words_here typed",
    '  typed=("${(@)words[1,CURRENT-1]}")',
    ...fullNames('"$words[2]"', (group) => `words[2]=${group}`),
    '  local command="$words[2]"',
  ];
  lines.push(
    "  if (( CURRENT == 2 )); then",
    ...describe("    ", "command", firstWords(commands)),
    "    return",
    "  fi",
  );
  lines.push('  case "$words[2]" in');
  for (const { group, words } of groups(commands)) {
    lines.push(
      `    ${group})`,
      "      if (( CURRENT == 3 )); then",
      ...describe("        ", `${group} command`, words),
      "        return",
      "      fi",
      '      command="$words[2] $words[3]"',
      "      shift words; (( CURRENT-- ))",
      "      ;;",
    );
  }
  // _arguments expects only the command's own words.
  lines.push("  esac", "  shift words; (( CURRENT-- ))", '  case "$command" in');
  for (const command of commands) lines.push(...argumentsOf(command));
  lines.push(
    "  esac",
    "}",
    "",
    'if [ "$funcstack[1]" = "_diaspora-ctl" ]; then',
    '  _diaspora_ctl "$@"',
    "else",
  );
  lines.push(`  compdef _diaspora_ctl ${PROGRAM} ${SHORT_PROGRAM}`, "fi", "");
  return lines.join("\n");
}

function describe(indent: string, what: string, words: readonly Word[]): string[] {
  return [
    `${indent}words_here=(`,
    ...words.map(({ word, meaning }) => `${indent}  ${quote(`${word}:${meaning.replaceAll(":", "\\:")}`)}`),
    `${indent})`,
    `${indent}_describe ${quote(what)} words_here`,
  ];
}

function argumentsOf(command: CommandSpec): string[] {
  const specs = optionsOf(command).flatMap(argumentSpecs);
  const words = positionalWords(command);
  if (words.length > 0) specs.push(quote(`1: :(${words.join(" ")})`));
  const names = positionalNames(command);
  if (names !== undefined) specs.push(quote(`1:${names}:_diaspora_ctl_names ${names}`));
  return [
    `    ${spellingsOf(command).map(quote).join("|")})`,
    "      _arguments -S \\",
    ...joined(specs),
    "      ;;",
  ];
}

function joined(specs: readonly string[]): string[] {
  return specs.map((spec, index) => `        ${spec}${index === specs.length - 1 ? "" : " \\"}`);
}

function argumentSpecs({ form, short, meaning, value }: CompletedOption): string[] {
  const text = meaning.replaceAll("[", "\\[").replaceAll("]", "\\]").replaceAll(":", "\\:");
  // The key follows without a space, and the option may be repeated.
  if (form.endsWith(".")) return [quote(`*${form}-[${text}]:value:`)];
  const action = value.kind === "none"
    ? ""
    : value.kind === "files"
    ? ":file:_files"
    : value.kind === "words"
    ? `:value:(${value.words.join(" ")})`
    : value.kind === "names"
    ? `:${value.of}:_diaspora_ctl_names ${value.of}`
    : ":value:";
  return [form, ...(short === undefined ? [] : [short])].map((name) => quote(`${name}[${text}]${action}`));
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
