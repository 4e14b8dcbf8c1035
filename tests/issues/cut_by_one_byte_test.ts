// A full disk took all but the last byte of a frame, and then a single byte of the next one, the first one of its magic.
// If that differed from the byte that was missing by one bit only, the first frame was taken for one whose trailer has a
// flipped bit: its push had failed, and its events had ids and were delivered. Two such bytes, or four, after a frame
// that lacked as many did the same, whatever its own bytes were. The simulation found it. And any number of bytes that was
// missing in its trailer, filled by several such pieces, which no header of four bytes gave away; while only a further piece
// followed, a reader was given its events, which were gone as soon as the next frame came. Where the system says how much it
// wrote (Bun), their batch was written again, and they were there twice.
import { assert, assertEquals } from "@std/assert";
import { core } from "../../src/log/format/core/core.ts";
import { RECORD, RECORD_BYTES } from "../../src/log/format/bytes.ts";
import { encodeEvents } from "../../src/log/write/encoder.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { emptyDisk } from "../damage/copies.ts";
import { openSample, readSample } from "../damage/sample_partition.ts";
import { test } from "../harness.ts";

/** A log with an event, a frame that lacks its last bytes, what was written of headers after it, and two more events. */
async function logWith(written: string, isRight: (trailer: Uint8Array) => boolean = () => true, after = "") {
  const { storage } = emptyDisk(["/p"]);
  const partition = openSample(storage, "/p");
  const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
  const push = (text: string) => writer.append({ count: 1, metadata: [text], dataBytes: 0 });
  push('"first"');
  const { segment, id, offset } = partition.end()!;
  for (let sequence = 1;; sequence++) {
    const signature = { salt: segment.salt, nonceLow: 1, nonceHigh: 1, time: 1, sequence };
    const frame = encodeEvents({ count: 2, metadata: ["1", "2"], dataBytes: 0 }, {
      ...signature,
      anchorId: id,
      anchorOffset: offset,
    });
    if (!isRight(frame.subarray(-RECORD_BYTES))) continue;
    const file = storage.open(segment.path, "append");
    file.append(frame.slice(0, -written.length));
    for (const byte of new TextEncoder().encode(written + after)) file.append(new Uint8Array([byte]));
    file.close();
    break;
  }
  // Nor before anything follows.
  assertEquals([...readSample(openSample(storage, "/p"), false).events.keys()].length, 1);
  assertEquals([push('"second"'), push('"third"')], [1, 2]);
  const { events, damage } = readSample(openSample(storage, "/p"), false);
  await writer.close();
  return { events: [...events.values()].map(({ metadata }) => metadata), damage: damage.length };
}

/** So that it is a cut, and not a flipped bit, for every reader. */
function isFar(trailer: Uint8Array): boolean {
  const bits = trailer[RECORD_BYTES - 1] ^ 0x44;
  return (bits & (bits - 1)) > 0;
}

for (
  const written of [
    "D",
    "DS",
    "DSF",
    "DD",
    "DDD",
    "DDS",
    "DSD",
    "DDDD",
    "DSDS",
    "DSFD",
    "DDSF",
    "DSFDS",
    "DDSFDSF",
    "DSFDSFDSFDSFDSFDSFDSFDS",
  ]
) {
  test(`a frame that lacks ${written.length} bytes, with "${written}" in their place, was never stored`, async () => {
    const found = await logWith(written, isFar);
    assertEquals(found, { events: ['"first"', '"second"', '"third"'], damage: 0 });
  });
}

test("such a frame was never stored either while only the beginning of another header follows", async () => {
  for (const written of ["D", "DS", "DSF", "DSFDS"]) {
    for (const after of ["D", "DS", "DSF"]) {
      const found = await logWith(written, isFar, after);
      assertEquals(found, { events: ['"first"', '"second"', '"third"'], damage: 0 }, `${written} ${after}`);
    }
  }
});

test("no frame ends with a byte that is one bit from the beginning of a header", async () => {
  const { storage } = emptyDisk(["/p"]);
  const partition = openSample(storage, "/p");
  const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
  const magic = [..."DSFH"].map((letter) => letter.charCodeAt(0));
  const near = new Set(
    magic.flatMap((byte) => [byte, ...[0, 1, 2, 3, 4, 5, 6, 7].map((bit) => byte ^ 1 << bit)]),
  );
  for (let count = 0; count < 300; count++) {
    writer.append({ count: 1, metadata: [String(count)], dataBytes: 0 });
    const { segment, offset } = partition.end()!;
    const last = new Uint8Array(1);
    segment.file.readAt(last, offset - 1);
    assert(!near.has(last[0]), `frame ${count} ends with ${last[0]}`);
  }
  assertEquals(readSample(openSample(storage, "/p"), false).events.size, 300);
  await writer.close();
});

test("a frame that gets another sequence is as if it had been encoded with it", () => {
  const encode = (sequence: number) =>
    encodeEvents({ count: 1, metadata: ["1"], dataBytes: 0 }, {
      ...{ salt: 7, nonceLow: 1, nonceHigh: 1, time: 1, anchorId: 0, anchorOffset: 64, sequence },
    });
  const expected = encode(9).slice();
  const frame = encode(8);
  core.renumber(frame, 9);
  assertEquals(frame, expected);
  assertEquals(new DataView(frame.slice().buffer).getUint32(RECORD.sequence, true), 9);
});
