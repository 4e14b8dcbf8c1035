import { fileURLToPath } from "node:url";
import {
  type DocumentedRule,
  numPartitionsRule,
  PARTITIONS_DEFAULT_MAX,
} from "../../src/options/driver_options.ts";
import * as files from "../../src/drivers/files/files_options.ts";
import * as kafka from "../../src/drivers/kafka/settings/kafka_options.ts";
import * as memory from "../../src/drivers/memory/memory_options.ts";
import { CALLS, optionsOfCall } from "./calls.ts";
import { COMPONENT_OPTIONS } from "./components.ts";
import { ENVIRONMENT } from "./environment.ts";
import { LIMITS } from "./limits.ts";

/** The generated page. */
export const REFERENCE_FILE: string = fileURLToPath(new URL("../../docs/reference.md", import.meta.url));

/** The first version with an option, unless its rule states another. */
const FIRST_VERSION = "0.1.0";

type Rules = Readonly<Record<string, DocumentedRule>>;

const numPartitions = { num_partitions: numPartitionsRule(PARTITIONS_DEFAULT_MAX) };

/** The drivers with the rules of their options and of their topics' options. */
export const DRIVERS: readonly { name: string; driver: Rules; topic: Rules }[] = [
  { name: "files", driver: files.DRIVER_RULES, topic: { ...numPartitions, ...files.CHANGEABLE_RULES } },
  { name: "memory", driver: memory.DRIVER_RULES, topic: { ...numPartitions, ...memory.CHANGEABLE_RULES } },
  { name: "kafka", driver: kafka.DRIVER_RULES, topic: kafka.TOPIC_RULES },
];

const LOAD_MODULES: DocumentedRule = {
  expected: "a list of texts",
  accepts: Array.isArray,
  meaning:
    "Modules, folders (with a slash at the end) and packages that stored topics may name as components",
};

/** The page. */
export function referencePage(): string {
  return [
    "# Reference",
    `Every option, environment variable and limit. \`npm run reference\` generates this page from the code that reads
them. Keys of documents, which may be in files shared with the C++ and Python tools, are \`snake_case\`; options
of TypeScript calls are \`camelCase\`. An unknown option is an error that suggests the closest one.`,
    "## Driver options",
    "The second argument of `Driver.open(name, options)`; on the command line `--driver.KEY VALUE`.",
    "All drivers:",
    ruleTable({ load_modules: LOAD_MODULES }),
    ...DRIVERS.flatMap(({ name, driver }) => [`### ${title(name)}`, ruleTable(driver), ...moreOf(name)]),
    "## Topic options",
    `The second argument of \`driver.createTopic(name, options)\`; on the command line \`--topic.KEY VALUE\`.
\`topic.edit()\` and \`topic edit\` change all of them except \`num_partitions\` and those that say so.`,
    ...DRIVERS.flatMap(({ name, topic }) => [`### Topics of ${title(name)}`, ruleTable(topic)]),
    "## Component options",
    `The documents of validators, partition selectors and serializers: \`{ type, … }\`.
[components.md](components.md) explains them.`,
    componentTable(),
    "## Options of calls",
    ...CALLS.flatMap(([call, type]) => [`### ${code(call)}`, callTable(type)]),
    "## Environment variables",
    table(["variable", "read by", "meaning", "since"], [
      ...Object.entries(ENVIRONMENT).map((
        [name, { readBy, meaning }],
      ) => [code(name), readBy, meaning, FIRST_VERSION]),
    ]),
    `In addition, variables that a configuration names are read: \`subject_env\` and \`authorization_env\` of the
driver option \`octopus\`.`,
    "## Limits",
    table(["what", "limit", "beyond"], LIMITS.map((row) => [...row])),
  ].join("\n\n") + "\n";
}

function title(driver: string): string {
  return driver === "kafka" ? "`kafka`, also called `octopus`" : `\`${driver}\``;
}

function moreOf(driver: string): string[] {
  return driver === "kafka" ? ["Each property of `kafka` is explained in [kafka.md](kafka.md)."] : [];
}

function ruleTable(rules: Rules): string {
  return table(
    ["option", "type", "default", "meaning", "since"],
    Object.entries(rules).map(([key, rule]) => [
      code(key),
      rule.expected,
      rule.required === true
        ? "required"
        : rule.default === undefined
        ? "none"
        : code(JSON.stringify(rule.default)),
      rule.meaning,
      FIRST_VERSION,
    ]),
  );
}

function componentTable(): string {
  const rows = Object.entries(COMPONENT_OPTIONS).flatMap(([kind, types]) =>
    Object.entries(types).flatMap(([type, options]) =>
      Object.keys(options).length === 0
        ? [[kind, code(type), "no options", "", "", "", FIRST_VERSION]]
        : Object.entries(options).map(([key, { type: expected, otherwise, meaning }]) => [
          kind,
          code(type),
          code(key),
          expected,
          otherwise,
          meaning,
          FIRST_VERSION,
        ])
    )
  );
  return table(["component", "type", "option", "its type", "default", "meaning", "since"], rows);
}

function callTable(type: string): string {
  return table(
    ["option", "type", "default", "meaning", "since"],
    optionsOfCall(type).map(({ name, type, otherwise, meaning }) => [
      code(name),
      code(type.replaceAll(/\s+/g, " ")),
      otherwise,
      meaning,
      FIRST_VERSION,
    ]),
  );
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A table as `deno fmt` writes it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => [...row[column]].length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => pad(cell, widths[column])).join(" | ")} |`;
  const [first, ...others] = cells;
  return [line(first), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...others.map(line)]
    .join("\n");
}

function pad(text: string, width: number): string {
  return text + " ".repeat(width - [...text].length);
}
