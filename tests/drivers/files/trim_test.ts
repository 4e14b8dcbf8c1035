// What a trim and retention remove from one partition, and what they report.
import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { StorageError } from "../../../mod.ts";
import { ConsumerRegistry } from "../../../src/drivers/files/consumer_registry.ts";
import { describePartition, lagOf } from "../../../src/drivers/files/describe.ts";
import type { FilesTopicOptions } from "../../../src/options/driver_options.ts";
import { acknowledgedIds, applyRetention, trimPartition } from "../../../src/drivers/files/trim.ts";
import { positionAt, sealLast } from "../../../src/log/mod.ts";
import { Partition } from "../../../src/log/partition.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { test } from "../../harness.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

const HOUR_MS = 3_600_000;

/** A partition with segments of that many events each, an hour apart. */
class Scene {
  readonly folder = new SimulatedFolder();
  readonly log: Partition;
  readonly registry: ConsumerRegistry;
  readonly #writer: PartitionWriter;
  /** When each segment's last event was stored. */
  readonly times: number[] = [];

  constructor(...segments: number[]) {
    const { storage } = this.folder;
    storage.makeDirectory(`${ROOT}/p`);
    storage.makeDirectory(`${ROOT}/consumers`);
    this.log = new Partition({ storage, directory: `${ROOT}/p`, topic: "t", partition: 0 });
    this.registry = new ConsumerRegistry(storage, ROOT, "t", 1);
    this.#writer = new PartitionWriter(this.log, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
    segments.forEach((count, index) => {
      if (index > 0) {
        sealLast(this.log);
        this.folder.disk.clock.pass(HOUR_MS);
      }
      for (let event = 0; event < count; event++) this.push();
      this.times.push(storage.now());
    });
  }

  push(): void {
    this.#writer.append({ count: 1, metadata: ['"event"'], dataBytes: 0 });
  }

  /** The position of a consumer. */
  store(name: string, nextId: number): void {
    this.registry.seek(name, [{ partition: 0, ...positionAt(this.log, nextId) }]);
  }

  get segments(): number[] {
    return this.log.segmentIds();
  }

  bytesOf(...baseIds: number[]): number {
    return baseIds.reduce((sum, baseId) => sum + this.log.bytesOf(baseId), 0);
  }
}

test("a trim removes whole segments below an id, and says which events are left", () => {
  for (const [beforeId, firstId] of [[0, 0], [2, 0], [3, 3], [4, 3], [5, 5], [8, 5]] as const) {
    const scene = new Scene(3, 2, 4);
    const expected = {
      ...{ partition: 0, firstIdBefore: 0, firstId },
      bytes: scene.bytesOf(...[0, 3].filter((id) => id < firstId)),
    };
    const names = scene.folder.names();
    assertEquals(trimPartition(scene.log, { beforeId, dryRun: true }), expected);
    assertEquals(scene.folder.names(), names);
    assertEquals(trimPartition(scene.log, { beforeId }), expected);
    assertEquals(scene.segments, [0, 3, 5].filter((id) => id >= firstId));
  }
});

test("a trim of everything ends the last segment, so that it can go as well", () => {
  const scene = new Scene(3, 2);
  const planned = trimPartition(scene.log, { beforeId: 5, dryRun: true });
  assertEquals([planned.firstId, scene.segments], [5, [0, 3]]);
  const done = trimPartition(scene.log, { beforeId: 5 });
  // The seal of the last segment did not exist yet.
  assertEquals([done.firstId, scene.segments, done.bytes >= planned.bytes], [5, [5], true]);
  assertEquals(trimPartition(scene.log, { beforeId: 99 }), {
    partition: 0,
    firstIdBefore: 5,
    firstId: 5,
    bytes: 0,
  });
  scene.push();
  assertEquals(scene.log.end()!.id, 6);
});

test("a trim of an empty partition removes nothing and makes nothing", () => {
  const scene = new Scene();
  const nothing = { partition: 0, firstIdBefore: 0, firstId: 0, bytes: 0 };
  for (const dryRun of [true, false]) {
    assertEquals(trimPartition(scene.log, { beforeId: 9, maxBytes: 0, dryRun }), nothing);
  }
  assertEquals(scene.folder.names(`${ROOT}/p`), []);
  assertEquals(describePartition(scene.log), { partition: 0, firstId: 0, nextId: 0, bytes: 0, segments: 0 });
});

