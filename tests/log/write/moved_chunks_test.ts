// Chunks that are written again, where their segment was removed or would stay for one that stays itself; and the room
// that the first one of a part asks for.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CorruptedLogError, LimitExceededError } from "../../../mod.ts";
import type { OutgoingBatch } from "../../../src/contract.ts";
import { KIND } from "../../../src/log/format/bytes.ts";
import { PartitionReader, sealLast } from "../../../src/log/mod.ts";
import { Partition } from "../../../src/log/partition.ts";
import { entriesFrom } from "../../../src/log/segment/entries.ts";
import { firstName } from "../../../src/log/segment/listing.ts";
import { removeBefore } from "../../../src/log/segment/removal.ts";
import { startOf } from "../../../src/log/segment/segment_file.ts";
import { ChunkAppender } from "../../../src/log/write/chunk_appender.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { test } from "../../harness.ts";
import { changedStorage } from "../port_wrapper.ts";

const CHUNK_BYTES = 100;
const DATA = Uint8Array.from({ length: 4 * CHUNK_BYTES }, (_, index) => index);

/** A writer, and others that act while it makes its calls. */
class Scene {
  readonly directory = mkdtempSync(join(tmpdir(), "diaspora-moved-"));
  /** Calls to be made after appends of the writer, one after each. */
  afterAppends: (() => void)[] = [];
  /** Calls to be made before the writer publishes a dependency marker, one before each. */
  beforeMarkers: (() => void)[] = [];
  /** Called once, after the writer has listed the folder for a marker that may be needed. */
  afterListing: (() => void) | undefined;
  /** How many frames the writer appended. */
  appends = 0;
  readonly partition: Partition;
  readonly writer: PartitionWriter;
  /** The partition as other processes have it. */
  readonly other: Partition;
  readonly #roller: PartitionWriter;

  constructor(frameDataBytes?: number) {
    const { directory } = this;
    const storage = changedStorage(
      (file, _, mode) =>
        mode !== "append" ? {} : {
          append: (bytes) => {
            const written = file.append(bytes);
            if (!file.path.endsWith(".log")) return written;
            this.appends++;
            this.afterAppends.shift()?.();
            return written;
          },
        },
      {
        publish: (path, content, options) => {
          if (path.includes(".needs-")) this.beforeMarkers.shift()?.();
          return nodeStorage.publish(path, content, options);
        },
        list: (path) => {
          const names = nodeStorage.list(path);
          const act = this.afterListing;
          this.afterListing = undefined;
          act?.();
          return names;
        },
      },
    );
    this.partition = new Partition({ storage, directory, topic: "topic", partition: 0 });
    this.other = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
    const options = { flushBehavior: "buffered", segmentBytesMax: 1 << 20, chunkBytes: CHUNK_BYTES } as const;
    this.writer = new PartitionWriter(this.partition, { ...options, frameDataBytes });
    this.#roller = new PartitionWriter(this.other, options);
  }

  /** Another writer stores an event without data, and seals the segment. */
  readonly roll = (): void => {
    this.#roller.append({ count: 1, metadata: ["0"], dataBytes: 0 });
    sealLast(this.other);
  };

  /** Retention removes the segments before the last one. */
  readonly remove = (): void =>
    assertEquals(removeBefore(this.other, this.other.segmentIds().at(-1)!, 0), true);

  /** The same, and the writer's files are closed, for want of descriptors: else it reads what was removed. */
  readonly removeClosed = (): void => {
    this.remove();
    this.partition.segments.closeIdle();
  };

  /** Pushes {@linkcode DATA}, in memory. */
  pushWhole(): number | Promise<number> {
    return this.writer.append({ count: 1, metadata: ["1"], data: [DATA], dataBytes: DATA.byteLength });
  }

  pushStream(): number | Promise<number> {
    const batch: OutgoingBatch = { count: 1, metadata: ["1"], dataBytes: 0, stream: streamOf(DATA) };
    return this.writer.append(batch);
  }

  /** A segment that stays for another one: its event has its data in the one before. */
  storeAcross(): void {
    this.afterAppends = [this.roll];
    this.pushWhole();
  }

