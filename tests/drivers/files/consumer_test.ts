// What a consumer of the files driver remembers about delivered events, and when it wakes.
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventGoneError, StorageError } from "../../../mod.ts";
import type { ConsumerRequest } from "../../../src/contract.ts";
import { type ConsumerPositions, FilesConsumer } from "../../../src/drivers/files/consumer.ts";
import { partitionName, PositionFiles } from "../../../src/drivers/files/layout.ts";
import { assign, type AssignedPartition, passGone } from "../../../src/drivers/files/assigned_partition.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import { CursorFile } from "../../../src/log/positions/cursor.ts";
import { CursorFiles } from "../../../src/log/positions/cursor_files.ts";
import { Partition } from "../../../src/log/partition.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { removeBefore, sealLast } from "../../../src/log/mod.ts";
import { test } from "../../harness.ts";
import { turn } from "../../waiting.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

interface Scene {
  /** Stores a batch of that many events; times are 1000 apart. */
  push(count: number, partition?: number): void;
  roll(partition?: number): void;
  consumer(request?: Partial<ConsumerRequest>): Promise<FilesConsumer>;
  unopened(request: Partial<ConsumerRequest>, enterAlone?: () => Promise<void>): FilesConsumer;
  /** The stored position and the time of the event before it. */
  stored(partition?: number): [nextId: number, time: number] | undefined;
  generation(): number | undefined;
  /** Another consumer retires all files with positions, just before they are listed again. */
  retireWithNextListing(): void;
  /** Makes every new file fail from now on. */
  failPublishing(): void;
  /** Makes that many reads of a log fail. */
  failReading(times: number): void;
  logs: Partition[];
}

async function withLogs(count: number, body: (scene: Scene) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-files-consumer-"));
  let now = 1_000_000;
  let publishingFails = false;
  let failingReads = 0;
  let beforeListing = (): void => {};
  const storage: Storage = {
    ...nodeStorage,
    now: () => now,
    open: (path, mode) => {
      const file = nodeStorage.open(path, mode);
      const readAt = file.readAt.bind(file);
      file.readAt = (into, offset) => {
        if (path.endsWith(".log") && failingReads-- > 0) {
          throw new StorageError("EIO", "Cannot read: simulated");
        }
        return readAt(into, offset);
      };
      return file;
    },
    publish: (...parameters) => {
      if (publishingFails) throw new StorageError("EIO", "Cannot publish: simulated");
      return nodeStorage.publish(...parameters);
    },
  };
  const logs = Array.from({ length: count }, (_, partition) => {
    const directory = `${folder}/${partition}`;
    nodeStorage.makeDirectory(directory);
    return new Partition({ storage, directory, topic: "topic", partition });
  });
  const writers = logs.map((log) =>
    new PartitionWriter(log, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 })
  );
  const consumers: FilesConsumer[] = [];
  const cursorOf = (partition: number): CursorFile =>
    new CursorFile(storage, `${folder}/${partitionName(partition)}.pos`);
  const unopened: Scene["unopened"] = (request, enterAlone = () => Promise.resolve()) => {
    const whole: ConsumerRequest = { from: "earliest", onCorruption: "throw", dataWanted: false, ...request };
    const positions: ConsumerPositions = {
      cursor: cursorOf,
      listed: () => {
        beforeListing();
        return new PositionFiles(readdirSync(folder));
      },
      syncNames: () => Promise.resolve(),
      seek: (targets) => targets.forEach((target) => cursorOf(target.partition).seek(target)),
    };
    const consumer = new FilesConsumer(logs, whole, positions, { enterAlone, leaveAlone: () => {} });
    consumers.push(consumer);
    return consumer;
  };
  try {
    await body({
      logs,
      unopened,
      push: (count, partition = 0) => {
        now += 1000;
        const metadata = Array.from({ length: count }, (_, index) => String(index));
        writers[partition].append({ count, metadata, dataBytes: 0 });
      },
      failPublishing: () => void (publishingFails = true),
      roll: (partition = 0) => sealLast(logs[partition]),
      failReading: (times) => void (failingReads = times),
      consumer: async (request = {}) => {
        const consumer = unopened(request);
        await consumer.open();
        return consumer;
      },
      stored: (partition = 0) => {
        const position = cursorOf(partition).read();
        return position === undefined ? undefined : [position.nextId, position.time];
      },
      generation: () => cursorOf(0).read()?.generation,
      retireWithNextListing: () =>
        beforeListing = () => {
          beforeListing = () => {};
          const files = new CursorFiles(storage, `${folder}/${partitionName(0)}.pos`);
          for (const content of files.readAll()) files.retire(content, 99);
        },
    });
  } finally {
    for (const consumer of consumers) await consumer.close();
    for (const writer of writers) await writer.close();
    for (const log of logs) log.close();
    rmSync(folder, { recursive: true });
  }
}

