// In a process with little memory, the data of a large event was refused with the runtime's own words: "RangeError: Array
// buffer allocation failed", which name neither what it was for nor what to do.
import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { LimitExceededError, Uint8ArrayAllocator } from "../../mod.ts";
import { DataDescriptor } from "../../src/data/descriptor.ts";
import { dataMemory } from "../../src/data/memory.ts";
import { loadData } from "../../src/event/load_data.ts";
import type { IncomingBatch } from "../../src/contract.ts";
import { test } from "../harness.ts";

/** More than any runtime gives. */
const SIZE = 2 ** 45;
const WHY = `Cannot take ${SIZE} bytes of memory for data: the runtime has no more; free some, select less`;

test("data that there is no memory for is refused by a named error that says what to do", () => {
  const descriptor = new DataDescriptor(SIZE);
  const incoming = { dataSize: () => SIZE } as unknown as IncomingBatch;
  const ways = [() => loadData(incoming, 0, descriptor), () => Uint8ArrayAllocator(undefined, descriptor)];
  for (const way of ways) {
    const error = assertThrows(way, LimitExceededError, WHY);
    assertEquals(error.code, "ERR_LIMIT_EXCEEDED");
    assertInstanceOf(error.cause, RangeError);
  }
});

test("other errors met while memory is taken are passed on", () => {
  const bug = new TypeError("a bug");
  assertEquals(
    assertThrows(() =>
      dataMemory(1, () => {
        throw bug;
      })
    ),
    bug,
  );
  assertEquals(dataMemory(3), new Uint8Array(3));
});
