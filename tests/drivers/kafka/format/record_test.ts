// The first bytes are the example of the wire format, which the C++ driver shares.
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import type { OutgoingBatch } from "../../../../src/contract.ts";
import { decodeRecord, formatOf, type RecordParts } from "../../../../src/drivers/kafka/format/record.ts";
import { valuesOf } from "../values.ts";
import { test } from "../../../harness.ts";

const TEXT = formatOf("default");
const BYTES = formatOf("cbor");

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ""), "hex");
}

function batchOf(metadata: string[] | Uint8Array[], data?: OutgoingBatch["data"]): OutgoingBatch {
  const dataBytes = (data ?? []).flatMap((part) => part ?? []).length === 0 ? 0 : (data ?? []).reduce(
    (sum, part) =>
      sum +
      (part === undefined
        ? 0
        : part instanceof Uint8Array
        ? part.byteLength
        : part.reduce((inner, piece) => inner + piece.byteLength, 0)),
    0,
  );
  return { count: metadata.length, metadata, data, dataBytes };
}

test("an event without data is written as the C++ driver writes it", () => {
  const [value] = valuesOf(batchOf(["{}"]), TEXT);
  assertEquals(value, hex("0a00000000000000 0000000000000000 0200000000000000 7b7d"));
});

test("an event with data is written as sizes, metadata, data", () => {
  const [value] = valuesOf(batchOf(["[1]"], [Uint8Array.of(9, 8)]), TEXT);
  assertEquals(value, hex("0b00000000000000 0200000000000000 0300000000000000 5b315d 0908"));
});

test("metadata that is not text stands without a length of its own", () => {
  const [value] = valuesOf(batchOf([Uint8Array.of(0xa0)]), BYTES);
  assertEquals(value, hex("0100000000000000 0000000000000000 a0"));
  assertEquals(decodeRecord(value, BYTES), { metadataOffset: 16, dataOffset: 17 });
});

test("events survive a round trip: text of any alphabet, data in pieces, no data, a stream", () => {
  const texts = ["{}", '"ünïcödé 🚀"', `"${"x".repeat(70_000)}"`, "0"];
  const data = [undefined, Uint8Array.of(1, 2, 3), [
    Uint8Array.of(4),
    new Uint8Array(0),
    Uint8Array.of(5, 6),
  ]];
  const values = valuesOf(batchOf(texts, data), TEXT);
  assertEquals(values.length, 4);
  for (const [index, value] of values.entries()) {
    const parts = decodeRecord(value, TEXT) as RecordParts;
    assertEquals(value.toString("utf8", parts.metadataOffset, parts.dataOffset), texts[index]);
    assertEquals([...value.subarray(parts.dataOffset)], [[], [1, 2, 3], [4, 5, 6], []][index]);
  }
  const [streamed] = valuesOf({ count: 1, metadata: ["{}"], dataBytes: 0 }, TEXT, Uint8Array.of(7, 7));
  assertEquals([...streamed.subarray((decodeRecord(streamed, TEXT) as RecordParts).dataOffset)], [7, 7]);
});

test("arrays of a batch may be longer than its count", () => {
  assertEquals(valuesOf({ count: 1, metadata: ["1", "2"], dataBytes: 0 }, TEXT).length, 1);
});

test("records that are not events are refused, with the place of the fault", () => {
  const faultOf = (value: Buffer | null, format = TEXT): { reason: string; offset: number } => {
    const fault = decodeRecord(value, format);
    assert(fault !== undefined && "reason" in fault, "expected a fault");
    return fault;
  };
  assertEquals(faultOf(null).reason, "the record has no value");
  assertEquals(faultOf(Buffer.from("hello")).reason, "the record has 5 bytes, an event has at least 16");
  assertEquals(faultOf(hex("0a00000000000000 0000000000000000 0200000000000000 7b")).offset, 0);
  assertEquals(faultOf(hex("0a00000000000000 0000000000000000 0300000000000000 7b7d")).offset, 16);
  assertEquals(faultOf(hex("0200000000000000 0000000000000000 7b7d")).offset, 16);
  assertEquals(faultOf(hex("ffffffffffffffff 0000000000000000")).offset, 0);
  assertEquals(faultOf(hex("ffffffffffffffff ffffffffffffffff 00")).offset, 0);
});

test("the marker at the end of a topic is neither an event nor damage", () => {
  assertEquals(decodeRecord(hex("ff".repeat(16)), TEXT), undefined);
});