test("an acknowledgement is stored with the time of the frame that holds the last event it covers", () =>
  withLogs(1, async ({ push, consumer, stored }) => {
    for (let frame = 0; frame < 4; frame++) push(3);
    const reading = await consumer();
    assertStrictEquals(stored(), undefined);
    for (let frame = 0; frame < 4; frame++) assertEquals(reading.read(0, 3)!.baseId, 3 * frame);
    // Within the first frame, at its end, across the next one, and the last event of all.
    for (
      const [nextId, time] of [[2, 1_001_000], [3, 1_001_000], [4, 1_002_000], [9, 1_003_000], [
        12,
        1_004_000,
      ]]
    ) {
      await reading.acknowledge(0, nextId);
      assertEquals(stored(), [nextId, time]);
    }
  }));

test("an acknowledgement of an event that this consumer did not deliver is stored as the log has it", () =>
  withLogs(1, async ({ push, consumer, stored }) => {
    push(3);
    push(3);
    const reading = await consumer();
    await reading.acknowledge(0, 2);
    assertEquals(stored(), [2, 1_001_000]);
    await reading.seek([0], { id: 3 }, false);
    reading.read(0, 3);
    // Below what was delivered.
    await reading.acknowledge(0, 3);
    assertEquals(stored(), [3, 1_001_000]);
    await reading.acknowledge(0, 5);
    assertEquals(stored(), [5, 1_002_000]);
  }));

test("a frame delivered in two parts is remembered for both", () =>
  withLogs(1, async ({ push, consumer, stored }) => {
    push(4);
    push(1);
    const reading = await consumer();
    assertEquals([reading.read(0, 3)!.count, reading.read(0, 3)!.count, reading.read(0, 3)!.count], [
      3,
      1,
      1,
    ]);
    await reading.acknowledge(0, 3);
    assertEquals(stored(), [3, 1_001_000]);
    await reading.acknowledge(0, 4);
    assertEquals(stored(), [4, 1_001_000]);
    await reading.acknowledge(0, 5);
    assertEquals(stored(), [5, 1_002_000]);
  }));

test("of more than 4096 frames the latest are remembered, and positions in others are read from the log", () =>
  withLogs(1, async ({ push, consumer, stored, logs }) => {
    const frames = 5000;
    for (let frame = 0; frame < frames; frame++) push(1);
    const reading = await consumer();
    for (let frame = 0; frame < frames; frame++) reading.read(0, 1);
    let lookups = 0;
    const positionOfId = logs[0]!.positionOfId.bind(logs[0]);
    logs[0]!.positionOfId = (id) => {
      lookups++;
      return positionOfId(id);
    };
    for (
      const [nextId, isLookedUp] of [[1, true], [2048, true], [2049, false], [4096, false], [
        5000,
        false,
      ]] as const
    ) {
      const before = lookups;
      await reading.acknowledge(0, nextId);
      assertEquals([stored(), lookups > before], [[nextId, 1_000_000 + nextId * 1000], isLookedUp]);
    }
  }));

test("each partition has its own position, and only requested ones are read", () =>
  withLogs(3, async ({ push, consumer, stored }) => {
    push(1, 0);
    push(2, 1);
    push(3, 2);
    const all = await consumer();
    assertEquals(all.assigned, [0, 1, 2]);
    const some = await consumer({ partitions: [2, 0] });
    assertEquals(some.assigned, [2, 0]);
    assertEquals([some.read(2, 9)!.count, some.read(0, 9)!.count], [3, 1]);
    await some.acknowledge(2, 3);
    assertEquals([stored(0), stored(1), stored(2)], [undefined, undefined, [3, 1_003_000]]);
    assertEquals([some.position(0), some.position(2), all.position(2)], [1, 3, 0]);
  }));

