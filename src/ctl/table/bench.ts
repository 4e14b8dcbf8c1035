import type { CommandSpec } from "../command.ts";
import { DRIVER, ENGINE, JSON_OUTPUT, SHARED } from "./common.ts";

/** `bench`. */
export const BENCH_COMMANDS: readonly CommandSpec[] = [
  {
    path: ["bench"],
    summary: "Measure an engine: pushing, reading, and the time between them",
    details:
      "Pushes and reads in separate processes (with the memory driver in one), in new topics that are deleted " +
      "afterwards, or in the topic given. Metadata and data are prepared before the clock starts; pushing ends " +
      "when everything is flushed. bytes/s counts the metadata and data that were pushed, and the data that was " +
      "read. Latency is the time from a push in one process to a pull in another. Readers share the partitions: " +
      "more processes than partitions do not help.",
    positional: ["[produce|consume|latency]"],
    makesStore: true,
    options: [
      ...ENGINE.map((option) => option === DRIVER ? { ...DRIVER, short: "d", configShort: "c" } : option),
      {
        name: "topic",
        short: "t",
        kind: "document",
        value: "TOPIC",
        describe: "Use this topic, which must exist and keeps the events; or, with --topic.KEY VALUE, " +
          "options of the new topics",
      },
      {
        name: "workload",
        kind: "choice",
        value: "NAME",
        choices: ["W1", "W2", "W3", "W4"],
        describe: "Predefined sizes: W1, 1,000,000 events without data; W2, 200,000 with 1 KiB; W3, 20,000 " +
          "with 64 KiB; W4, 2,000 with 1 MiB",
      },
      {
        name: "num-events",
        short: "n",
        kind: "count",
        value: "N",
        describe: "Events each process pushes (default: 100,000)",
      },
      {
        name: "data-size",
        short: "s",
        kind: "count",
        value: "BYTES",
        describe: "Data per event (default: 0)",
      },
      {
        name: "metadata-size",
        short: "m",
        kind: "count",
        value: "BYTES",
        describe: "Metadata per event, as JSON (default: 100)",
      },
      {
        name: "batch-size",
        short: "b",
        kind: "count",
        value: "N",
        describe: "Events per batch (default: adaptive)",
      },
      {
        name: "flush-interval",
        short: "f",
        kind: "count",
        value: "N",
        describe: "Events between two flushes that are waited for (default: one flush at the end)",
      },
      {
        name: "data-interest",
        short: "i",
        kind: "number",
        value: "SHARE",
        describe: "Share of the events whose data is read (default: 1)",
      },
      {
        name: "data-selectivity",
        kind: "number",
        value: "SHARE",
        describe: "Share of each such event's data that is read (default: 1)",
      },
      {
        name: "processes",
        kind: "count",
        value: "N",
        describe: "Processes that push, then read, concurrently (default: 1)",
      },
      {
        name: "rounds",
        kind: "count",
        value: "N",
        describe:
          "How often pushing and reading are measured; the median round is shown, with the spread of all " +
          "(default: 1)",
      },
      { name: "rate", kind: "number", value: "N", describe: "Events/s for latency (default: 1000)" },
      {
        name: "duration",
        kind: "number",
        value: "SECONDS",
        describe: "How long latency is measured (default: 3)",
      },
      {
        name: "report",
        kind: "file",
        value: "FILE.html",
        describe: "Also measure by batch size and by data size, and write a page with plots",
      },
      JSON_OUTPUT,
      // Options of the C++ programs, so that their command lines work: there is a single thread here.
      {
        name: "num-threads",
        short: "p",
        kind: "count",
        value: "N",
        describe: "Accepted, without effect",
        hidden: true,
      },
      { name: "worker", kind: "flag", describe: "Be a measuring process", hidden: true },
      ...SHARED,
    ],
    examples: [
      {
        title: "The speed of this disk",
        shell: "diaspora-ctl bench --store /tmp/diaspora-bench --num-events 20000 --duration 1",
      },
      {
        title: "Two processes that push events with 1 KiB of data to two partitions",
        shell: `diaspora-ctl bench --store /tmp/diaspora-bench --topic.num_partitions 2 \\
  --processes 2 --num-events 5000 --data-size 1024 --duration 1`,
      },
      {
        title: "A page with plots, here for the memory driver",
        shell: "diaspora-ctl bench --driver memory --num-events 2000 --duration 1 --report /tmp/bench.html",
      },
    ],
    load: () => import("../commands/bench.ts"),
  },
];
