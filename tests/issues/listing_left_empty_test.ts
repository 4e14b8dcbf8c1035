// Deno reports no error if a directory cannot be read: what it lists is a part of the names, or none. A partition that
// could not be listed looked empty: `describe` said so, a producer looked for its end for ever, and a consumer began
// where its name had nothing stored. Names that are known to exist tell such a listing from that of an empty folder.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Driver, StorageError } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { RosterFiles } from "../../src/groups/mod.ts";
import { Partition } from "../../src/log/mod.ts";
import type { Storage } from "../../src/storage/port.ts";
import { ROOT, SimulatedFolder } from "../drivers/files/simulated_folder.ts";
import { test } from "../harness.ts";

const LISTINGS_MAX = 1000;

/** A storage whose listings of some folders are empty, or lack names. */
function leavingOut(storage: Storage, leavesOut: (path: string, name: string) => boolean): Storage {
  let listings = 0;
  return new Proxy(storage, {
    get: (target, call: keyof Storage) =>
      call !== "list" ? target[call] : (path: string) => {
        if (++listings > LISTINGS_MAX) throw new Error("it lists for ever");
        return target.list(path).filter((name) => !leavesOut(path, name));
      },
  });
}

/** A topic with some events, and a consumer that has acknowledged the first of them. */
async function withTopic(
  use: (open: (storage?: Storage) => Driver, storage: Storage) => Promise<void>,
): Promise<void> {
  const { storage } = new SimulatedFolder();
  const open = (from = storage) => Driver.from(new FilesDriver({ root_path: ROOT }, from));
  await using driver = open();
  await driver.createTopic("topic");
  await using topic = await driver.openTopic("topic");
  await using producer = topic.producer("app");
  for (let n = 0; n < 3; n++) await producer.push({ n });
  await using consumer = topic.consumer("reader");
  await (await consumer.pull()).acknowledge();
  await use(open, storage);
}

for (const folder of ["topic", "topic/partitions/00000000", "topic/consumers/reader"]) {
  test(`a listing of ${folder} that is empty by mistake is an error, not an empty folder`, () =>
    withTopic(async (open, storage) => {
      await using driver = open(leavingOut(storage, (path) => path === `${ROOT}/${folder}`));
      await assertRejects(
        async () => {
          await using topic = await driver.openTopic("topic");
          await using consumer = topic.consumer("reader", { from: "latest" });
          await consumer.ready();
        },
        StorageError,
        `Cannot list "${ROOT}/${folder}"`,
      );
    }));
}

test("a push into a partition that cannot be listed is refused", () =>
  withTopic(async (open, storage) => {
    await using driver = open(leavingOut(storage, (path) => path.endsWith("/00000000")));
    await using topic = await driver.openTopic("topic");
    await using producer = topic.producer("app");
    await assertRejects(() => producer.push({}), StorageError, "Cannot list");
    await assertRejects(() => topic.describe(), StorageError, "Cannot list");
  }));

test("a listing that lacks a segment which was there is repeated, and then an error", () => {
  const { storage } = new SimulatedFolder();
  let left = 0;
  const partition = new Partition({
    storage: leavingOut(storage, (_, name) => name.endsWith(".log") && left-- > 0),
    directory: ROOT,
    topic: "topic",
    partition: 0,
  });
  partition.createSegment(0);
  left = 4;
  assertEquals(partition.segmentIds(), [0]);
  left = 5;
  const { canRetry, message } = assertThrows(() => partition.segmentIds(), StorageError, "leaves out");
  // On a network file system, what another machine made may be missing in a listing for seconds.
  assertEquals([canRetry, message.includes("try again")], [true, true]);
  partition.close();
});

test("a group whose folder cannot be listed is not taken for a new one", () => {
  const { storage } = new SimulatedFolder();
  storage.makeDirectory(`${ROOT}/members`);
  new RosterFiles(storage, ROOT, 1).publish(undefined, { members: [], shares: [] });
  const rosters = new RosterFiles(leavingOut(storage, () => true), ROOT, 1);
  assertThrows(() => rosters.readLast(), StorageError, "Cannot list");
});
