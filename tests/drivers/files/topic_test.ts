// An open topic of files: which partitions a call is for, what it says of a store that is not whole, and its changes.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  InvalidOptionError,
  NoSuchPartitionError,
  StorageError,
  TopicDeletedError,
  UnsupportedFormatError,
} from "../../../mod.ts";
import type { TopicDefinition, TopicInterface } from "../../../src/contract.ts";
import { diagnostics } from "../../../src/diagnostics.ts";
import { FilesDriver } from "../../../src/drivers/files/driver.ts";
import { test } from "../../harness.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

function definition(options: Record<string, number>): TopicDefinition {
  const component = { type: "default" };
  return { options, validator: component, partitionSelector: component, serializer: component };
}

/** An open topic with five events in each of two partitions. */
async function opened(options: Record<string, number> = {}) {
  const folder = new SimulatedFolder();
  const driver = new FilesDriver({ root_path: ROOT }, folder.storage);
  await driver.createTopic("t", definition({ num_partitions: 2, ...options }));
  const topic = await driver.openTopic("t");
  for (const partition of [0, 1]) await push(topic, partition, 5);
  return { folder, driver, topic };
}

async function push(topic: TopicInterface, partition: number, count: number, text = "1"): Promise<void> {
  const producer = topic.producer("p");
  for (let n = 0; n < count; n++) {
    await producer.append(partition, { count: 1, metadata: [JSON.stringify(text)], dataBytes: 0 });
  }
  await producer.close();
}

test("a call is for the partitions that it names, in their order, or for all, and for no others", async () => {
  const { topic } = await opened();
  assertEquals(topic.partitions, [{ partition_id: 0 }, { partition_id: 1 }]);
  const described = async (partitions?: number[]): Promise<number[]> =>
    (await topic.describe(partitions)).map(({ partition }) => partition);
  assertEquals([await described(), await described([1]), await described([1, 0])], [[0, 1], [1], [1, 0]]);
  for (const partition of [-1, 2, 0.5, NaN]) {
    const calls = [
      () => topic.describe([0, partition]),
      () => topic.trim({ partitions: [partition], beforeId: 1 }),
      () => topic.seekConsumer("c", "latest", [partition]),
    ];
    for (const call of calls) await assertRejects(call, NoSuchPartitionError, String(partition));
  }
  // Nothing is trimmed if one of several partitions is not there.
  await assertRejects(() => topic.trim({ partitions: [0, 2], beforeId: 5 }), NoSuchPartitionError);
  assertEquals((await topic.describe())[0]!.firstId, 0);
  assertEquals(await topic.consumers(), []);
  await topic.seekConsumer("c", "latest", []);
  assertEquals(await topic.consumers(), []);
  await topic.close();
});

test("a seek of a name from outside moves the partitions that it names", async () => {
  const { topic } = await opened();
  const positions = async (): Promise<number[]> => (await topic.lag("c")).map(({ position }) => position);
  await topic.seekConsumer("c", "latest");
  assertEquals(await positions(), [5, 5]);
  await topic.seekConsumer("c", { id: 2 }, [1]);
  assertEquals([await positions(), await topic.consumers()], [[5, 2], ["c"]]);
  assertEquals((await topic.lag("c")).map(({ events, acknowledged }) => [events, acknowledged]), [[0, true], [
    3,
    true,
  ]]);
  assertEquals((await topic.lag("other")).map(({ events, acknowledged }) => [events, acknowledged]), [
    [5, false],
    [5, false],
  ]);
  await topic.deleteConsumer("c");
  assertEquals([await positions(), await topic.consumers()], [[0, 0], []]);
  await topic.close();
});

test("a trim of what was acknowledged removes that, and nothing without consumers", async () => {
  const { topic } = await opened();
  const trimmed = async (acknowledged: boolean): Promise<number[]> =>
    (await topic.trim({ acknowledged })).map(({ firstId }) => firstId);
  assertEquals(await trimmed(true), [0, 0]);
  await topic.seekConsumer("c", "latest", [0]);
  assertEquals(await trimmed(false), [0, 0]);
  assertEquals(await trimmed(true), [5, 0]);
  await topic.close();
});

test("a change of options is seen by the topic at once and by others when they open it, and refused once it is gone", async () => {
  const { folder, driver, topic } = await opened();
  await topic.edit({ retention_seconds: 60 });
  const expected = { num_partitions: 2, retention_seconds: 60 };
  assertEquals(topic.definition.options, { ...topic.definition.options, ...expected });
  const other = await driver.openTopic("t");
  assertEquals(other.definition.options, topic.definition.options);
  await other.close();
  const done = folder.changesDuring(() => void topic.edit({ retention_seconds: null }));
  assert(done.includes("syncDirectory t"), done.join());
  assertEquals("retention_seconds" in topic.definition.options, false);
  // Without its document a topic cannot be opened any more.
  const { options } = topic.definition;
  folder.storage.remove(`${ROOT}/t/topic.json`);
  await assertRejects(() => topic.edit({ retention_seconds: 1 }), TopicDeletedError);
  assertEquals(topic.definition.options, options);
  await driver.deleteTopic("t");
  await assertRejects(() => topic.edit({ retention_seconds: 1 }), TopicDeletedError);
  await topic.close();
});

