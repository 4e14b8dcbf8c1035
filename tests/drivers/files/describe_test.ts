// What is said of a partition, and of how far its consumers are.
import { assertEquals } from "@std/assert";
import { describePartition, lagOf } from "../../../src/drivers/files/describe.ts";
import { trimPartition } from "../../../src/drivers/files/trim.ts";
import { sealLast } from "../../../src/log/mod.ts";
import { Partition } from "../../../src/log/partition.ts";
import { CursorFile } from "../../../src/log/positions/cursor.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { test } from "../../harness.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

/** A partition on a disk whose clock the test sets. */
class Scene {
  readonly #folder = new SimulatedFolder();
  now = 1_000_000;
  readonly #storage = new Proxy(this.#folder.storage, {
    get: (disk, name) => name === "now" ? () => this.now : disk[name as keyof typeof disk],
  });
  readonly log = new Partition({ storage: this.#storage, directory: ROOT, topic: "t", partition: 3 });

  acknowledge(nextId: number): void {
    const cursor = this.#cursor();
    cursor.acknowledge({ nextId, time: this.now });
    cursor.close();
  }

  #cursor(): CursorFile {
    return new CursorFile(this.#storage, `${ROOT}/c.pos`);
  }

  /** Pushes events, one in a frame, a second apart. */
  push(count: number): void {
    const writer = new PartitionWriter(this.log, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
    for (let n = 0; n < count; n++, this.now += 1000) {
      writer.append({ count: 1, metadata: ["1"], dataBytes: 0 });
    }
  }

  get lag() {
    const listed = this.#folder.storage.list(ROOT).filter((name) => name.startsWith("c."));
    return lagOf(this.log, this.#cursor(), listed);
  }
}

test("a partition without events is described as empty, and one whose events were removed by where it ends", () => {
  const scene = new Scene();
  const nothing = { partition: 3, firstId: 0, nextId: 0, bytes: 0, segments: 0 };
  assertEquals(describePartition(scene.log), nothing);
  scene.push(3);
  const { bytes, ...described } = describePartition(scene.log);
  assertEquals(described, {
    ...{ partition: 3, firstId: 0, nextId: 3, segments: 1 },
    ...{ oldestTime: 1_000_000, newestTime: 1_002_000 },
  });
  assertEquals(bytes > 0, true);
  sealLast(scene.log);
  assertEquals(describePartition(scene.log).newestTime, 1_002_000);
  trimPartition(scene.log, { beforeId: 3 });
  const { firstId, nextId, segments, newestTime } = describePartition(scene.log);
  assertEquals([firstId, nextId, segments, newestTime], [3, 3, 1, undefined]);
});

test("a consumer's lag counts the events, bytes and seconds from its position to the end", () => {
  const scene = new Scene();
  const none = { partition: 3, position: 0, acknowledged: false, events: 0, bytes: 0, seconds: 0 };
  assertEquals(scene.lag, none);
  scene.push(4);
  const { bytes } = scene.lag;
  assertEquals(scene.lag, { ...none, events: 4, bytes, seconds: 4 });
  scene.acknowledge(3);
  assertEquals(scene.lag, {
    ...none,
    position: 3,
    acknowledged: true,
    events: 1,
    bytes: bytes / 4,
    seconds: 1,
  });
  // A clock that is set back makes nothing negative.
  scene.now -= 10_000;
  assertEquals(scene.lag.seconds, 0);
  scene.now += 10_000;
  scene.acknowledge(4);
  assertEquals(scene.lag, { ...none, position: 4, acknowledged: true });
  sealLast(scene.log);
  scene.push(2);
  trimPartition(scene.log, { beforeId: 4 });
  assertEquals(scene.lag, {
    ...none,
    position: 4,
    acknowledged: true,
    events: 2,
    bytes: bytes / 2,
    seconds: 2,
  });
});
