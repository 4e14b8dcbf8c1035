import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError } from "../../../mod.ts";
import { Partition } from "../../../src/log/partition.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";

const FRAMES = 400;
const INDEX_INTERVAL_BYTES = 20_000;

/** Counts the bytes that are read. */
function counting(): { storage: Storage; bytesSince: () => number } {
  let bytes = 0;
  return {
    storage: {
      ...nodeStorage,
      open(path, mode) {
        const file = nodeStorage.open(path, mode);
        const readAt = file.readAt.bind(file);
        file.readAt = (into, offset) => {
          const got = readAt(into, offset);
          bytes += got;
          return got;
        };
        return file;
      },
    },
    bytesSince() {
      const since = bytes;
      bytes = 0;
      return since;
    },
  };
}

/** Runs a body with the folder of a partition of one segment of 400 frames, without an index. */
async function withoutIndex(body: (directory: string, index: string) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-index-"));
  try {
    const partition = open(nodeStorage, directory);
    const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 2 ** 30 });
    const data = [new Uint8Array(4000)];
    for (let frame = 0; frame < FRAMES; frame++) {
      writer.append({ count: 1, metadata: ["1"], data, dataBytes: 4000 });
    }
    await writer.close();
    partition.close();
    const index = `${directory}/00000000000000000000.idx`;
    rmSync(index);
    body(directory, index);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function open(storage: Storage, directory: string): Partition {
  return new Partition({
    storage,
    directory,
    topic: "topic",
    partition: 0,
    indexIntervalBytes: INDEX_INTERVAL_BYTES,
  });
}

test("the first search for an event writes a missing index, and the next search is short", () =>
  withoutIndex((directory, index) => {
    const { storage, bytesSince } = counting();
    const partition = open(storage, directory);
    assertEquals(partition.positionOfId(FRAMES - 5)?.id, FRAMES - 5);
    const long = bytesSince();
    const size = readFileSync(index).byteLength;
    assertGreater(size, 32 * 50);
    for (const id of [3, 100, FRAMES - 5, FRAMES - 1]) {
      assertEquals(partition.positionOfId(id)?.id, id);
      assertLess(bytesSince(), long / 5);
    }
    // What exists is not written again.
    partition.positionOfId(FRAMES - 5);
    partition.positionOfTime(1);
    assertEquals(readFileSync(index).byteLength, size);
    partition.close();
  }));

test("an event is found without an index where none can be written", () =>
  withoutIndex((directory, index) => {
    const refuse = (): never => {
      throw new StorageError("EROFS", "read-only");
    };
    const readOnly: Storage = {
      ...nodeStorage,
      open: (path, mode) => mode === "read" ? nodeStorage.open(path, mode) : refuse(),
      publish: refuse,
    };
    const partition = open(readOnly, directory);
    assertEquals(partition.positionOfId(FRAMES - 5)?.id, FRAMES - 5);
    assertEquals(existsSync(index), false);
    partition.close();
  }));
