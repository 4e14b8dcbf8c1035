import { acceptedOptions } from "../args/tokens.ts";
import type { CommandSpec, OptionSpec } from "../command.ts";
import { EXIT, EXIT_CODES } from "../exit_codes.ts";
import { ENGINE, SHARED } from "../table/common.ts";
import { PROGRAM } from "../program.ts";
import { COMMANDS } from "../table/mod.ts";
import { optionForm, optionNote, usageLine } from "./text.ts";

/** An option of at least this many commands is documented once. */
const SHARED_COMMANDS_MIN = 5;

const INTRODUCTION = `# ${PROGRAM}

The command for topics: create and maintain them, push and print events, connect them to other programs.
This page is generated from the same table as \`${PROGRAM} --help\`; a test runs its examples, in this order.

## Shared by all commands

- **Driver.** \`--driver NAME\` names the engine, \`--driver.KEY VALUE\` its options (\`--driver.kafka.acks all\` for
  nested ones), \`--driver-config FILE.json\` a file with them; options on the command line override
  those in the file. \`--topic\`, \`--validator\`, \`--serializer\` and \`--partition-selector\` work the same way; a name may be
  \`NAME:MODULE\`, with the module relative to the working directory.
- **Short name.** The npm package installs the command as \`dctl\`, too (of the binary, make a link of that name);
  [what is done daily](daily.md) shows what there is to type. \`t\` is short for \`topic\` and \`c\` for \`consumer\`,
  \`ls\` for \`list\`, \`rm\` for \`delete\` and \`info\` for \`describe\`: \`dctl t ls\`.
- **Store.** \`--store PATH\` is short for the files driver: \`diaspora-ctl topic ls --store ./data\`. A path without
  a folder is an error (exit code ${EXIT.noSuchTopic}), unless the command creates the store.
- **Contexts.** \`diaspora-ctl context add NAME --store PATH --use\` saves a driver with its options under a name;
  from then on you only type \`diaspora-ctl topic ls\`. \`--context NAME\` and \`DIASPORA_CONTEXT\` select one for a
  single call. The command line overrides the environment, which overrides the context.
- **Values.** Numbers (\`4\`, \`-1.5\`, \`10e9\`), \`true\`, \`false\`, \`null\`, JSON in \`{}\` or \`[]\`, lists with commas
  (\`a,b\`; \`a,\` is a list of one). Anything else is text; quotes within the argument keep it text (\`'"5"'\`).
  \`--key value\` and \`--key=value\` are the same, but a value that is itself an option of the command needs the
  equals sign (\`--name=--yes\`): without it, a variable that is not set (\`--name $TOPIC --yes\`) is found out.
- **Environment.** \`DIASPORA_DRIVER\` replaces \`--driver\`, \`DIASPORA_DRIVER_CONFIG\` (a file, or a JSON object)
  \`--driver-config\`. \`DIASPORA_CTL_DRIVER_OPTIONS\` has options as on the command line, which overrides them.
- **Output.** Standard output has only data; log lines (\`[2026-11-23 15:48:00.123] [info] text\`) and
  progress go to standard error. \`--json\` prints JSON, one object per line where there are several; log lines
  and errors then are JSON as well (\`{"time":…,"level":"error","message":…,"code":"ERR_TOPIC_NOT_FOUND"}\`).
- **Topic.** \`--topic TOPIC\`, \`--name TOPIC\` or the first word. For commands about consumers, \`--name\` is the
  consumer, like \`--consumer\`.
- **Times.** \`2026-11-23T15:48:00Z\`, \`2026-11-23 15:48\`, \`2026-11-23\`, \`15:48\` (today) and
  \`yesterday 15:48\`, which are local time without a zone; an age: \`90s\`, \`15m\`, \`1h30m\`, \`7d\`, also
  \`15 minutes ago\`; \`now\`; or a time since 1970 in seconds (10 digits) or
  milliseconds (13 digits). Ambiguous times are refused.
- **Byte order marks** before the first line or document are ignored.
- **Terminals.** Control characters in stored text, and characters that reorder or hide text, are shown escaped
  (\`\\u001b\`); a file or a pipe gets the text unchanged.
- **Signals.** SIGINT and SIGTERM flush, close and exit; a second one exits immediately.
- **Confirmation.** Destructive commands ask on a terminal; elsewhere they need \`--yes\`, except
  \`consumer seek\` and \`context remove\`, which go ahead. \`--dry-run\` only shows what would happen.

Exit codes:

${EXIT_CODES.map(([code, meaning]) => `- ${code}: ${meaning}`).join("\n")}

Options of every command:

${SHARED.map(optionItem).join("\n")}

Options of several commands. Each command lists those that it accepts under "Also"; the first five are the
_driver options_:

${[...sharedItems()].join("\n")}

[reference.md](reference.md) lists the options of drivers, topics and components.

## Coming from the C++ tool

The C++ tool's own shell tests pass here. These deliberate differences may affect scripts:

- Log lines go to standard error, not to standard output.
- \`fifo\` keeps a producer's FIFO for the next writer; it stores empty lines, and any text. It waits for the reader
  of a consumer's FIFO without a limit, and continues when the reader closes it.
- \`forward\` forwards the data part, and acknowledges an event only when the destination has stored it.
- \`true\`, \`false\` and \`null\` are JSON values, not strings.
- An unknown driver option (\`--driver.X\`) is an error, and so is a misspelt topic option; other unknown
  \`--topic.X\` are dropped with a warning. The C++ tool ignores all of them.
- The exit code of an invalid command line is ${EXIT.usage}, that of a missing topic ${EXIT.noSuchTopic}; in C++ both are 1.
- \`bench\` has different options, but accepts \`-d\`, \`-c\`, \`-t\`, \`-n\`, \`-m\`, \`-s\`, \`-b\`, \`-f\`, \`-i\` and \`-p\`
  like the C++ benchmark programs.
`;

