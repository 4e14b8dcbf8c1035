import type { OptionSpec } from "../command.ts";
import { LOG_LEVELS } from "../console/log.ts";

/** Options of every command. */
export const SHARED: readonly OptionSpec[] = [
  {
    name: "logging",
    kind: "choice",
    value: "LEVEL",
    choices: LOG_LEVELS,
    describe: "Least severe level to log on standard error; trace also shows stack traces (default: info)",
  },
  {
    name: "color",
    kind: "flag",
    negatable: true,
    describe: "Use colours even without a terminal, or never with --no-color; NO_COLOR is honoured",
  },
  { name: "help", short: "h", kind: "flag", describe: "Show this help" },
];

/** For commands that use an engine. */
export const DRIVER: OptionSpec = {
  name: "driver",
  kind: "document",
  value: "NAME",
  choices: ["files", "memory", "octopus", "kafka"],
  keys: ["root_path", "use_file_locking", "flush_behavior", "max_partitions", "kafka.bootstrap.servers"],
  required: true,
  describe: "Engine to use, NAME or NAME:MODULE; its options are --driver.KEY VALUE (or DIASPORA_DRIVER)",
};

/** A shortcut for the files driver. */
export const STORE: OptionSpec = {
  name: "store",
  kind: "file",
  value: "PATH",
  describe: "Folder of a store; the same as --driver files --driver.root_path PATH",
};

/** A driver configuration by name. */
const CONTEXT: OptionSpec = {
  name: "context",
  kind: "text",
  value: "NAME",
  names: "context",
  describe: 'Driver and options saved under this name, see "context add" (or DIASPORA_CONTEXT)',
};

/** For commands that use an engine: modules that its topics may load. */
export const LOAD_MODULES: OptionSpec = {
  name: "load-modules",
  kind: "text",
  value: "PATH-OR-PACKAGE",
  repeat: true,
  describe:
    "Module, folder (ending with /) or package that stored topics may name as a component; may be repeated, " +
    "or a comma-separated list (or DIASPORA_LOAD_MODULES)",
};

/** All options that select the engine. */
export const ENGINE: readonly OptionSpec[] = [DRIVER, STORE, CONTEXT, LOAD_MODULES];

/** For commands about one topic. */
export const TOPIC: OptionSpec = {
  name: "topic",
  kind: "text",
  value: "TOPIC",
  names: "topic",
  describe: "Topic to work on; may also be the first word, or --name",
};

/** For commands about one topic that have no consumers: an alias of the topic option. */
export const NAME: OptionSpec = {
  name: "name",
  kind: "text",
  value: "TOPIC",
  names: "topic",
  describe: "The same as --topic",
};

/** A consumer name. */
const CONSUMER: OptionSpec = {
  name: "consumer",
  short: "c",
  kind: "text",
  value: "NAME",
  names: "consumer",
  describe: "Consumer name; --name means the same",
};

/** Its short form. */
const CONSUMER_NAME: OptionSpec = {
  name: "name",
  kind: "text",
  value: "NAME",
  names: "consumer",
  describe: "The same as --consumer (or the topic, if nothing else names it)",
};

/** For commands about a topic and a consumer name. */
export const OF_CONSUMER: readonly OptionSpec[] = [TOPIC, CONSUMER, CONSUMER_NAME, ...ENGINE];

/** For commands that print something. */
export const JSON_OUTPUT: OptionSpec = {
  name: "json",
  kind: "flag",
  describe: "Print JSON, one object per line if there are several",
};

/** For commands that may take long. */
export const PROGRESS: OptionSpec = {
  name: "progress",
  kind: "flag",
  negatable: true,
  describe: "Show progress on a terminal (the default), or never with --no-progress",
};

/** For destructive commands. */
export const DESTRUCTIVE: readonly OptionSpec[] = [
  { name: "yes", short: "y", kind: "flag", describe: "Do not ask for confirmation" },
  { name: "dry-run", kind: "flag", describe: "Only show what would be done" },
];

/** A subset of the partitions. */
export const PARTITIONS: OptionSpec = {
  name: "partition",
  short: "p",
  kind: "text",
  value: "N",
  repeat: true,
  describe: "Only this partition; may be repeated, or a comma-separated list",
};

/** The components a topic is created with. */
export const COMPONENTS: readonly OptionSpec[] = [
  {
    name: "validator",
    kind: "document",
    value: "NAME",
    choices: ["default", "schema", "eventbridge"],
    describe: "Which metadata the topic accepts, NAME or NAME:MODULE; --validator.KEY VALUE",
  },
  {
    name: "serializer",
    kind: "document",
    value: "NAME",
    choices: ["default", "schema", "cbor"],
    describe: "How metadata is stored, NAME or NAME:MODULE; --serializer.KEY VALUE",
  },
  {
    name: "partition-selector",
    kind: "document",
    value: "NAME",
    choices: ["default", "key"],
    describe: "Where events go, NAME or NAME:MODULE; --partition-selector.KEY VALUE",
  },
];
