import { assertEquals, assertThrows } from "@std/assert";
import { InvalidOptionError } from "../mod.ts";
import { nearestName, readOptions, rule } from "../src/options.ts";
import { test } from "./harness.ts";

const RULES = {
  root_path: rule.text({ required: true }),
  num_partitions: rule.wholeNumber(1, 1),
  flush_behavior: rule.oneOf(["buffered", "on_flush"]),
  locking: rule.flag(false),
};

test("options are read, and missing ones get their defaults", () => {
  assertEquals(readOptions("files driver", { root_path: "/data" }, RULES), {
    root_path: "/data",
    num_partitions: 1,
    locking: false,
  });
  const all = { root_path: "x", num_partitions: 7, flush_behavior: "on_flush", locking: true };
  assertEquals(readOptions("files driver", all, RULES), all);
});

test("an invalid value is reported with the option and what is expected", () => {
  const cases: [Record<string, never>, string][] = [
    [
      { num_partitions: 0 } as never,
      'Cannot use 0 as topic option "num_partitions": expected a whole number of at least 1',
    ],
    [{ num_partitions: "3" } as never, 'Cannot use "3" as topic option "num_partitions"'],
    [
      { flush_behavior: "never" } as never,
      'Cannot use "never" as topic option "flush_behavior": expected one of "buffered", "on_flush"',
    ],
    [{ locking: null } as never, 'Cannot use null as topic option "locking": expected true or false'],
    [{ root_path: "" } as never, 'Cannot use "" as topic option "root_path": expected text'],
    [{ locking: { a: "x".repeat(200) } } as never, 'Cannot use {"a":"xxx'],
  ];
  for (const [change, message] of cases) {
    const error = assertThrows(
      () => readOptions("topic", { root_path: "/", ...change }, RULES),
      InvalidOptionError,
      message,
    );
    assertEquals([error.code, error.option], ["ERR_INVALID_OPTION", Object.keys(change)[0]]);
  }
});

test("an error about a component among the options of a topic says where it belongs", () => {
  for (
    const [key, where] of [
      ["validator", '"validator" in the argument after the options, or as "--validator" of the command'],
      ["partition_selector", '"partitionSelector" in the argument after the options'],
      ["partitionSelector", 'or as "--partition-selector" of the command'],
      ["serializer", 'or as "--serializer" of the command'],
    ]
  ) assertThrows(() => readOptions("topic", { [key!]: "x" }, {}), InvalidOptionError, where);
});

test("a missing option and a value that is not a document are refused", () => {
  assertThrows(
    () => readOptions("topic", {}, RULES),
    InvalidOptionError,
    'Cannot leave out topic option "root_path": expected text',
  );
  for (const none of [null, [], 3, "text", undefined]) {
    assertThrows(
      () => readOptions("topic", none, RULES),
      InvalidOptionError,
      "as topic options: expected an object",
    );
  }
});

test("an unknown option is reported with the nearest known one, or with all of them", () => {
  const unknown = (key: string) => () => readOptions("topic", { root_path: "/", [key]: 1 }, RULES);
  assertThrows(unknown("num_partitons"), InvalidOptionError, 'did you mean "num_partitions"?');
  assertThrows(unknown("numPartitions"), InvalidOptionError, 'did you mean "num_partitions"?');
  assertThrows(unknown("flush-behaviour"), InvalidOptionError, 'did you mean "flush_behavior"?');
  assertThrows(
    unknown("zzzzzz"),
    InvalidOptionError,
    'known ones are "root_path", "num_partitions", "flush_behavior", "locking"',
  );
  assertThrows(() => readOptions("topic", { a: 1 }, {}), InvalidOptionError, "there are none");
});

test("the nearest name is only suggested if it is plausible", () => {
  const known = ["files", "memory", "kafka"];
  assertEquals(nearestName("file", known), "files");
  assertEquals(nearestName("memroy", known), "memory");
  assertEquals(nearestName("KAFKA", known), "kafka");
  assertEquals(nearestName("database", known), undefined);
  assertEquals(nearestName("x", []), undefined);
});