/** `docs/ctl.md`. */
export function documentation(): string {
  return `${INTRODUCTION}\n${COMMANDS.map(section).join("\n")}`;
}

function section(command: CommandSpec): string {
  const lines = [`## ${command.path.join(" ")}`, "", `${command.summary}.`, ""];
  for (const paragraph of (command.details ?? "").split("\n\n").filter((text) => text !== "")) {
    if (paragraph.startsWith("    ")) lines.push(...fenced("yaml", paragraph.replaceAll(/^ {4}/gm, "")));
    else lines.push(linked(escape(paragraph)), "");
  }
  lines.push(...fenced("text", usageLine(command)));
  const items = itemsOf(command);
  const shared = items.filter(([, item]) => sharedItems().has(item));
  const own = items.filter(([, item]) => !sharedItems().has(item));
  if (own.length > 0) lines.push(...own.map(([, item]) => item), "");
  if (shared.length > 0) lines.push(`Also: ${namesOf(shared.map(([name]) => name))}.`, "");
  for (const { title, shell, run } of command.examples) {
    lines.push(`${title}:`, "", ...fenced(run === false ? "sh ignore" : "sh", shell));
  }
  return lines.join("\n");
}

/** The names of shared options; the driver options are combined. */
function namesOf(names: readonly string[]): string {
  const engine = acceptedOptions(ENGINE).map(({ name }) => name);
  const isWhole = engine.every((name) => names.includes(name));
  const left = isWhole ? names.filter((name) => !engine.includes(name)) : names;
  return [...isWhole ? ["the driver options"] : [], ...left.map((name) => `\`--${name}\``)].join(", ");
}

/** Options that would appear with the same text for that many commands. */
function sharedItems(): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const [, item] of COMMANDS.flatMap(itemsOf)) counts.set(item, (counts.get(item) ?? 0) + 1);
  return new Set([...counts].filter(([, count]) => count >= SHARED_COMMANDS_MIN).map(([item]) => item));
}

/** The options of a command by name, with their text. */
function itemsOf(command: CommandSpec): [name: string, item: string][] {
  return acceptedOptions(command.options).filter((option) =>
    option.hidden !== true && !SHARED.includes(option)
  )
    .map((option) => [option.name, optionItem(option)]);
}

function fenced(language: string, text: string): string[] {
  return [`\`\`\`${language}`, text, "\`\`\`", ""];
}

function optionItem(option: OptionSpec): string {
  return `- \`${optionForm(option)}\`: ${escape(optionNote(option))}`;
}

/** Turns names of other pages into links. */
function linked(text: string): string {
  return text.replace(/\bdocs\/(\w+\.md)/g, "[$1]($1)");
}

/** Escapes characters that have a meaning in Markdown. */
function escape(text: string): string {
  return text.replace(/[<>|*_[\]]/g, (letter) => `\\${letter}`);
}
