import type { CommandSpec } from "../command.ts";
import { DESTRUCTIVE, ENGINE, JSON_OUTPUT, NAME, OF_CONSUMER, PARTITIONS, SHARED, TOPIC } from "./common.ts";

const WHERE = "--store /tmp/diaspora-data";

/** `diaspora-ctl consumer …`. */
export const CONSUMER_COMMANDS: readonly CommandSpec[] = [
  {
    path: ["consumer", "list"],
    alias: "ls",
    summary: "List consumers that have a position in a topic",
    details:
      "Prints one name per line; with --verbose the name, a space and a JSON document, which lists the members of a " +
      "group and their partitions. Without a topic, it covers every topic, whose name and a tab begin each line.",
    positional: ["[TOPIC]"],
    options: [
      TOPIC,
      NAME,
      ...ENGINE,
      { name: "verbose", short: "v", kind: "flag", describe: "Add a JSON document to each name" },
      JSON_OUTPUT,
      ...SHARED,
    ],
    examples: [{ title: "Every consumer", shell: `diaspora-ctl consumer list my_topic ${WHERE}` }],
    load: () => import("../commands/consumer_list.ts"),
  },
  {
    path: ["consumer", "lag"],
    summary: "Show the lag of consumers, without consuming",
    details:
      "Without a topic, it covers every topic, one line per consumer. Sizes and ages are rounded; --json has exact " +
      "ones. For a group, it also shows which member owns each partition.",
    positional: ["[TOPIC]", "[CONSUMER]"],
    options: [
      ...OF_CONSUMER,
      { name: "watch", short: "w", kind: "flag", describe: "Refresh every 2 seconds, until stopped" },
      { name: "interval", kind: "number", value: "SECONDS", describe: "Refresh at this interval" },
      JSON_OUTPUT,
      ...SHARED,
    ],
    examples: [
      { title: "One consumer", shell: `diaspora-ctl consumer lag my_topic --name app1 ${WHERE}` },
      { title: "Every consumer", shell: `diaspora-ctl consumer lag my_topic ${WHERE}` },
      {
        title: "Every consumer of every topic",
        shell: "diaspora-ctl consumer lag --store /tmp/diaspora-data",
      },
      {
        title: "Refreshed continuously",
        shell: "diaspora-ctl consumer lag --store /tmp/diaspora-data --watch",
        run: false,
      },
    ],
    load: () => import("../commands/consumer_lag.ts"),
  },
  {
    path: ["consumer", "seek"],
    summary: "Move a consumer's position, forwards or backwards",
    details:
      "Prints how many events will be skipped or repeated, and asks on a terminal; elsewhere it proceeds, " +
      "and prints the previous position. All partitions move together or none does; with -N, those that move " +
      "to the same id do.",
    positional: ["[TOPIC]", "[CONSUMER]"],
    options: [
      ...OF_CONSUMER,
      {
        name: "to",
        kind: "text",
        value: "WHERE",
        required: true,
        describe:
          "earliest, latest, an id, @TIME, an age such as 15m, or -N for the last N of each partition",
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
    alias: "rm",
    summary: "Delete a consumer's position",
    positional: ["[TOPIC]", "[CONSUMER]"],
    options: [...OF_CONSUMER, ...DESTRUCTIVE, ...SHARED],
    examples: [
      {
        title: "Without confirmation",
        shell: `diaspora-ctl consumer delete my_topic --name app1 --yes ${WHERE}`,
      },
    ],
    load: () => import("../commands/consumer_delete.ts"),
  },
];
