import type { CommandSpec } from "../command.ts";
import { PROGRAM, SHORT_PROGRAM } from "../program.ts";
import {
  firstWords,
  fullNames,
  groups,
  type NameKind,
  optionsOf,
  positionalNames,
  positionalWords,
  spellingsOf,
} from "./model.ts";

/**
 * Names are printed one per line and are data: a shell that expanded them would execute code in a topic's name.
 */
const NAMES = [
  "# The names that the store has: kind, beginning",
  "_diaspora_ctl_names() {",
  "  local name",
  "  while IFS= read -r name; do",
  '    case "$name" in "$2"*) COMPREPLY+=("$(printf %q "$name")") ;; esac',
  '  done < <("${COMP_WORDS[0]}" __complete "$1" "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)',
  "}",
];

/** The completion script for bash 3.2 and newer; it does not need the bash-completion package. */
export function bashScript(commands: readonly CommandSpec[]): string {
  const lines = [
    `# Completion of ${PROGRAM} for bash`,
    ...NAMES,
    "_diaspora_ctl() {",
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" command first="${COMP_WORDS[1]}"',
    "  COMPREPLY=()",
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W ${
      quote([...firstWords(commands).map(({ word }) => word), "--help", "--version"])
    } -- "$cur"))`,
    "    return",
    "  fi",
    ...fullNames('"$first"', (group) => `first=${group}`),
    '  command="$first"',
    '  case "$first" in',
  ];
  for (const { group, words } of groups(commands)) {
    lines.push(
      `    ${group})`,
      '      command="$first ${COMP_WORDS[2]}"',
      '      if [ "$COMP_CWORD" -eq 2 ]; then',
      `        COMPREPLY=($(compgen -W ${quote([...words.map(({ word }) => word), "--help"])} -- "$cur"))`,
      "        return",
      "      fi",
      "      ;;",
    );
  }
  lines.push("  esac", '  case "$command:$prev" in');
  for (const command of commands) {
    for (const name of spellingsOf(command)) lines.push(...valueCases(name, optionsOf(command)));
  }
  lines.push("  esac", '  case "$command" in');
  for (const command of commands) {
    const forms = [...optionsOf(command).map(({ form }) => form), ...positionalWords(command)];
    const patterns = spellingsOf(command).map((name) => quote([name])).join("|");
    const names = positionalNames(command);
    const orName = names === undefined ? "" : `[ "\${cur:0:1}" = - ] || ${namesCall(names)}; `;
    lines.push(`    ${patterns}) COMPREPLY=($(compgen -W ${quote(forms)} -- "$cur")); ${orName};;`);
  }
  lines.push(
    "  esac",
    "  # The key that follows --driver. is typed by hand",
    '  if [ "${#COMPREPLY[@]}" -eq 1 ] && [ "${COMPREPLY[0]: -1}" = . ]; then compopt -o nospace 2>/dev/null; fi',
    "}",
    `complete -F _diaspora_ctl ${PROGRAM} ${SHORT_PROGRAM}`,
    "",
  );
  return lines.join("\n");
}

function namesCall(kind: NameKind): string {
  return `_diaspora_ctl_names ${kind} "$cur"`;
}

function valueCases(command: string, options: ReturnType<typeof optionsOf>): string[] {
  return options.flatMap(({ form, short, value }) => {
    const isCovered = value.kind === "any" && form.includes(".") && !form.endsWith(".");
    if (value.kind === "none" || isCovered) return [];
    const names = [form, ...(short === undefined ? [] : [short])];
    // `--driver.root_path` matches too: what follows is an arbitrary value.
    const patterns = names.map((name) =>
      name.endsWith(".") ? `${quote([`${command}:${name}`])}*` : quote([`${command}:${name}`])
    );
    const words = value.kind === "words"
      ? `COMPREPLY=($(compgen -W ${quote(value.words)} -- "$cur"))`
      : value.kind === "files"
      ? 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"))'
      : value.kind === "names"
      ? namesCall(value.of)
      : ":";
    return [`    ${patterns.join("|")}) ${words}; return ;;`];
  });
}

function quote(words: readonly string[]): string {
  return `'${words.join(" ").replaceAll("'", "'\\''")}'`;
}
