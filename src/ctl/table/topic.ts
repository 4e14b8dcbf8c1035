import type { CommandSpec, OptionSpec } from "../command.ts";
import { DRIVER_OPTIONS } from "../help/driver_options.ts";
import { COMPONENTS, DESTRUCTIVE, ENGINE, JSON_OUTPUT, NAME, PARTITIONS, SHARED, TOPIC } from "./common.ts";

const TOPIC_KEYS = (DRIVER_OPTIONS.files?.topic ?? []).map(([key]) => key);

const RETENTION: OptionSpec = {
  name: "retention",
  kind: "text",
  value: "AGE",
  describe: "How long events are kept, such as 7d: the same as --topic.retention_seconds",
};

/** `diaspora-ctl topic …`. */
export const TOPIC_COMMANDS: readonly CommandSpec[] = [
  {
    path: ["topic", "create"],
    summary: "Create a topic",
    makesStore: true,
    positional: ["[TOPIC]"],
    options: [
      {
        name: "name",
        kind: "text",
        value: "TOPIC",
        describe: "Name of the new topic; may also be the first word",
      },
      ...ENGINE,
      {
        name: "topic",
        kind: "keys",
        keys: TOPIC_KEYS,
        describe: "Option of the topic, e.g. --topic.num_partitions 4",
      },
      {
        name: "partitions",
        short: "p",
        kind: "count",
        value: "N",
        describe: "Number of partitions: the same as --topic.num_partitions N",
      },
      RETENTION,
      ...COMPONENTS,
      { name: "if-not-exists", kind: "flag", describe: "Do nothing if the topic already exists" },
      ...SHARED,
    ],
    examples: [
      {
        title: "A topic with four partitions",
        shell: `diaspora-ctl topic create --name my_topic \\
  --driver files --driver.root_path /tmp/diaspora-data \\
  --topic.num_partitions 4`,
      },
      {
        title: "Events with the same user go to one partition, and must have a user",
        shell: `diaspora-ctl topic create --name clicks --store /tmp/diaspora-data --topic.num_partitions 4 \\
  --partition-selector key --partition-selector.pointer /user \\
  --validator schema --validator.schema '{"type": "object", "required": ["user"]}'`,
      },
    ],
    load: () => import("../commands/topic_create.ts"),
  },
  {
    path: ["topic", "list"],
    alias: "ls",
    summary: "List topics",
    details: "Prints one name per line; with --verbose the name, a space and a JSON document.",
    options: [
      ...ENGINE,
      { name: "verbose", short: "v", kind: "flag", describe: "Add a JSON document to each name" },
      JSON_OUTPUT,
      ...SHARED,
    ],
    examples: [
      {
        title: "Every topic in a store",
        shell: "diaspora-ctl topic list --store /tmp/diaspora-data",
      },
    ],
    load: () => import("../commands/topic_list.ts"),
  },
  {
    path: ["topic", "describe"],
    alias: "info",
    summary: "Show a topic's options and the state of every partition",
    positional: ["[TOPIC]"],
    options: [TOPIC, NAME, ...ENGINE, JSON_OUTPUT, ...SHARED],
    examples: [
      {
        title: "First and next id, size and times of each partition",
        shell: "diaspora-ctl topic describe my_topic --store /tmp/diaspora-data",
      },
    ],
    load: () => import("../commands/topic_describe.ts"),
  },
  {
    path: ["topic", "edit"],
    summary: "Change options of a topic that can be changed, e.g. retention",
    positional: ["[TOPIC]"],
    options: [
      {
        name: "topic",
        kind: "document",
        value: "TOPIC",
        keys: TOPIC_KEYS.slice(1),
        names: "topic",
        describe: "Topic to work on, and with --topic.KEY VALUE the options to change",
      },
      NAME,
      RETENTION,
      ...ENGINE,
      ...SHARED,
    ],
    examples: [
      {
        title: "Keep at most 10 GB in each partition",
        shell: `diaspora-ctl topic edit my_topic --topic.retention_bytes 10e9 --store /tmp/diaspora-data`,
      },
      {
        title: "Remove that limit",
        shell: `diaspora-ctl topic edit my_topic --topic.retention_bytes null --store /tmp/diaspora-data`,
      },
    ],
    load: () => import("../commands/topic_edit.ts"),
  },
  {
    path: ["topic", "trim"],
    summary: "Remove events from the front of a topic",
    details:
      "With several conditions, an event is removed if any of them applies. Engines remove whole segments, so less than " +
      "requested may be removed; the command prints what was.",
    positional: ["[TOPIC]"],
    options: [
      TOPIC,
      NAME,
      ...ENGINE,
      { name: "before-id", kind: "count", value: "ID", describe: "Remove events below this id" },
      {
        name: "before-time",
        kind: "text",
        value: "TIME",
        describe: "Remove older events: a date, milliseconds since 1970, or an age such as 7d",
      },
      {
        name: "keep-bytes",
        kind: "count",
        value: "BYTES",
        describe: "Keep at most this many bytes per partition",
      },
      { name: "acknowledged", kind: "flag", describe: "Remove what every consumer has acknowledged" },
      PARTITIONS,
      ...DESTRUCTIVE,
      JSON_OUTPUT,
      ...SHARED,
    ],
    examples: [
      {
        title: "See what would be removed to keep one week",
        shell: `diaspora-ctl topic trim my_topic --before-time 7d --dry-run --store /tmp/diaspora-data`,
      },
    ],
    load: () => import("../commands/topic_trim.ts"),
  },
  {
    path: ["topic", "delete"],
    alias: "rm",
    summary: "Delete a topic with all its events",
    positional: ["[TOPIC]"],
    options: [
      TOPIC,
      NAME,
      ...ENGINE,
      { name: "if-exists", kind: "flag", describe: "Do nothing if the topic does not exist" },
      {
        name: "force",
        kind: "flag",
        describe:
          "Delete even if the C++ files driver wrote its own events to the topic: they are deleted with it",
      },
      ...DESTRUCTIVE,
      ...SHARED,
    ],
    examples: [
      {
        title: "Without confirmation",
        shell: "diaspora-ctl topic delete clicks --yes --store /tmp/diaspora-data",
      },
    ],
    load: () => import("../commands/topic_delete.ts"),
  },
];
