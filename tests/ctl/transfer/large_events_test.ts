import { assertEquals, assertThrows } from "@std/assert";
import { LimitExceededError } from "../../../mod.ts";
import type { ImportedEvent } from "../../../src/ctl/transfer/contract.ts";
import { LargeEvents } from "../../../src/ctl/transfer/large_events.ts";
import { UsageError } from "../../../src/ctl/usage_error.ts";
import { test } from "../../harness.ts";

const SMALL: ImportedEvent = { number: 1, document: '"small"', dataBytes: 0 };
/** Fewer characters than the limit, and more bytes. */
const LARGE: ImportedEvent = { number: 2, document: '"éééé"', dataBytes: 0 };

async function bytesOf(event: ImportedEvent): Promise<number[]> {
  const { data } = event;
  if (data instanceof Uint8Array) return [...data];
  const bytes: number[] = [];
  for await (const piece of data as AsyncIterable<Uint8Array>) bytes.push(...piece);
  return bytes;
}

test("imported events with too many bytes of metadata are refused or skipped, and counted", () => {
  const refusing = new LargeEvents({ choice: "refuse", bytesMax: 9 });
  assertEquals(refusing.take(SMALL), SMALL);
  assertThrows(() => refusing.take(LARGE), LimitExceededError, "it has 10 bytes of metadata, more than 9");
  assertEquals(new LargeEvents({ choice: "refuse", bytesMax: undefined }).take(LARGE), LARGE);
  assertEquals(new LargeEvents({ choice: "skip", bytesMax: 10 }).take(LARGE), LARGE);
  const skipping = new LargeEvents({ choice: "skip", bytesMax: 9 });
  assertEquals([skipping.take(SMALL), skipping.take(LARGE), skipping.summary], [
    SMALL,
    undefined,
    "; 1 event skipped",
  ]);
});

test("metadata of an imported event is appended to its data, in whatever form it arrives", async () => {
  const moving = new LargeEvents({ choice: "data", bytesMax: 9 });
  const text = [...new TextEncoder().encode(LARGE.document)];
  async function* stream() {
    yield new Uint8Array([1]);
    yield new Uint8Array([2]);
  }
  for (
    const [data, before] of [
      [undefined, []],
      [new Uint8Array([1, 2]), [1, 2]],
      [stream(), [1, 2]],
    ] as const
  ) {
    const event = { ...LARGE, dataBytes: before.length, ...(data === undefined ? {} : { data }) };
    const { document, dataBytes, ...moved } = moving.take(event)!;
    assertEquals(document, `{"large_metadata":{"offset":${before.length},"bytes":10}}`);
    assertEquals(dataBytes, before.length + 10);
    assertEquals(await bytesOf({ document, dataBytes, ...moved }), [...before, ...text]);
  }
  assertEquals(moving.summary, "; the metadata of 3 events moved to the end of the data part");
});

test("metadata that is bytes of a serializer is not moved, since nothing could replace it", () => {
  assertThrows(() => new LargeEvents({ choice: "data", bytesMax: 9 }, true), UsageError, "use skip");
  assertEquals(new LargeEvents({ choice: "skip", bytesMax: 9 }, true).summary, "");
});
