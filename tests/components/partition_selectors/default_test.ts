import { assertEquals, assertThrows } from "@std/assert";
import { DefaultPartitionSelector } from "../../../src/components/mod.ts";
import { NoSuchPartitionError } from "../../../src/errors.ts";
import { test } from "../../harness.ts";

const partitions = (count: number) => Array.from({ length: count }, (_, partition_id) => ({ partition_id }));

test("default partition selector is round-robin", () => {
  const selector = new DefaultPartitionSelector();
  selector.setPartitions(partitions(3));
  assertEquals(Array.from({ length: 7 }, () => selector.selectPartitionFor({})), [0, 1, 2, 0, 1, 2, 0]);
});

test("default partition selector takes a requested partition modulo the count, without changing the round-robin order", () => {
  const selector = new DefaultPartitionSelector();
  selector.setPartitions(partitions(3));
  assertEquals([0, 2, 3, 7].map((requested) => selector.selectPartitionFor({}, requested)), [0, 2, 0, 1]);
  assertEquals(selector.selectPartitionFor({}), 0);
});

test("default partition selector refuses what is not a partition number", () => {
  const selector = new DefaultPartitionSelector();
  selector.setPartitions(partitions(3));
  for (const requested of [-1, 0.5, NaN, Infinity, 2 ** 60]) {
    assertThrows(() => selector.selectPartitionFor({}, requested), NoSuchPartitionError);
  }
});

test("default partition selector follows a change of the number of partitions", () => {
  const selector = new DefaultPartitionSelector();
  selector.setPartitions(partitions(4));
  for (let turn = 0; turn < 3; turn++) selector.selectPartitionFor({});
  selector.setPartitions(partitions(2));
  assertEquals([0, 1, 2].map(() => selector.selectPartitionFor({})), [0, 1, 0]);
});
