import type { CommandSpec } from "../command.ts";
import {
  CONSUMER,
  CONSUMER_NAME,
  DESTRUCTIVE,
  ENGINE,
  JSON_OUTPUT,
  NAME,
  PARTITIONS,
  SHARED,
  TOPIC,
} from "./common.ts";

const WHERE = "--driver files --driver.root_path /tmp/diaspora-data";

/** `diaspora-ctl consumer …`. */
export const CONSUMER_COMMANDS: readonly CommandSpec[] = [
  {
    path: ["consumer", "list"],
    alias: "ls",
    summary: "List consumer names that have a position in a topic",
    details:
      "Prints one name per line; with --verbose the name, a space and one JSON document, which has the members of a group " +
      "and their partitions.",
    positional: ["[TOPIC]"],
    options: [
      TOPIC,
      NAME,
      ...ENGINE,
      { name: "verbose", short: "v", kind: "flag", describe: "Add a JSON document to each name" },
      JSON_OUTPUT,
      ...SHARED,
    ],
    examples: [{ title: "Every name", shell: `diaspora-ctl consumer list my_topic ${WHERE}` }],
    load: () => import("../commands/consumer_list.ts"),
  },
  {
    path: ["consumer", "lag"],
    summary: "Show how far consumer names are behind, without consuming",
    details:
      "Without a topic, it covers every topic, one line per name. Sizes and ages are rounded; --json has exact ones. " +
      "If consumers share the partitions as a group, it also shows which one owns each.",
    positional: ["[TOPIC]"],
    options: [
      TOPIC,
      CONSUMER,
      CONSUMER_NAME,
      ...ENGINE,
      { name: "watch", short: "w", kind: "flag", describe: "Refresh every 2 seconds, until stopped" },
      { name: "interval", kind: "number", value: "SECONDS", describe: "Refresh every so many seconds" },
      JSON_OUTPUT,
      ...SHARED,
    ],
    examples: [
      { title: "One name", shell: `diaspora-ctl consumer lag my_topic --name app1 ${WHERE}` },
      { title: "Every name", shell: `diaspora-ctl consumer lag my_topic ${WHERE}` },
      { title: "Every name of every topic", shell: "diaspora-ctl consumer lag --store /tmp/diaspora-data" },
      {
        title: "Again and again",
        shell: "diaspora-ctl consumer lag --store /tmp/diaspora-data --watch",
        run: false,
      },
    ],
    load: () => import("../commands/consumer_lag.ts"),
  },
  {
    path: ["consumer", "seek"],
    summary: "Move a consumer name's position, also backwards",
    details:
      "Says how many events will be skipped or repeated, and asks on a terminal; elsewhere it proceeds, " +
      "and prints the previous position.",
    positional: ["[TOPIC]"],
    options: [
      TOPIC,
      CONSUMER,
      CONSUMER_NAME,
      ...ENGINE,
      {
        name: "to",
        kind: "text",
        value: "WHERE",
        required: true,
        describe: "earliest, latest, an id, @TIME, or -N for the last N of each partition",
      },
      PARTITIONS,
      ...DESTRUCTIVE,
      ...SHARED,
    ],
    examples: [
      {
        title: "Start over",
        shell: `diaspora-ctl consumer seek my_topic --name app1 --to earliest ${WHERE}`,
      },
    ],
    load: () => import("../commands/consumer_seek.ts"),
  },
  {
    path: ["consumer", "delete"],
    summary: "Forget a consumer name's position",
    positional: ["[TOPIC]"],
    options: [TOPIC, CONSUMER, CONSUMER_NAME, ...ENGINE, ...DESTRUCTIVE, ...SHARED],
    examples: [
      {
        title: "Without being asked",
        shell: `diaspora-ctl consumer delete my_topic --name app1 --yes ${WHERE}`,
      },
    ],
    load: () => import("../commands/consumer_delete.ts"),
  },
];