test("seeking moves the reader, and the stored position only on request", () =>
  withLogs(1, async ({ push, consumer, stored }) => {
    for (let frame = 0; frame < 3; frame++) push(2);
    const reading = await consumer();
    reading.read(0, 10);
    await reading.acknowledge(0, 2);
    await reading.seek([0], "latest", false);
    assertEquals([reading.position(0), stored()![0]], [6, 2]);
    await reading.seek([0], { id: 1 }, true);
    assertEquals([reading.position(0), stored()![0]], [1, 1]);
    assertEquals(reading.read(0, 10)!.baseId, 1);
    // What was delivered before the seek is forgotten.
    await reading.seek([0], "earliest", false);
    await reading.acknowledge(0, 2);
    assertEquals(stored(), [2, 1_001_000]);
  }));

test("a seek whose position cannot be stored moves nothing: what was not read yet is still read", () =>
  withLogs(1, async ({ push, consumer, failPublishing, stored }) => {
    push(3);
    push(3);
    const reading = await consumer();
    assertEquals(reading.read(0, 2)!.baseId, 0);
    failPublishing();
    const seek = async () => await reading.seek([0], "latest", true);
    await assertRejects(seek, StorageError, "Cannot publish: simulated");
    assertStrictEquals(stored(), undefined);
    assertEquals([reading.read(0, 9)!.baseId, reading.read(0, 9)!.baseId], [2, 3]);
  }));

test("a consumer starts after its acknowledged position, or else at the option from", () =>
  withLogs(1, async ({ push, consumer }) => {
    for (let frame = 0; frame < 3; frame++) push(2);
    const late = await consumer({ from: "latest" });
    assertEquals([late.position(0), late.read(0, 1)], [6, undefined]);
    const early = await consumer({ from: { id: 1 } });
    assertEquals(early.position(0), 1);
    early.read(0, 10);
    await early.acknowledge(0, 2);
    assertEquals((await consumer({ from: "latest" })).position(0), 2);
  }));

test("a consumer that is opened again after a failure starts where the first attempt found the end", () =>
  withLogs(1, async ({ push, unopened }) => {
    push(3);
    let fails = true;
    const consumer = unopened({ from: "latest" }, () => {
      return fails ? Promise.reject(new Error("in use")) : Promise.resolve();
    });
    await assertRejects(() => consumer.open(), Error, "in use");
    push(2);
    fails = false;
    await consumer.open();
    assertEquals([consumer.position(0), consumer.read(0, 9)?.baseId], [3, 3]);
  }));

test("a read that fails is an error, and the next one goes on where it was", () =>
  withLogs(1, async ({ push, roll, consumer, failReading }) => {
    push(2);
    roll();
    push(3);
    const reading = await consumer();
    assertEquals(reading.read(0, 9)!.baseId, 0);
    for (let time = 0; time < 2; time++) {
      failReading(1);
      assertThrows(() => reading.read(0, 9), StorageError, "simulated");
    }
    assertEquals(reading.read(0, 9)!.baseId, 2);
  }));

test("acknowledgements that come before the first of them is stored follow each other, whatever others do to its file", () =>
  withLogs(1, async ({ push, consumer, stored, retireWithNextListing }) => {
    push(4);
    const reading = await consumer();
    reading.read(0, 9);
    retireWithNextListing();
    const [first, ...others] = [1, 2, 3].map((nextId) => reading.acknowledge(0, nextId));
    await first;
    await Promise.all([...others, reading.acknowledge(0, 4)]);
    assertEquals(stored()?.[0], 4);
    // One that has nothing new to store needs no file.
    const behind = await consumer({ from: "earliest" });
    await behind.acknowledge(0, 2);
    assertEquals(stored()?.[0], 4);
  }));

test("what is gone is passed over, unless it is the first event again", () =>
  withLogs(1, ({ push, roll, logs }) => {
    push(3);
    roll();
    push(3);
    removeBefore(logs[0], 3, 0);
    const reader = new PartitionReader(logs[0], { dataWanted: false, onCorruption: "throw" });
    const passed = passGone({ reader } as AssignedPartition, new EventGoneError(0, 2, 3));
    assertEquals([passed?.firstId, reader.position], [3, 3]);
    for (const id of [3, 4]) {
      assertEquals(passGone({ reader } as AssignedPartition, new EventGoneError(0, id, 9)), undefined);
      assertEquals(reader.position, id);
    }
    return Promise.resolve();
  }));