  /** The data of the events that have any, read by another process. */
  stored(): Uint8Array[] {
    const partition = new Partition({
      storage: nodeStorage,
      directory: this.directory,
      topic: "topic",
      partition: 0,
    });
    const reader = new PartitionReader(partition, { dataWanted: true, onCorruption: "throw" });
    reader.seek("earliest");
    const found: Uint8Array[] = [];
    for (let batch = reader.read(1); batch !== undefined; batch = reader.read(1)) {
      const size = batch.dataSize(0);
      if (size > 0) found.push(batch.viewData(0, { offset: 0, size }));
    }
    partition.close();
    return found;
  }

  /** The segments that others need. */
  needs(): [id: number, older: readonly number[]][] {
    return [...this.other.listing().needs].sort();
  }
}

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.byteLength; from += 70) yield bytes.subarray(from, from + 70);
}

async function withScene(
  body: (scene: Scene) => void | Promise<void>,
  frameDataBytes?: number,
): Promise<void> {
  const scene = new Scene(frameDataBytes);
  try {
    await body(scene);
  } finally {
    await scene.writer.close();
    for (const each of [scene.partition, scene.other]) each.close();
    rmSync(scene.directory, { recursive: true });
  }
}

// The data's size, at most which it is written again as one frame, and how many frames that takes.
for (const [frameDataBytes, frames] of [[DATA.byteLength, 1], [DATA.byteLength - 1, 5]] as const) {
  test(`a part whose chunks were removed before its event is written again, in ${frames} frames`, () =>
    withScene((scene) => {
      scene.afterAppends = [scene.roll];
      scene.beforeMarkers = [scene.remove];
      assertEquals(scene.pushWhole(), 1);
      // The second chunk comes after the seal, and is appended once more.
      assertEquals([scene.appends, scene.stored()], [5 + frames, [DATA]]);
    }, frameDataBytes));

  test(`a part whose chunks lie in a segment that stays for another one is written again, in ${frames} frames`, () =>
    withScene(async (scene) => {
      scene.storeAcross();
      for (const push of [() => scene.pushWhole(), () => scene.pushStream()]) {
        const { appends } = scene;
        const before = scene.needs();
        scene.afterAppends = [scene.roll];
        await push();
        // No marker: the segment of its event needs no other one.
        assertEquals(scene.needs(), before);
        assertEquals(scene.appends - appends, 5 + frames);
        // The segment stays for the next one from now on.
        scene.partition.keepForSegment(scene.other.segmentIds().at(-1)!, before[0]![0]);
      }
      assertEquals(scene.stored(), [DATA, DATA, DATA]);
    }, frameDataBytes));
}

test("a part of which one chunk of several was removed is written again", () =>
  withScene((scene) => {
    scene.afterAppends = [scene.roll, () => {}, scene.roll];
    // The first segment alone, of the two before that of the event.
    scene.beforeMarkers = [
      () => assertEquals(removeBefore(scene.other, scene.other.segmentIds()[1]!, 0), true),
    ];
    assertEquals(scene.pushWhole(), 2);
    assertEquals([scene.other.segmentIds(), scene.stored()], [[1, 2], [DATA]]);
  }));

test("a part is written again once: removed again, its push fails, and it stays where it is otherwise", () =>
  withScene(async (scene) => {
    const others = new Array(4).fill(() => {});
    scene.afterAppends = [scene.roll, ...others, scene.roll];
    scene.beforeMarkers = [scene.remove, scene.remove];
    assertThrows(() => scene.pushWhole(), LimitExceededError, "retention removed");
    assertEquals(scene.stored(), []);
    scene.storeAcross();
    const needed = scene.other.segmentIds().at(-1)!;
    const keep = () => {
      scene.roll();
      const [older, id] = scene.other.segmentIds().slice(-2);
      // As if the segment that has the chunks again stayed for one before it, too.
      scene.partition.keepForSegment(older!, needed);
      assertEquals(id! > older!, true);
    };
    scene.afterAppends = [scene.roll, ...others, keep];
    const { appends } = scene;
    await scene.pushStream();
    assertEquals(scene.appends - appends, 11);
    const [older, id] = scene.other.segmentIds().slice(-2);
    assertEquals(scene.needs().find(([each]) => each === id), [id!, [older!]]);
    assertEquals(scene.stored(), [DATA, DATA]);
  }, 0));

