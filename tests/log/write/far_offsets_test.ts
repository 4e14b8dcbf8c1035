// A segment that has grown beyond 4 GiB: offsets in it have no longer four bytes, as anchors, index entries and
// the places of chunks do.
import { assertEquals, assertThrows } from "@std/assert";
import { appendFileSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LimitExceededError } from "../../../mod.ts";
import type { OutgoingBatch } from "../../../src/contract.ts";
import { INDEX_ENTRY_BYTES, OFFSETS_END, RECORD_BYTES } from "../../../src/log/format/bytes.ts";
import { core } from "../../../src/log/format/core/core.ts";
import { decodeRecord, type FrameRecord } from "../../../src/log/format/frame_header.ts";
import { encodeIndexEntry } from "../../../src/log/format/index_entry.ts";
import { Partition } from "../../../src/log/partition.ts";
import { segmentName } from "../../../src/log/segment/segment_file.ts";
import { Appender, SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MAX } from "../../../src/log/write/appender.ts";
import { encodeEvents } from "../../../src/log/write/encoder.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { test } from "../../harness.ts";

const ONE: OutgoingBatch = { count: 1, metadata: ["1"], dataBytes: 0 };

interface Scene {
  appender: Appender;
  /** The header of the frame at an offset. */
  recordAt(offset: number): FrameRecord;
  indexBytes(): number;
}

/** A segment of two events that ends at this offset; what lies between the two is a hole of the file. */
function withSegmentOf(end: number, body: (scene: Scene) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-far-"));
  const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
  const appender = new Appender(partition, 2 ** 40);
  const path = join(directory, segmentName(0));
  const index = path.replace(/log$/, "idx");
  const recordAt = (offset: number): FrameRecord => {
    const file = nodeStorage.open(path, "read");
    file.readAt(core.u8.subarray(core.slot, core.slot + RECORD_BYTES), offset);
    file.close();
    return decodeRecord(core.view, core.slot);
  };
  try {
    const first = appender.appendEvents(ONE);
    appender.close();
    const { salt, time } = recordAt(first.offset);
    const numbers = { sequence: 1, nonceLow: 1, nonceHigh: 1, anchorId: 0, anchorOffset: 64 };
    const frame = encodeEvents(ONE, { salt, time, ...numbers }).slice();
    const offset = end - frame.byteLength;
    truncateSync(path, offset);
    appendFileSync(path, frame);
    const { recordCrc } = recordAt(offset);
    writeFileSync(index, encodeIndexEntry({ id: 1, time, offset, recordCrc, salt }));
    body({ appender, recordAt, indexBytes: () => statSync(index).size });
  } finally {
    appender.close();
    partition.close();
    rmSync(directory, { recursive: true });
  }
}

test("a frame is anchored where the one before it ends, or at the segment's start beyond 4 GiB", () => {
  const cases = [{ end: OFFSETS_END - 1, anchor: [2, OFFSETS_END - 1] }, {
    end: OFFSETS_END,
    anchor: [0, 64],
  }];
  for (const { end, anchor } of cases) {
    withSegmentOf(end, ({ appender, recordAt, indexBytes }) => {
      const { id, offset, endOffset } = appender.appendEvents(ONE);
      assertEquals([id, offset], [2, end]);
      const { anchorId, anchorOffset } = recordAt(offset);
      assertEquals([anchorId, anchorOffset], anchor);
      assertEquals(appender.appendEvents(ONE).offset, endOffset);
      assertEquals(recordAt(endOffset).anchorOffset, 64);
      assertEquals(indexBytes(), INDEX_ENTRY_BYTES);
    });
  }
});

test("a chunk is refused that lies where no event could say", () => {
  const chunk = [Uint8Array.of(1)];
  withSegmentOf(OFFSETS_END - 1, ({ appender }) => {
    assertEquals(appender.appendChunk(chunk).offset, OFFSETS_END - 1);
    assertThrows(() => appender.appendChunk(chunk), LimitExceededError, "one after the other");
  });
  withSegmentOf(OFFSETS_END, ({ appender }) => {
    assertThrows(() => appender.appendChunk(chunk), LimitExceededError, "filled the segment");
    // Events may lie there.
    assertEquals(appender.appendEvents(ONE).id, 2);
  });
});

test("a segment is sealed long before its offsets have more than four bytes", () => {
  assertEquals([SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MAX], [128 << 20, OFFSETS_END / 2]);
});
