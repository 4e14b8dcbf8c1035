import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Partition } from "../../../src/log/partition.ts";
import { PartitionReader, sealLast } from "../../../src/log/mod.ts";
import { segmentFacts } from "../../../src/log/retention.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";

/** A storage that records what is published and appended, in order. */
function recording(): { storage: Storage; done: string[] } {
  const done: string[] = [];
  const storage: Storage = {
    ...nodeStorage,
    publish(path, content, options) {
      done.push(`publish ${basename(path)}`);
      return nodeStorage.publish(path, content, options);
    },
    open(path, mode) {
      const file = nodeStorage.open(path, mode);
      const append = file.append.bind(file);
      file.append = (bytes) => {
        done.push(`append ${basename(path)} ${bytes.byteLength}`);
        return append(bytes);
      };
      return file;
    },
  };
  return { storage, done };
}

async function* streamOf(pieces: Iterable<Uint8Array>, afterEach = () => {}): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    yield piece;
    afterEach();
  }
}

test("a dependency marker is written before an event with data in an older segment is stored", async () => {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-needs-"));
  try {
    const { storage, done } = recording();
    const partition = new Partition({ storage, directory, topic: "topic", partition: 0 });
    const writer = new PartitionWriter(partition, {
      flushBehavior: "buffered",
      segmentBytesMax: 20_000,
      chunkBytes: 9000,
    });
    const small = [new Uint8Array(5000)];
    writer.append({ count: 1, metadata: ["1"], data: small, dataBytes: 5000 });
    // Its chunks fill the first segment, so that the event is appended to the next one.
    const stream = streamOf([new Uint8Array(21_000)]);
    assertEquals(await writer.append({ count: 1, metadata: ["2"], dataBytes: 0, stream }), 1);

    const note = done.findIndex((step) => /^publish .*needs/.test(step));
    const event = done.findLastIndex((step) => step.startsWith("append 00000000000000000001.log"));
    assertGreater(note, 0, `no note among ${done.join(", ")}`);
    assertLess(note, event);
    assertEquals(segmentFacts(partition).map(({ needsBaseId }) => needsBaseId), [0, 0]);
    await writer.close();
    partition.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("the oldest segment with a piece of the data is named, and none if the event's own has all", async () => {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-needs-"));
  try {
    const { storage, done } = recording();
    const partition = new Partition({ storage, directory, topic: "topic", partition: 0 });
    const options = { flushBehavior: "buffered", segmentBytesMax: 20_000, chunkBytes: 100 } as const;
    const [writer, other] = [
      new PartitionWriter(partition, options),
      new PartitionWriter(partition, options),
    ];
    const roll = () => {
      other.append({ count: 1, metadata: ["1"], dataBytes: 0 });
      sealLast(partition);
    };
    const streamed = (stream: AsyncIterable<Uint8Array>) =>
      writer.append({ count: 1, metadata: ["2"], dataBytes: 0, stream });
    writer.append({ count: 1, metadata: ["2"], data: [new Uint8Array(250)], dataBytes: 250 });
    assertEquals(done.filter((step) => step.includes("needs")), []);
    roll();
    const id = await streamed((async function* () {
      for (let piece = 0; piece < 3; piece++) {
        yield new Uint8Array(100);
        roll();
      }
    })());
    assertEquals([id, partition.segmentIds()], [5, [0, 2, 3, 4, 5]]);
    // The segment that it was tried in first has one too: that it had ended was only seen afterwards.
    assertEquals([...partition.listing().needs].sort(), [[4, [2]], [5, [2]]]);
    for (const each of [writer, other]) await each.close();
    partition.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** Two writers to one partition: `roll` pushes an event by the other one, and seals the segment. */
async function withTwo(
  chunkBytes: number,
  body: (two: { writer: PartitionWriter; partition: Partition; roll: () => void }) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-needs-"));
  try {
    const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
    const options = { flushBehavior: "buffered", segmentBytesMax: 1 << 30, chunkBytes } as const;
    const [writer, other] = [
      new PartitionWriter(partition, options),
      new PartitionWriter(partition, options),
    ];
    const roll = () => {
      other.append({ count: 1, metadata: ["0"], dataBytes: 0 });
      sealLast(partition);
    };
    await body({ writer, partition, roll });
    for (const each of [writer, other]) await each.close();
    partition.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The data of the events that have any. */
function storedData(partition: Partition): Uint8Array[] {
  const reader = new PartitionReader(partition, { dataWanted: true, onCorruption: "throw" });
  const found: Uint8Array[] = [];
  for (let batch = reader.read(1); batch !== undefined; batch = reader.read(1)) {
    const size = batch.dataSize(0);
    if (size > 0) found.push(batch.viewData(0, { offset: 0, size }));
  }
  return found;
}

for (const [where, pieceBytes] of [["one frame", 100], ["chunks", 9 << 20]] as const) {
  test(`where the segment of a stream's chunks needs an older one, they are written again, in ${where}`, () =>
    withTwo(pieceBytes, async ({ writer, partition, roll }) => {
      const parts: Uint8Array[] = [];
      for (let part = 1; part <= 3; part++) {
        const pieces = [1, 2].map((piece) => new Uint8Array(pieceBytes).fill(10 * part + piece));
        parts.push(new Uint8Array(Buffer.concat(pieces)));
        await writer.append({ count: 1, metadata: ["1"], dataBytes: 0, stream: streamOf(pieces, roll) });
      }
      // No segment stays for one that itself stays for another one.
      const { ids, needs: all } = partition.listing();
      for (const id of ids) {
        for (const older of all.get(id) ?? []) {
          const between = ids.filter((each) => each >= older && each < id);
          assertEquals(between.some((each) => (all.get(each) ?? []).some((oldest) => oldest < older)), false);
        }
      }
      assertEquals(storedData(partition), parts);
    }));
}
