// The pieces of a large data part, where what tells that they are whole is in another file.
import { assertEquals, assertThrows } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CorruptedLogError } from "../../../mod.ts";
import { KIND, RECORD_BYTES } from "../../../src/log/format/bytes.ts";
import { PartitionReader, sealLast } from "../../../src/log/mod.ts";
import { Partition } from "../../../src/log/partition.ts";
import { stepsFrom } from "../../../src/log/segment/frame_scanner.ts";
import { startOf } from "../../../src/log/segment/segment_file.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { test } from "../../harness.ts";

const DATA = Uint8Array.from({ length: 300 }, (_, index) => index);

/** A partition whose event 1 has its data in a chunk that is the last frame before the seal of the segment before. */
async function withChunk(body: (partition: Partition, directory: string) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-chunk-"));
  const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
  try {
    const options = { flushBehavior: "buffered", segmentBytesMax: 1 << 20, chunkBytes: 300 } as const;
    const writer = new PartitionWriter(partition, options);
    await writer.append({ count: 1, metadata: ["0"], dataBytes: 0 });
    const stream = (async function* () {
      yield DATA;
      sealLast(partition);
    })();
    assertEquals(await writer.append({ count: 1, metadata: ["1"], dataBytes: 0, stream }), 1);
    await writer.close();
    body(partition, directory);
  } finally {
    partition.close();
    rmSync(directory, { recursive: true });
  }
}

function dataOf(directory: string): Uint8Array {
  const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
  try {
    const reader = new PartitionReader(partition, { dataWanted: true, onCorruption: "throw" });
    // Looks at no other segment before it.
    reader.seek({ id: 1 });
    const batch = reader.read(1)!;
    assertEquals(batch.baseId, 1);
    return batch.viewData(0, { offset: 0, size: batch.dataSize(0) });
  } finally {
    partition.close();
  }
}

/** Overwrites bytes of the first segment. */
function overwrite(partition: Partition, offset: number, bytes: number): void {
  const file = nodeStorage.open(partition.pathOf(0), "update");
  file.writeAt(new Uint8Array(bytes), offset);
  file.close();
}

test("a chunk without its trailer, before a seal that is lost, is whole: the next segment says where the seal was", () =>
  withChunk((partition, directory) => {
    const frames = [...stepsFrom(partition.segmentFor(0)!, startOf(partition.segmentFor(0)!).offset, 4096)];
    // After the seal there is the event, which was tried there first.
    const [chunk, seal] = frames.slice(-4);
    assertEquals(chunk!.kind === "frame" && chunk.frame.kind, KIND.chunk);
    assertEquals(seal!.kind === "frame" && seal.frame.kind, KIND.seal);
    partition.close();
    overwrite(partition, seal!.offset - RECORD_BYTES + 20, 3 * RECORD_BYTES - 20);
    assertEquals(dataOf(directory), DATA);
    // But not if it lacks both its records.
    overwrite(partition, chunk!.offset, RECORD_BYTES);
    assertThrows(() => dataOf(directory), CorruptedLogError, "a data chunk is damaged");
  }));