test("a trim goes by the larger of the id it names and the acknowledged one", () => {
  const cases = [
    [{ beforeId: 3, acknowledgedId: 0 }, 3],
    [{ beforeId: 0, acknowledgedId: 5 }, 5],
    [{ acknowledgedId: 3 }, 3],
    [{ beforeId: 5, acknowledgedId: 3 }, 5],
    [{}, 0],
    [{ acknowledgedId: 0 }, 0],
  ] as const;
  for (const [request, firstId] of cases) {
    assertEquals(trimPartition(new Scene(3, 2, 4).log, request).firstId, firstId);
  }
});

test("a trim goes by time and by bytes", () => {
  const { times, log } = new Scene(3, 2, 4);
  assertEquals(trimPartition(log, { beforeTime: times[0]! - 1000 }).firstId, 0);
  assertEquals(trimPartition(log, { beforeTime: new Date(times[1]! - 1000) }).firstId, 3);
  const scene = new Scene(3, 2, 4);
  assertEquals(trimPartition(scene.log, { maxBytes: scene.bytesOf(0, 3, 5) }).firstId, 0);
  assertEquals(trimPartition(scene.log, { maxBytes: scene.bytesOf(3, 5) }).firstId, 3);
  assertEquals(trimPartition(scene.log, { maxBytes: 0 }).firstId, 9);
});

test("the id that every consumer acknowledged is the least, and none without consumers", () => {
  const scene = new Scene(3, 2, 4);
  assertEquals(acknowledgedIds([scene.log], scene.registry)[0], undefined);
  scene.store("a", 7);
  assertEquals(acknowledgedIds([scene.log], scene.registry)[0], 7);
  scene.store("b", 4);
  scene.store("c", 9);
  assertEquals(acknowledgedIds([scene.log], scene.registry)[0], 4);
  // It has acknowledged only in another partition.
  scene.registry.seek("d", [{ partition: 1, nextId: 5, time: 0 }]);
  assertEquals(acknowledgedIds([scene.log], scene.registry)[0], 0);
});

test("retention removes by bytes, by age and by what was acknowledged, and the last segment never", () => {
  const left = (options: (scene: Scene) => FilesTopicOptions, acknowledged?: number): number[] => {
    const scene = new Scene(3, 2, 4);
    if (acknowledged !== undefined) scene.store("c", acknowledged);
    applyRetention(scene.log, () => options(scene), scene.registry);
    return scene.segments;
  };
  assertEquals(left(() => ({})), [0, 3, 5]);
  assertEquals(left(() => ({ retention_acknowledged: false }), 9), [0, 3, 5]);
  assertEquals(left((scene) => ({ retention_bytes: scene.bytesOf(3, 5) })), [3, 5]);
  assertEquals(left(() => ({ retention_bytes: 0 })), [5]);
  assertEquals(left(() => ({ retention_seconds: 5 * 3600 })), [0, 3, 5]);
  assertEquals(left(() => ({ retention_seconds: 5400 })), [3, 5]);
  assertEquals(left(() => ({ retention_seconds: 0 })), [5]);
  assertEquals(left(() => ({ retention_acknowledged: true })), [0, 3, 5]);
  assertEquals(left(() => ({ retention_acknowledged: true }), 4), [3, 5]);
  assertEquals(left(() => ({ retention_acknowledged: true }), 9), [5]);
  // What is acknowledged goes only where that is asked for.
  assertEquals(left(() => ({ retention_bytes: 1 << 30 }), 9), [0, 3, 5]);
});

test("retention cleans up after writers that were killed, also where nothing is to go, and never fails a push", () => {
  const scene = new Scene(3, 2);
  const { folder } = scene;
  // The index of a segment that no longer exists: a removal was interrupted.
  folder.file("p/00000000000000000000.log.removed");
  trimPartition(scene.log, { beforeId: 3 });
  folder.file("p/00000000000000000000.idx");
  applyRetention(scene.log, () => ({}), scene.registry);
  assertEquals(folder.names(`${ROOT}/p`).some((name) => name.includes("00000000000000000000.idx")), false);
  folder.before = () => {
    throw new StorageError("EIO", "Cannot do anything: simulated");
  };
  applyRetention(scene.log, () => ({ retention_bytes: 0 }), scene.registry);
  folder.before = () => {};
  assertEquals(scene.segments, [3]);
});

