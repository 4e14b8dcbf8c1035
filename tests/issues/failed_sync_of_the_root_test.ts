// The sync of the folder with the topics failed once. Every later push with `flush_behavior: "immediate"`, and every
// flush, of that process failed with the same error, whatever topic it was for and however often it was tried. And
// where the process that had created the topic was killed after such a failure, another one, which does not learn of it,
// confirmed pushes whose topic was gone after a power cut. Now the folder is changed before it is synced, so that the
// system writes it again.
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { resolve } from "node:path";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { StorageError } from "../../src/errors.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedKill } from "../simulation/disk/failure.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";
import { DEFAULT_COMPONENTS } from "../simulation/world.ts";

const ROOT = resolve("/store");

function emptyStore(): SimulatedDisk {
  const disk = new SimulatedDisk(1);
  // A sync of one folder covers no other one.
  disk.names.journal = "none";
  const setup = new SimulatedProcess(disk);
  setup.makeDirectory(ROOT);
  setup.syncDirectory("/");
  return disk;
}

function driverOf(process: SimulatedProcess, flush_behavior: "immediate" | "on_flush"): FilesDriver {
  return new FilesDriver({ root_path: ROOT, flush_behavior }, process);
}

async function createdBy(process: SimulatedProcess): Promise<void> {
  await driverOf(process, "immediate").createTopic("main", { ...DEFAULT_COMPONENTS, options: {} });
}

async function producerIn(process: SimulatedProcess, flushBehavior: "immediate" | "on_flush" = "immediate") {
  return (await driverOf(process, flushBehavior).openTopic("main")).producer("");
}

function event(text: string) {
  return { count: 1, metadata: [`"${text}"`], dataBytes: 0 };
}

/** The number of events after a power cut that takes everything that was not synced. */
async function eventsAfterPowerCut(disk: SimulatedDisk): Promise<number> {
  disk.random.pick = (among) => among.at(-1)!;
  disk.powerCut();
  const topic = await driverOf(new SimulatedProcess(disk), "immediate").openTopic("main");
  const [{ nextId }] = await topic.describe();
  return nextId;
}

/** An immediate push that failed because the sync of the folder with the topics did. */
async function pushedInDoubt() {
  const disk = emptyStore();
  const process = new SimulatedProcess(disk);
  await createdBy(process);
  const producer = await producerIn(process);
  disk.faults = { failedDirectorySync: 1 };
  const error = await assertRejects(async () => await producer.append(0, event("in doubt")), StorageError);
  assertEquals(error.mayBeStored, true);
  disk.faults = {};
  return { disk, process, producer };
}

test("after a failed sync of the folder with the topics the next immediate push is stored", async () => {
  const { disk, producer } = await pushedInDoubt();
  assertEquals(await producer.append(0, event("stored")), 1);
  assertEquals(await eventsAfterPowerCut(disk), 2);
});

test("after a failed sync of the folder with the topics another producer can flush, and the error says so", async () => {
  const disk = emptyStore();
  const process = new SimulatedProcess(disk);
  await createdBy(process);
  const producer = await producerIn(process, "on_flush");
  await producer.append(0, event("in doubt"));
  disk.faults = { failedDirectorySync: 1 };
  await assertRejects(() => producer.flush(), StorageError);
  disk.faults = {};
  const error = await producer.flush().catch((error) => error);
  assertInstanceOf(error, StorageError);
  assert(error.message.includes("open another producer"), error.message);
  const other = await producerIn(process, "on_flush");
  await other.append(0, event("stored"));
  await other.flush();
  assertEquals(await eventsAfterPowerCut(disk), 2);
});

test("a full disk after a failed sync does not make a sync that proves nothing count", async () => {
  const { disk, process, producer } = await pushedInDoubt();
  const { publish } = process;
  process.publish = function (path, ...rest) {
    if (path.startsWith(`${ROOT}/.`)) throw new StorageError("ENOSPC", "simulated");
    return publish.call(this, path, ...rest);
  };
  await assertRejects(async () => await producer.append(0, event("in doubt")), StorageError, "simulated");
  process.publish = publish;
  await producer.append(0, event("stored"));
  assertEquals(await eventsAfterPowerCut(disk), 3);
});

test("an immediate push is stored although the process that created its topic was killed after a failed sync", async () => {
  const disk = emptyStore();
  const creator = new SimulatedProcess(disk);
  creator.syncDirectory = function (path, change) {
    if (path !== ROOT) return SimulatedProcess.prototype.syncDirectory.call(this, path, change);
    disk.names.failSync(disk.names.directory(ROOT));
    creator.kill();
  };
  await assertRejects(() => createdBy(creator), SimulatedKill);
  const producer = await producerIn(new SimulatedProcess(disk));
  await producer.append(0, event("stored"));
  assertEquals(await eventsAfterPowerCut(disk), 1);
});

for (const flushBehavior of ["immediate", "on_flush"] as const) {
  test(`after a failed sync of the partition's folder another producer's event is stored, with ${flushBehavior}`, async () => {
    const disk = emptyStore();
    const process = new SimulatedProcess(disk);
    await createdBy(process);
    const store = async (text: string) => {
      const producer = await producerIn(process, flushBehavior);
      await producer.append(0, event(text));
      await producer.flush();
    };
    const { syncDirectoryLater } = process;
    process.syncDirectoryLater = function (path, change) {
      if (path !== ROOT) disk.faults = { failedDirectorySync: 1 };
      return syncDirectoryLater.call(this, path, change);
    };
    await assertRejects(() => store("in doubt"), StorageError);
    process.syncDirectoryLater = syncDirectoryLater;
    disk.faults = {};
    await store("stored");
    assertEquals(await eventsAfterPowerCut(disk), 2);
  });
}