test("a consumer that goes on where its position is begins no generation", () =>
  withLogs(1, async ({ push, consumer, generation }) => {
    push(4);
    for (const nextId of [2, 3]) {
      const reading = await consumer();
      reading.read(0, 9);
      await reading.acknowledge(0, nextId);
      assertEquals(generation(), 1);
      await reading.close();
    }
  }));

test("a seek that fails leaves a removed position to be reported by the next read", () =>
  withLogs(1, async ({ push, roll, consumer, logs, failPublishing }) => {
    push(3);
    roll();
    push(3);
    removeBefore(logs[0], 3, 0);
    const behind = await consumer({ from: { id: 1 } });
    failPublishing();
    await assertRejects(async () => await behind.seek([0], { id: 4 }, true), StorageError);
    assertThrows(() => behind.read(0, 9), EventGoneError);
  }));

test("a removed position is reported once, and reading continues at the first event left", () =>
  withLogs(1, async ({ push, roll, consumer, logs }) => {
    push(3);
    roll();
    push(3);
    const before = await consumer();
    removeBefore(logs[0], 3, 0);
    const signal = new AbortController();
    const behind = await consumer({ from: { id: 1 } });
    // There is something new: events have been removed.
    await behind.waitForEvents(signal.signal);
    // An iteration with an end reads on to learn of it.
    assertEquals([behind.position(0), behind.position(1)], [1, 0]);
    const error = assertThrows(() => behind.read(0, 9), EventGoneError);
    assertEquals(error.firstId, 3);
    assertEquals(behind.read(0, 9)!.baseId, 3);
    assertThrows(() => before.read(0, 9), EventGoneError);
    assertEquals([before.position(0), before.read(0, 9)!.baseId], [3, 3]);
    // A seek forgets what was not reported yet.
    await behind.seek([0], { id: 1 }, false);
    await behind.seek([0], "earliest", false);
    assertEquals(behind.read(0, 9)!.baseId, 3);
  }));

test("a wait ends with an event, with its signal and with the consumer, and not before", () =>
  withLogs(2, async ({ push, consumer }) => {
    const reading = await consumer();
    const ended: string[] = [];
    const wait = (name: string, signal: AbortSignal): Promise<void> =>
      reading.waitForEvents(signal).then(() => void ended.push(name));
    const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
    const [one, other] = [new AbortController(), new AbortController()];
    const waits = [wait("one", one.signal), wait("other", other.signal)];
    await moment();
    assertEquals(ended, []);
    one.abort();
    await waits[0];
    await moment();
    assertEquals(ended, ["one"]);
    push(1, 1);
    await waits[1];
    assertEquals(ended, ["one", "other"]);
    // If events are available, or the signal is aborted, it does not wait.
    const there = wait("there", new AbortController().signal);
    await turn();
    assertEquals(ended.splice(2), ["there"]);
    await there;
    reading.read(1, 1);
    await reading.waitForEvents(one.signal);
    const last = wait("last", other.signal);
    await moment();
    assertEquals(ended, ["one", "other"]);
    await reading.close();
    await last;
    await reading.waitForEvents(other.signal);
    assert(!other.signal.aborted);
  }));

test("a wait removes its listener from the signal, and the folder watch is kept for a while for the next wait", () =>
  withLogs(1, async ({ push, consumer, logs }) => {
    const reading = await consumer();
    const on: string[] = [];
    const { signal } = new AbortController();
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...parameters: Parameters<typeof add>) => {
      on.push(parameters[0]);
      add(...parameters);
    };
    signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
      const index = on.indexOf(parameters[0]);
      if (index >= 0) on.splice(index, 1);
      remove(...parameters);
    };
    let listening = 0;
    const { appendSignal } = logs[0];
    const listen = appendSignal.listen.bind(appendSignal);
    appendSignal.listen = (wake) => {
      listening++;
      const stop = listen(wake);
      return () => {
        listening--;
        stop();
      };
    };
    const waits = [reading.waitForEvents(signal), reading.waitForEvents(signal)];
    assertEquals([on, listening], [["abort", "abort"], 1]);
    push(1);
    await Promise.all(waits);
    assertEquals([on, listening], [[], 1]);
    reading.read(0, 1);
    const next = reading.waitForEvents(signal);
    assertEquals(listening, 1);
    // Longer than the watch is kept: a wait continues all the while.
    await new Promise((resolve) => setTimeout(resolve, 600));
    assertEquals(listening, 1);
    push(1);
    await next;
    await new Promise((resolve) => setTimeout(resolve, 700));
    assertEquals(listening, 0);
    reading.read(0, 1);
    const last = reading.waitForEvents(signal);
    assertEquals(listening, 1);
    await reading.close();
    await last;
    assertEquals([on, listening], [[], 0]);
    await reading.waitForEvents(signal);
    assertEquals([on, listening], [[], 0]);
  }));