test("a partition is described by its events, its bytes, its segments and the times of both ends", () => {
  const scene = new Scene(3, 2, 4);
  const found = describePartition(scene.log);
  const { oldestTime, newestTime, ...counted } = found;
  assertEquals(counted, { partition: 0, firstId: 0, nextId: 9, bytes: scene.bytesOf(0, 3, 5), segments: 3 });
  assertEquals([oldestTime, newestTime], [scene.log.timeOf(0), scene.log.timeOf(8)]);
  trimPartition(scene.log, { beforeId: 9 });
  const emptied = describePartition(scene.log);
  assertEquals([emptied.firstId, emptied.nextId, emptied.newestTime, emptied.segments], [9, 9, undefined, 1]);
});

test("lag counts events, bytes and seconds from where a consumer stands to the end", () => {
  const scene = new Scene(3, 2, 4);
  const { disk } = scene.folder;
  const lag = (name: string) => {
    const consumer = scene.registry.consumer(name);
    return lagOf(scene.log, consumer.cursor(0), consumer.listed().of(0));
  };
  disk.clock.pass(10_000);
  const none = lag("none");
  assertEquals([none.position, none.acknowledged, none.events], [0, false, 9]);
  assertEquals(Math.round(none.seconds / 10), 721);
  scene.store("c", 4);
  const some = lag("c");
  assertEquals([some.partition, some.position, some.acknowledged, some.events], [0, 4, true, 5]);
  assertEquals([some.bytes > 0, some.bytes < none.bytes, Math.round(some.seconds / 10)], [true, true, 361]);
  // The clock was set back: nothing is younger than now.
  disk.clock.step(-10 * HOUR_MS);
  assertEquals(lag("c").seconds, 0);
  scene.store("c", 9);
  const end = lag("c");
  assertEquals([end.position, end.events, end.bytes, end.seconds], [9, 0, 0, 0]);
  // Its events are gone.
  scene.store("d", 1);
  trimPartition(scene.log, { beforeId: 5 });
  assertEquals([lag("d").position, lag("d").events, lag("new").position], [5, 4, 5]);
});

test("a removal decides again when another process undoes it, ten times in all", () => {
  for (const [times, firstId] of [[9, 3], [10, 0]] as const) {
    const scene = new Scene(3, 2);
    const { folder } = scene;
    let marks = 0;
    let mark = "";
    folder.before = (name, path) => {
      if (name === "publish" && path.includes(".first-")) {
        marks++;
        mark = path;
      } else if (name === "list" && mark !== "" && marks <= times) {
        const left = mark;
        mark = "";
        folder.storage.remove(left);
      }
    };
    const { firstId: found, bytes } = trimPartition(scene.log, { beforeId: 3 });
    folder.before = () => {};
    assertEquals([found, bytes > 0, marks, scene.segments[0]], [firstId, firstId > 0, 10, firstId]);
  }
});

test("what is removed leaves the time of its newest event, so that no later event is older", () => {
  const scene = new Scene(3, 2, 4);
  const newest = scene.log.timeOf(4);
  trimPartition(scene.log, { beforeId: 5 });
  assertGreaterOrEqual(scene.log.listing().removedTime, newest!);
});

test("nothing is below the first event, and what a trim by bytes would remove is what it removes", () => {
  for (const request of [{ beforeId: 0 }, { acknowledgedId: 0 }]) {
    assertEquals(trimPartition(new Scene(1, 2).log, request).firstId, 0);
  }
  const scene = new Scene(3, 2, 4);
  for (const maxBytes of [scene.bytesOf(0, 3, 5), scene.bytesOf(3, 5)]) {
    const planned = trimPartition(scene.log, { maxBytes, dryRun: true });
    assertEquals(trimPartition(scene.log, { maxBytes }), planned);
  }
});