test("a topic says which of its partitions is missing, and that its document has none", async () => {
  const { folder, driver, topic } = await opened();
  await topic.close();
  const { storage } = folder;
  storage.removeTree(`${ROOT}/t/partitions/00000001`);
  await assertRejects(
    () => driver.openTopic("t"),
    StorageError,
    `"${ROOT}/t/partitions/00000001" is missing`,
  );
  for (const num_partitions of [0, -1, 0.5, "two"]) {
    const text = JSON.stringify({ format_version: 1, num_partitions });
    storage.replace(`${ROOT}/t/topic.json`, new TextEncoder().encode(text));
    const error = await driver.openTopic("t").catch((error) => error);
    assert(error instanceof StorageError && error.errno === "EILSEQ", String(error));
  }
});

test("a new segment is published to those who listen, and retention removes the oldest ones then", async () => {
  const { topic } = await opened({ segment_bytes: 4096, retention_bytes: 5000 });
  const rolls: unknown[] = [];
  const listener = (message: unknown) => void rolls.push(message);
  const stop = diagnostics.roll.subscribe(listener);
  try {
    await push(topic, 1, 8, "x".repeat(1000));
  } finally {
    stop();
  }
  assert(rolls.length > 0);
  assertEquals(rolls[0], { topic: "t", partition: 1 });
  const count = rolls.length;
  await push(topic, 1, 8, "x".repeat(1000));
  assertEquals(rolls.length, count);
  const [first, second] = await topic.describe();
  assertEquals([first!.firstId, second!.firstId > 0], [0, true]);
  await topic.close();
});

test("a partition without a folder of its own is no one's", async () => {
  const { topic } = await opened();
  const producer = topic.producer("p");
  for (const partition of [-1, 2]) {
    assertThrows(() => producer.append(partition, { count: 1, metadata: ["1"], dataBytes: 0 }));
  }
  await producer.close();
  await topic.close();
});

test("options of a later version are not edited, and what is missing in a topic that is there is an error", async () => {
  const { folder, driver, topic } = await opened();
  const { storage } = folder;
  const path = `${ROOT}/t/topic.json`;
  const before = storage.readWhole(path)!;
  storage.replace(path, new TextEncoder().encode('{"format_version": 2}'));
  await assertRejects(() => topic.edit({ retention_bytes: 1 }), UnsupportedFormatError, "topic.json");
  await assertRejects(() => driver.openTopic("t"), UnsupportedFormatError, path);
  storage.replace(path, before);
  folder.before = (name, at) => {
    if (name === "publish" && at.startsWith(path)) throw new StorageError("ENOENT", "Cannot: simulated");
  };
  await assertRejects(() => topic.edit({ retention_bytes: 1 }), StorageError, "simulated");
  folder.before = () => {};
  await topic.edit({ retention_bytes: 1 });
  await topic.close();
});

test("an error about an option that is stored names the file, and a change of the option is the remedy", async () => {
  const { folder, driver, topic } = await opened();
  await topic.close();
  const text = JSON.stringify({ format_version: 1, num_partitions: 2, segment_bytes: "4096" });
  folder.storage.replace(`${ROOT}/t/topic.json`, new TextEncoder().encode(text));
  const again = await driver.openTopic("t");
  const error = assertThrows(() => again.producer("app"), InvalidOptionError);
  assertEquals(
    error.message,
    `Cannot use "4096" as topic option "segment_bytes": expected a whole number from 4096 to 2147483648; ` +
      `"${ROOT}/t/topic.json" says so: change the option of the topic, or restore the file from a backup`,
  );
  await again.edit({ segment_bytes: 8192 });
  await again.producer("app").close();
  await again.close();
});

test("a component's document without a type is an error that names the file", async () => {
  for (const [type, found] of [[null, "null"], [1, "1"], [undefined, "missing"]]) {
    const { folder, driver, topic } = await opened();
    await topic.close();
    folder.storage.replace(`${ROOT}/t/validator.json`, new TextEncoder().encode(JSON.stringify({ type })));
    const error = await assertRejects(() => driver.openTopic("t"), StorageError);
    assertEquals(
      error.message,
      `Cannot read "${ROOT}/t/validator.json": its "type" is ${found}, expected the name of a component; ` +
        `restore the file from a backup`,
    );
  }
});