/** A consumer whose partitions change while it is open, as those of a group's members do. */
class MovedConsumer extends FilesConsumer {
  moveTo1(): void {
    this.assignments.delete(0);
    this.assignments.set(1, assign(this.partitions[1]!, this.request, this.positions.cursor(1)));
    this.relisten();
  }
}

test("a wait goes on in the partitions that there are after a change, and no more in those before", async () => {
  const folder = new SimulatedFolder();
  const storage = Object.assign(Object.create(folder.storage), { watch: () => undefined });
  const listening = [0, 0];
  const logs = listening.map((_, partition) => {
    const directory = `${ROOT}/${partition}`;
    storage.makeDirectory(directory);
    const log = new Partition({ storage, directory, topic: "topic", partition });
    const listen = log.appendSignal.listen.bind(log.appendSignal);
    log.appendSignal.listen = (wake) => {
      listening[partition]!++;
      const stop = listen(wake);
      return () => {
        listening[partition]!--;
        stop();
      };
    };
    return log;
  });
  const positions: ConsumerPositions = {
    cursor: (partition) => new CursorFile(storage, `${ROOT}/${partition}.pos`),
    listed: () => new PositionFiles([]),
    syncNames: () => Promise.resolve(),
    seek: () => {},
  };
  const alone = { enterAlone: () => Promise.resolve(), leaveAlone: () => {} };
  const request: ConsumerRequest = {
    from: "earliest",
    onCorruption: "throw",
    dataWanted: false,
    partitions: [0],
  };
  const moved = new MovedConsumer(logs, request, positions, alone);
  await moved.open();
  // Without a wait nothing listens.
  moved.moveTo1();
  assertEquals(listening, [0, 0]);
  const consumer = new MovedConsumer(logs, request, positions, alone);
  await consumer.open();
  const wait = consumer.waitForEvents(new AbortController().signal);
  assertEquals(listening, [1, 0]);
  consumer.moveTo1();
  assertEquals(listening, [0, 1]);
  const writer = new PartitionWriter(logs[1]!, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
  writer.append({ count: 1, metadata: ["1"], dataBytes: 0 });
  await wait;
  await writer.close();
  for (const each of [moved, consumer]) await each.close();
  assertEquals(listening, [0, 0]);
  for (const log of logs) log.close();
});

test("a wait ends when its partition cannot be looked at, and the next read says why", async () => {
  const folder = new SimulatedFolder();
  const { storage } = folder;
  storage.makeDirectory(`${ROOT}/0`);
  const log = new Partition({ storage, directory: `${ROOT}/0`, topic: "topic", partition: 0 });
  const request: ConsumerRequest = { from: "earliest", onCorruption: "throw", dataWanted: false };
  const positions: ConsumerPositions = {
    cursor: () => new CursorFile(storage, `${ROOT}/position`),
    listed: () => new PositionFiles([]),
    syncNames: () => Promise.resolve(),
    seek: () => {},
  };
  const alone = { enterAlone: () => Promise.resolve(), leaveAlone: () => {} };
  const reading = new FilesConsumer([log], request, positions, alone);
  await reading.open();
  folder.before = (name) => {
    if (name === "list" || name === "open") throw new StorageError("EIO", `Cannot ${name}: simulated`);
  };
  await reading.waitForEvents(new AbortController().signal);
  assertThrows(() => reading.read(0, 1), StorageError, "simulated");
  await reading.close();
  log.close();
});
