import { acceptedOptions } from "../args/tokens.ts";
import { type CommandSpec, GROUP_ALIASES, type OptionSpec } from "../command.ts";
import type { Painter } from "../console/colour.ts";
import { EXIT_CODES } from "../exit_codes.ts";
import { PROGRAM } from "../program.ts";
import { DRIVER, ENGINE, SHARED } from "../table/common.ts";
import { COMMANDS } from "../table/mod.ts";
import { DRIVER_OPTIONS } from "./driver_options.ts";

const WIDTH_MAX = 100;
const WIDTH_MIN = 40;

/** Help for the program, or for the commands whose names begin with `group`, for a terminal of that width. */
export function overviewText(
  paint: Painter,
  { group = [], width = WIDTH_MAX }: { group?: readonly string[]; width?: number } = {},
): string {
  const columns = columnsFor(width);
  const commands = COMMANDS.filter((command) => group.every((word, index) => command.path[index] === word));
  const prefix = [PROGRAM, ...group].join(" ");
  const rows = commands.map((command): [string, string] => [command.path.join(" "), command.summary]);
  const lines = [`${paint("bold", "Usage:")} ${prefix} COMMAND [OPTION]...`, ""];
  if (group.length === 0) {
    lines.push("Event streaming on append-only logs: topics, partitions, named consumers.", "");
  }
  lines.push(paint("bold", "Commands:"), ...columns(rows), "");
  if (group.length === 0) {
    const short = Object.entries(GROUP_ALIASES).map(([letter, group]) => `${letter} for ${group}`);
    lines.push(
      paint("bold", "Short names:"),
      `  ${short.join(", ")}, ls for list, rm for delete, info for describe`,
      "",
      paint("bold", "Options:"),
      ...columns([["-h, --help", "Show this help, or that of a command"], [
        "--version",
        "Print the version",
      ]]),
      "",
      paint("bold", "Environment:"),
      ...columns([
        ["DIASPORA_DRIVER", "Stands for --driver"],
        ["DIASPORA_DRIVER_CONFIG", "Stands for --driver-config"],
        ["DIASPORA_CONTEXT", "Stands for --context"],
        ["DIASPORA_CTL_DRIVER_OPTIONS", "Driver options as on the command line, which overrides them"],
        ["DIASPORA_LOAD_MODULES", "Stands for --load-modules"],
      ]),
      "",
      paint("bold", "Exit codes:"),
      ...columns(EXIT_CODES.map(([code, meaning]) => [String(code), meaning])),
      "",
    );
  }
  lines.push(`See "${prefix} COMMAND --help" for a command's options and examples.`);
  return lines.join("\n") + "\n";
}