test("a stream whose chunks were removed is written again, unless their files were closed: then its push says why", () =>
  withScene(async (scene) => {
    scene.afterAppends = [scene.roll];
    scene.beforeMarkers = [scene.remove];
    await scene.pushStream();
    assertEquals(scene.stored(), [DATA]);
    scene.afterAppends = [scene.roll];
    scene.beforeMarkers = [scene.removeClosed];
    await assertRejects(async () => await scene.pushStream(), LimitExceededError, "retention removed");
    // Removed just before they are read, to be written again.
    scene.storeAcross();
    scene.afterAppends = [
      scene.roll,
      () => {},
      () => {},
      () => void (scene.afterListing = scene.removeClosed),
    ];
    await assertRejects(async () => await scene.pushStream(), LimitExceededError, "retention removed");
    assertEquals(await scene.pushStream() > 0, true);
    assertEquals(scene.stored().at(-1), DATA);
  }));

test("a stream is stored though a removal of its chunks has begun, as long as they can be read", () =>
  withScene(async (scene) => {
    scene.afterAppends = [scene.roll];
    // The writer's marker comes too late for the removal to see it, or just in time: then it is withdrawn.
    scene.beforeMarkers = [() => {
      const path = `${scene.directory}/${firstName(scene.other.segmentIds().at(-1)!, 0)}`;
      nodeStorage.publish(path, new Uint8Array(0));
    }];
    assertEquals(await scene.pushStream(), 1);
    assertEquals([scene.appends, scene.stored()], [6, [DATA]]);
  }));

test("a stream whose chunks are damaged before they are written again is refused as damaged", () =>
  withScene(async (scene) => {
    scene.storeAcross();
    const damage = () => {
      const path = scene.other.pathOf(scene.other.segmentIds().at(-2)!);
      const file = nodeStorage.open(path, "update");
      file.writeAt(new Uint8Array(200), file.size() - 800);
      file.close();
    };
    scene.afterAppends = [scene.roll, () => {}, () => {}, damage];
    await assertRejects(async () => await scene.pushStream(), CorruptedLogError);
  }));

test("the first chunk of a part asks for room for all of its frames, and the others for a byte", async () => {
  const sizes = [1, 99, 100, 101, 250, 65_536, 70_000, 300_000, 1_000_000];
  for (const chunkBytes of [100, 65_536, 1 << 20]) {
    const rooms: number[] = [];
    const chunks = new ChunkAppender(chunkBytes, (data, room) => {
      rooms.push(room);
      return {
        segmentId: 0,
        offset: 0,
        dataBytes: data.reduce((sum, { byteLength }) => sum + byteLength, 0),
      };
    });
    // The size of a stream is not known before its end: that of the last one is taken.
    let roomOfLast = 1;
    for (const bytes of sizes.filter((size) => size / chunkBytes < 1000)) {
      const count = Math.ceil(bytes / chunkBytes);
      const others = new Array(count - 1).fill(1);
      chunks.append([new Uint8Array(bytes)], bytes);
      const [room] = rooms;
      assertEquals(rooms.splice(0).slice(1), others);
      assertEquals(room! >= framesBytes(bytes, chunkBytes), true, `${bytes} in chunks of ${chunkBytes}`);
      assertEquals(room! <= bytes + 2048 * count, true);
      await chunks.appendStream(streamIn(bytes));
      assertEquals(rooms.splice(0), [roomOfLast, ...others]);
      roomOfLast = room!;
    }
  }
});

async function* streamIn(bytes: number): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(bytes);
}

/** What the frames of a data part and of its event take in a segment, but for its last byte. */
function framesBytes(bytes: number, chunkBytes: number): number {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-moved-"));
  const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
  try {
    const options = { flushBehavior: "buffered", segmentBytesMax: 1 << 30, chunkBytes } as const;
    const writer = new PartitionWriter(partition, options);
    writer.append({ count: 1, metadata: ["1"], data: [new Uint8Array(bytes)], dataBytes: bytes });
    void writer.close();
    let chunks = 0;
    for (const entry of entriesFrom(startOf(partition.segmentFor(0)!))) {
      if (entry.kind === "frame" && entry.frame.kind === KIND.chunk) chunks += entry.endOffset - entry.offset;
    }
    // The event is appended where there is room for its first byte.
    return chunks + 1;
  } finally {
    partition.close();
    rmSync(directory, { recursive: true });
  }
}
