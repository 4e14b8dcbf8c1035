import type { CommandSpec } from "../command.ts";
import { COMPONENTS, DESTRUCTIVE, ENGINE, JSON_OUTPUT, NAME, PROGRESS, SHARED, TOPIC } from "./common.ts";

const WHERE = "--store /tmp/diaspora-data";

/** Commands about stores as a whole. */
export const STORE_COMMANDS: readonly CommandSpec[] = [
  {
    path: ["verify"],
    summary: "Read every stored byte against its checksum",
    details: "Prints one finding per line: damage means lost bytes, redundant a loss that can be repaired " +
      "from other bytes, torn is the rest of an interrupted write (harmless), foreign are events that the C++ files " +
      "driver stored beside the topic's own, unreadable is what the system or a newer format does not let it read. " +
      "The exit code is 3 if there is damage or redundant, otherwise 1 if there is foreign or unreadable. Producers " +
      "and consumers may keep running. Without a topic, all topics are read. With --json the last line is an object " +
      "`summary` with what was read and how many findings there are.",
    positional: ["[TOPIC]"],
    options: [TOPIC, NAME, ...ENGINE, JSON_OUTPUT, PROGRESS, ...SHARED],
    examples: [{ title: "Every topic in a store", shell: `diaspora-ctl verify ${WHERE}` }],
    load: () => import("../commands/verify.ts"),
  },
  {
    path: ["repair"],
    summary: "Repair a damaged topic, keeping everything that is intact",
    details:
      "Verifies first, and prints what it will do. Ids do not change: those of lost events are not reused, and " +
      "consumers skip them. Every file is copied before it is changed, to a folder before-repair-TIME in the " +
      "topic's folder.",
    positional: ["[TOPIC]"],
    options: [TOPIC, NAME, ...ENGINE, ...DESTRUCTIVE, JSON_OUTPUT, PROGRESS, ...SHARED],
    examples: [{ title: "See what would be done", shell: `diaspora-ctl repair my_topic --dry-run ${WHERE}` }],
    load: () => import("../commands/repair.ts"),
  },
  {
    path: ["export"],
    summary: "Write a topic to a file in another format",
    details:
      "cpp-files writes a topic for the C++ library's files driver to its root_path. To continue an interrupted " +
      "export, repeat the command.",
    positional: ["[TOPIC]"],
    options: [
      TOPIC,
      NAME,
      ...ENGINE,
      {
        name: "to",
        kind: "document",
        value: "FORMAT",
        required: true,
        choices: ["jsonl", "archive", "cpp-files"],
        describe:
          "jsonl, archive or cpp-files; --to.file FILE (- is standard output); for cpp-files --to.root_path DIR, " +
          "and --to.name TOPIC for another name there",
      },
      PROGRESS,
      ...SHARED,
    ],
    examples: [
      {
        title: "One line per event, data in base64",
        shell: `diaspora-ctl export --to jsonl --to.file - --name my_topic ${WHERE}`,
      },
      {
        title: "Everything in one compressed file",
        shell: `diaspora-ctl export --to archive --to.file /tmp/my_topic.tar.gz --name my_topic ${WHERE}`,
      },
      {
        title: "A topic for the C++ library",
        shell: `diaspora-ctl export --to cpp-files --to.root_path /tmp/cpp-data --name my_topic ${WHERE}`,
      },
    ],
    load: () => import("../commands/export.ts"),
  },
  {
    path: ["import"],
    summary: "Read a topic from a file in another format",
    details: "Creates the topic if it does not exist: an archive and cpp-files include its options, and " +
      "--topic.KEY VALUE and the components override them. Events are stored in the partition they come from, in " +
      "their order, under new ids. From cpp-files they keep their ids: the topic must be new, or hold the " +
      "beginning of what is imported; so the same command continues an interrupted import, and imports " +
      "what was appended to the source since.\n\n" +
      "A new topic appears only when it is complete: an import that fails or is killed leaves none. Before it adds to an " +
      "existing topic, it checks the archive, if that can be read twice. Modules that an archive names are not loaded; " +
      "their names are only stored with the topic.",
    makesStore: true,
    positional: ["[TOPIC]"],
    options: [
      {
        name: "from",
        kind: "document",
        value: "FORMAT",
        required: true,
        choices: ["jsonl", "archive", "cpp-files"],
        describe:
          "jsonl, archive or cpp-files; --from.file FILE (- is standard input); for cpp-files --from.root_path DIR, " +
          "and --from.name TOPIC for another name there",
      },
      {
        name: "topic",
        kind: "document",
        value: "TOPIC",
        describe:
          "Topic to write to; with --topic.KEY VALUE also options of a new topic; may also be the first word, or --name",
      },
      NAME,
      ...ENGINE,
      ...COMPONENTS,
      {
        name: "partial",
        kind: "flag",
        describe:
          "If the source is damaged, create a topic with what can be read; the exit code is still not 0",
      },
      {
        name: "large-metadata",
        kind: "choice",
        value: "WHAT",
        choices: ["refuse", "skip", "data"],
        describe:
          "What to do with events with too much metadata: refuse (the default) stops the import, skip leaves them out, " +
          "data moves the metadata to the end of the data part",
      },
      {
        name: "metadata-bytes-max",
        kind: "count",
        value: "BYTES",
        describe:
          "Limit above which there is too much metadata (default: the engine's limit; 16 MiB with skip and data)",
      },
      PROGRESS,
      ...SHARED,
    ],
    examples: [
      {
        title: "An archive, restored under another name",
        shell: `diaspora-ctl import --from archive --from.file /tmp/my_topic.tar.gz --name restored ${WHERE}`,
      },
      {
        title: "A topic of the C++ library",
        shell: "diaspora-ctl import --from cpp-files --from.root_path /tmp/cpp-data --name my_topic \\\n" +
          "  --store /tmp/imported-data",
      },
    ],
    load: () => import("../commands/import.ts"),
  },
  {
    path: ["doctor"],
    summary: "Check whether a folder is suitable for a store, or an engine can be reached",
    details: "For the files driver it tests the folder: whether concurrent appends stay intact, " +
      "locking, free space, and whether changes by other processes are noticed immediately. The exit code is 1 if " +
      "something is wrong.",
    makesStore: true,
    options: [...ENGINE, JSON_OUTPUT, ...SHARED],
    examples: [{ title: "A folder", shell: `diaspora-ctl doctor ${WHERE}` }],
    load: () => import("../commands/doctor.ts"),
  },
];
