import type { CommandSpec } from "../command.ts";
import { ENGINE, JSON_OUTPUT, NAME, OF_CONSUMER, PARTITIONS, PROGRESS, SHARED, TOPIC } from "./common.ts";

/** `produce` and `consume`. */
export const EVENT_COMMANDS: readonly CommandSpec[] = [
  {
    path: ["produce"],
    summary: "Push events read from standard input, one per line",
    details:
      "Lines end with a line feed, or with a carriage return and a line feed. Lines before an invalid one are " +
      "stored; the error states its line number. The default partition selector takes the partitions in turn, " +
      "beginning after the one with the newest event.",
    positional: ["[TOPIC]"],
    options: [
      TOPIC,
      NAME,
      ...ENGINE,
      {
        name: "format",
        kind: "choice",
        value: "FORMAT",
        choices: ["json", "raw", "base64"],
        describe: "What a line is: json, metadata as a JSON document (default); raw, metadata as text; " +
          "base64, the data part",
      },
      {
        name: "metadata",
        short: "m",
        kind: "text",
        value: "JSON",
        describe: "Metadata of one event, pushed without reading lines; with base64, metadata of every event",
      },
      {
        name: "data",
        kind: "file",
        value: "FILE",
        describe: "Data part of each event; - is standard input, which needs --metadata",
      },
      { name: "partition", short: "p", kind: "count", value: "N", describe: "Request this partition" },
      {
        name: "key",
        short: "k",
        kind: "text",
        value: "KEY",
        describe:
          "Events with equal keys go to one partition: a text, or a JSON pointer such as /user into the metadata",
      },
      { name: "batch-size", kind: "count", value: "N", describe: "Events per batch (default: adaptive)" },
      PROGRESS,
      ...SHARED,
    ],
    examples: [
      {
        title: "Three events",
        shell: `printf '%s\\n' '{"x": 1}' '{"x": 2}' '"text"' |
  diaspora-ctl produce my_topic --store /tmp/diaspora-data`,
      },
      {
        title: "One event with a file as its data part",
        shell: `diaspora-ctl produce my_topic --metadata '{"name": "hostname"}' --data /etc/hostname \\
  --store /tmp/diaspora-data`,
      },
    ],
    load: () => import("../commands/produce.ts"),
  },
  {
    path: ["consume"],
    summary: "Print events",
    details:
      "Prints the metadata of each event as a line of JSON, and stops at the end unless --follow is given. " +
      "With a consumer name, it starts after the last event acknowledged under that name. With --data base64 or hex the data " +
      "part follows the metadata after a tab (with --json it is the key data); a FILE pattern writes each " +
      "data part to a separate file, named by {topic}, {partition} and {id}.",
    positional: ["[TOPIC]"],
    options: [
      ...OF_CONSUMER,
      {
        name: "from",
        short: "o",
        kind: "text",
        value: "WHERE",
        describe:
          "Where to begin, unless the consumer name has a position: earliest (default), latest, an id, " +
          "@TIME, an age such as 15m, or -N for the last N of each partition",
      },
      {
        name: "until",
        kind: "text",
        value: "WHERE",
        describe:
          "Where to stop: end (default without --follow), before this id in each partition, or before @TIME " +
          "or an age such as 15m",
      },
      {
        name: "event",
        short: "e",
        kind: "text",
        value: "PARTITION/ID",
        describe: "Print only this event; its id is enough if there is one partition",
      },
      { name: "follow", short: "f", kind: "flag", describe: "Wait for new events" },
      {
        name: "tail",
        short: "F",
        kind: "flag",
        describe: "Wait for new events, and begin with them: the same as --follow --from latest",
      },
      { name: "max", short: "n", kind: "count", value: "N", describe: "Stop after this many events" },
      {
        name: "ack",
        short: "a",
        kind: "flag",
        describe: "Acknowledge what was printed; requires a consumer name",
      },
      {
        name: "group",
        short: "g",
        kind: "flag",
        describe:
          "Share the partitions with other consumers of this name that use --group: each event goes to one of them",
      },
      PARTITIONS,
      {
        name: "data",
        kind: "text",
        value: "HOW",
        describe:
          "Data parts: none (default), base64, hex, a FILE pattern such as part-{partition}-{id}.bin, or - for only the bytes",
      },
      {
        name: "filter",
        kind: "text",
        value: "PATTERN",
        describe: "Print only events whose metadata matches an EventBridge pattern: JSON, or @FILE",
      },
      {
        name: "format",
        kind: "choice",
        value: "FORMAT",
        choices: ["json", "raw"],
        describe: "raw prints strings without quotes (default: json)",
      },
      {
        name: "on-corruption",
        kind: "choice",
        value: "WHAT",
        choices: ["throw", "skip"],
        describe:
          "At damage, stop with exit code 3 (throw, the default), or log it, continue and exit with 3 at the end (skip)",
      },
      {
        name: "template",
        short: "t",
        kind: "text",
        value: "TEXT",
        describe:
          "Print each event as this line: {topic}, {partition} or {p}, {id}, {time}, {timestamp} in milliseconds, " +
          "{metadata} or {m}, {metadata.KEY} or {m.KEY}, {size} of the data, {data} as text, {base64}, {hex}; \\t and \\n, {{ for a brace",
      },
      JSON_OUTPUT,
      PROGRESS,
      ...SHARED,
    ],
    examples: [
      {
        title: "All events",
        shell: "diaspora-ctl consume my_topic --store /tmp/diaspora-data",
      },
      {
        title: "Events since the last call, with partition, id and time",
        shell: `diaspora-ctl consume my_topic --name app1 --ack --json --store /tmp/diaspora-data`,
      },
      {
        title: "One of several workers that share the events",
        shell:
          `diaspora-ctl consume my_topic --name workers --group --ack --follow --store /tmp/diaspora-data`,
        run: false,
      },
      {
        title: "Selected fields of the events of the last day, up to an hour ago",
        shell:
          `diaspora-ctl consume my_topic --from 1d --until 1h --template '{time} {partition}/{id} {metadata.x}' \\
  --store /tmp/diaspora-data`,
      },
      {
        title: "Events of the last hour with x above 1",
        shell:
          `diaspora-ctl consume my_topic --from 1h --filter '{"x": [{"numeric": [">", 1]}]}' --store /tmp/diaspora-data`,
      },
    ],
    load: () => import("../commands/consume.ts"),
  },
];
