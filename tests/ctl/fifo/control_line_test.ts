import { assert, assertEquals } from "@std/assert";
import { parseControlLine } from "../../../src/ctl/fifo/control_line.ts";
import { test } from "../../harness.ts";

function commandOf(line: string) {
  const parsed = parseControlLine(line);
  assert("command" in parsed, "fault" in parsed ? parsed.fault : "");
  return parsed;
}

test("a producer command names path and topic, with the C++ tool's defaults", () => {
  assertEquals(commandOf("/tmp/in -> topic"), {
    command: {
      direction: "in",
      path: "/tmp/in",
      topic: "topic",
      options: { format: "raw", batchSize: 128, ack: false, group: false },
    },
    warnings: [],
  });
});

test("a consumer command takes options in parentheses, with any white space", () => {
  const { command } = commandOf(
    "  /tmp/my out  <-  topic ( format=json,batch_size = 7, name=app one, ack=true, group=true ) \r",
  );
  assertEquals(command, {
    direction: "out",
    path: "/tmp/my out",
    topic: "topic",
    options: { format: "json", batchSize: 7, name: "app one", ack: true, group: true },
  });
  assertEquals(commandOf("a -> t(format=json)").command.options.format, "json");
});

test("an invalid option is reported and left at its default", () => {
  const { command, warnings } = commandOf("a -> t (format=xml, batch_size=0, name=x, size=5, novalue)");
  assertEquals(command.options, { format: "raw", batchSize: 128, ack: false, group: false });
  assertEquals(warnings.length, 5);
});

test("a line that is not a command says why", () => {
  for (
    const [line, fault] of [
      ["hello", 'expected "PATH -> TOPIC" or "PATH <- TOPIC"'],
      ["a->b", 'expected "PATH -> TOPIC" or "PATH <- TOPIC"'],
      [" -> topic", "the path is missing"],
      ["path -> ", "the topic is missing"],
      ["path -> (format=json)", "the topic is missing"],
      ["path -> topic (format=json", "the closing parenthesis is missing"],
    ]
  ) assertEquals(parseControlLine(line), { fault });
});