/** Help for one command, for a terminal of that width. */
export function commandText(command: CommandSpec, paint: Painter, width = WIDTH_MAX): string {
  const columns = columnsFor(width);
  const short = shortName(command);
  const lines = [
    `${paint("bold", "Usage:")} ${usageLine(command)}`,
    ...(short === undefined ? [] : [`${paint("bold", "Short:")} ${PROGRAM} ${short}`]),
    "",
    ...wrap(`${command.summary}.`, widthFor(width)),
    "",
  ];
  for (const paragraph of (command.details ?? "").split("\n\n").filter((text) => text !== "")) {
    lines.push(
      ...(paragraph.startsWith("    ") ? paragraph.split("\n") : wrap(paragraph, widthFor(width))),
      "",
    );
  }
  const driver = acceptedOptions(ENGINE).map(({ name }) => name);
  const shown = acceptedOptions(command.options).filter((option) => option.hidden !== true);
  const own = shown.filter((option) => !driver.includes(option.name) && !SHARED.includes(option));
  const groups = {
    "Options:": own,
    "Driver options:": shown.filter(({ name }) => driver.includes(name)),
    "Options of every command:": SHARED,
  };
  for (const [title, options] of Object.entries(groups)) {
    if (options.length === 0) continue;
    const rows = options.map((option): [string, string] => [optionForm(option), optionNote(option)]);
    lines.push(paint("bold", title), ...columns(rows), "");
  }
  if (showsDriverOptions(command)) lines.push(...driverOptionLines(paint, columns));
  lines.push(paint("bold", command.examples.length === 1 ? "Example:" : "Examples:"));
  for (const { title, shell } of command.examples) {
    lines.push(`  ${paint("dim", `# ${title}`)}`, ...shell.split("\n").map((line) => `  ${line}`), "");
  }
  return lines.join("\n").trimEnd() + "\n";
}

/** Whether users expect the options of drivers and topics in the help of this command. */
function showsDriverOptions({ path }: CommandSpec): boolean {
  return path.join(" ") === "topic create";
}

/** The options of drivers and topics; docs/reference.md has types and defaults. */
function driverOptionLines(paint: Painter, columns: ReturnType<typeof columnsFor>): string[] {
  return Object.entries(DRIVER_OPTIONS).flatMap(([driver, kinds]) =>
    (["driver", "topic"] as const).flatMap((kind) => [
      paint(
        "bold",
        kind === "driver" ? `Options of driver ${driver}:` : `Options of topics of driver ${driver}:`,
      ),
      ...columns(kinds[kind].map(([key, meaning]) => [`--${kind}.${key}`, meaning.replaceAll("`", "")])),
      "",
    ])
  );
}

/** `diaspora-ctl topic create [TOPIC] (--store PATH | --driver NAME) [OPTION]...`. */
export function usageLine(command: CommandSpec): string {
  const required = command.options.filter((option) => option.required === true);
  return [
    PROGRAM,
    ...command.path,
    ...(command.positional ?? []),
    ...required.map((option) => option === DRIVER ? "(--store PATH | --driver NAME)" : optionForm(option)),
    "[OPTION]...",
  ].join(" ");
}

/** The shortest spelling of a command's name, `t ls`; undefined if there is only one. */
function shortName({ path: [first, ...rest], alias }: CommandSpec): string | undefined {
  const [letter = first] = Object.entries(GROUP_ALIASES).find(([, group]) => group === first) ?? [];
  const last = alias ?? rest.at(-1);
  return letter === first && alias === undefined
    ? undefined
    : [letter, ...last === undefined ? [] : [last]].join(" ");
}

/** `-v, --verbose` or `--driver NAME`. */
export function optionForm(option: OptionSpec): string {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  if (option.kind === "keys") return `--${option.name}.KEY VALUE`;
  if (option.kind === "flag") return `${short}--${option.negatable === true ? "[no-]" : ""}${option.name}`;
  return `${short}--${option.name} ${option.value ?? "VALUE"}`;
}

/** The description of an option, with its choices unless it names them all. */
export function optionNote({ kind, describe, choices = [] }: OptionSpec): string {
  const isComplete = kind !== "choice" || choices.every((choice) => describe.includes(choice));
  return isComplete ? describe : `${describe}; one of ${choices.join(", ")}`;
}

function widthFor(terminal: number): number {
  return Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, terminal));
}

/** Two columns; the right one is wrapped, and starts on the next line if the left one is too wide. */
function columnsFor(terminal: number): (rows: readonly (readonly [string, string])[]) => string[] {
  const width = widthFor(terminal);
  return (rows) => columnsOf(rows, width);
}

function columnsOf(rows: readonly (readonly [string, string])[], width: number): string[] {
  const widest = Math.max(...rows.map(([name]) => name.length)) + 2;
  const left = Math.min(Math.floor(width * 0.3), widest);
  const indent = " ".repeat(2 + left);
  return rows.flatMap(([name, text]) => {
    const [first = "", ...rest] = wrap(text, width - indent.length);
    const head = name.length + 2 <= left
      ? [`  ${name.padEnd(left)}${first}`]
      : [`  ${name}`, `${indent}${first}`];
    return [...head, ...rest.map((line) => `${indent}${line}`)];
  });
}

/** Wraps text between words into lines of at most `width` characters. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return line === "" ? lines : [...lines, line];
}
