import { assertEquals, assertThrows } from "@std/assert";
import { parseCommandLine } from "../../src/ctl/args/parse.ts";
import { topicAndConsumerOf } from "../../src/ctl/connect.ts";
import { limitsOf } from "../../src/ctl/consume/limits.ts";
import { findCommand } from "../../src/ctl/find_command.ts";
import { topicOptionsOf } from "../../src/ctl/topic_options.ts";
import { UsageError } from "../../src/ctl/usage_error.ts";
import { test } from "../harness.ts";

function parsed(line: string) {
  const found = findCommand(line.split(" "));
  if ("group" in found) throw new Error(`"${line}" is a group of commands`);
  return parseCommandLine(found.rest, found.command);
}

test("topic options with their own names mean those of --topic, and exclude them", () => {
  assertEquals(topicOptionsOf(parsed("topic create t -p 4 --retention 1h30m --topic.segment_bytes 9")), {
    num_partitions: 4,
    retention_seconds: 5400,
    segment_bytes: 9,
  });
  assertEquals(topicOptionsOf(parsed("topic edit t --retention 7d")), { retention_seconds: 604_800 });
  for (
    const wrong of [
      "topic create t -p 4 --topic.num_partitions 4",
      "topic edit t --retention 7d --topic.retention_seconds 9",
      "topic edit t --retention 7",
      "topic edit t --retention 0s",
      "topic edit t --retention now",
    ]
  ) assertThrows(() => topicOptionsOf(parsed(wrong)), UsageError, '"--', wrong);
});

test("a consumer may be the second word where one is needed", () => {
  assertEquals(topicAndConsumerOf(parsed("consumer rm t app")), { topic: "t", consumer: "app" });
  assertEquals(topicAndConsumerOf(parsed("consumer seek t app -c app --to 0")), {
    topic: "t",
    consumer: "app",
  });
  assertThrows(() => topicAndConsumerOf(parsed("consumer rm t app -c other")), UsageError, "Two consumers");
  assertEquals(topicAndConsumerOf(parsed("consumer lag t app")), { topic: "t", consumer: "app" });
  assertThrows(() => parsed("consumer rm t app more"), UsageError, "Unexpected argument");
});

test("--tail follows new events", () => {
  assertEquals(limitsOf(parsed("consume t -F")).follow, true);
  assertEquals(limitsOf(parsed("consume t")).follow, false);
  assertThrows(() => limitsOf(parsed("consume t -F --until end")), UsageError, "exclude each other");
});
