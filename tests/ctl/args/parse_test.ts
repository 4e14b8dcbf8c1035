import { assertEquals, assertThrows } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkRequired, parseCommandLine } from "../../../src/ctl/args/parse.ts";
import type { CommandSpec } from "../../../src/ctl/command.ts";
import { UsageError } from "../../../src/ctl/usage_error.ts";
import { test } from "../../harness.ts";

const COMMAND: CommandSpec = {
  path: ["sample"],
  summary: "A command for the tests",
  positional: ["[TOPIC]"],
  options: [
    { name: "driver", kind: "document", required: true, describe: "engine" },
    { name: "topic", kind: "keys", describe: "topic options" },
    { name: "name", short: "n", kind: "text", describe: "a text" },
    { name: "from", kind: "text", describe: "a text" },
    { name: "max", kind: "count", describe: "a count" },
    { name: "verbose", short: "v", kind: "flag", describe: "a flag" },
    { name: "yes", short: "y", kind: "flag", describe: "a flag" },
    { name: "color", kind: "flag", negatable: true, describe: "a flag" },
    { name: "format", kind: "choice", choices: ["json", "raw"], describe: "a choice" },
    { name: "partition", kind: "text", repeat: true, describe: "a list" },
  ],
  examples: [],
  load: () => Promise.reject(new Error("never loaded")),
};

const parse = (...argv: string[]) => parseCommandLine(argv, COMMAND);

test("both --key value and --key=value work, even with values that look like options", () => {
  assertEquals(parse("--name", "a").text("name"), "a");
  assertEquals(parse("--name=a=b").text("name"), "a=b");
  assertEquals(parse("--from", "-5").text("from"), "-5");
  assertEquals(parse("--name=--verbose").text("name"), "--verbose");
  assertEquals(parse("--name=", "word").text("name"), "");
  assertEquals(parse("--name", "a\nb=c").text("name"), "a\nb=c");
  assertEquals(parse("--name", "007").text("name"), "007");
});

test("short options work alone, combined, and followed by their value", () => {
  assertEquals(parse("-v").flag("verbose"), true);
  const args = parse("-vyn", "x");
  assertEquals([args.flag("verbose"), args.flag("yes"), args.text("name")], [true, true, "x"]);
  assertEquals(parse("-nx").text("name"), "x");
});

test("flags can be negated where allowed, and the last one counts", () => {
  assertEquals(parse().maybeFlag("color"), undefined);
  assertEquals(parse("--no-color").maybeFlag("color"), false);
  assertEquals(parse("--no-color", "--color").maybeFlag("color"), true);
  assertEquals(parse("--verbose=false").flag("verbose"), false);
});

test("the last of several values counts, unless the option may be repeated", () => {
  assertEquals(parse("--name", "a", "--name", "b").text("name"), "b");
  assertEquals(parse("--partition", "1", "--partition", "2").texts("partition"), ["1", "2"]);
});

test("words between options are kept, and everything after -- is a word", () => {
  assertEquals(parse("topic", "--name", "x").positional, ["topic"]);
  assertEquals(parse("--", "--name").positional, ["--name"]);
  assertThrows(() => parse("a", "b"), UsageError, 'Unexpected argument "b"');
});

test("dotted options nest, and take the next word as their value whatever it looks like", () => {
  const { name, document } = parse(
    "--driver",
    "octopus",
    "--driver.kafka.acks",
    "all",
    "--driver.kafka.retries=-1",
    "--driver.offset",
    "-5",
  ).document("driver");
  assertEquals([name, document], ["octopus", { kafka: { acks: "all", retries: -1 }, offset: -5 }]);
  assertEquals(parse("--topic.num_partitions", "4").document("topic").document, { num_partitions: 4 });
});

test("the command line is merged deeply over the configuration file", () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-args-"));
  try {
    const path = join(folder, "driver.json");
    writeFileSync(path, '{"root_path": "/a", "kafka": {"acks": "1", "retries": 2}}');
    const args = parse("--driver.kafka.acks", "all", "--driver-config", path, "--driver", "files");
    assertEquals(args.document("driver").document, { root_path: "/a", kafka: { acks: "all", retries: 2 } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an unknown option names the nearest one", () => {
  for (
    const [option, meant] of [
      ["--nam", "--name"],
      ["--drivr", "--driver"],
      ["--drivr.root_path", "--driver.root_path"],
      ["--driver-confg", "--driver-config"],
      ["--no-colour", "--no-color"],
    ]
  ) {
    assertThrows(
      () => parse(option, "x"),
      UsageError,
      `Unknown option "${option}": did you mean "${meant}"?`,
    );
  }
  assertThrows(() => parse("--zzzzzzzzzz"), UsageError, 'use "--help"');
  assertThrows(() => parse("-x"), UsageError, 'Unknown option "-x"');
});

test("invalid values name the option and the value found", () => {
  assertThrows(
    () => parse("--max", "-1"),
    UsageError,
    'Option "--max" takes a whole number, zero or more; found "-1"',
  );
  assertThrows(() => parse("--max", "ten"), UsageError, 'found "ten"');
  assertThrows(() => parse("--max", "0x10"), UsageError, 'found "0x10"');
  assertThrows(() => parse("--max", "1.5MB"), UsageError, 'found "1.5MB": write 1500000 for it');
  assertThrows(() => parse("--max", "2KiB"), UsageError, 'found "2KiB": write 2048 for it');
  assertThrows(
    () => parse("--format", "xml"),
    UsageError,
    'Option "--format" takes one of json, raw; found "xml"',
  );
  assertThrows(() => parse("--name"), UsageError, 'Option "--name" needs a value');
  assertThrows(() => parse("--driver.root_path"), UsageError, 'Option "--driver.root_path" needs a value');
  assertThrows(() => parse("--verbose=yes"), UsageError, 'Option "--verbose" takes no value, found "yes"');
  assertEquals(parse("--max", "1e3").number("max"), 1000);
});

test("a missing driver is an error", () => {
  assertThrows(
    () => checkRequired(parse(), COMMAND),
    UsageError,
    'add "--driver NAME", or set DIASPORA_DRIVER',
  );
  checkRequired(parse("--driver", "files"), COMMAND);
});
