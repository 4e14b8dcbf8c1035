// Drafts of topics in files: hidden until they are published, resumed or removed, and what a failing disk leaves.
import { assertEquals, assertRejects } from "@std/assert";
import { InvalidOptionError, StorageError, TopicExistsError } from "../../../mod.ts";
import type { ConsumerRequest, TopicDefinition } from "../../../src/contract.ts";
import { draftTopic } from "../../../src/drivers/files/draft.ts";
import { FilesDriver } from "../../../src/drivers/files/driver.ts";
import { endAndRemove, hasEnded } from "../../../src/drivers/files/end_topic.ts";
import { Partition, sealLast } from "../../../src/log/mod.ts";
import { test } from "../../harness.ts";
import { withOpenFiles } from "./counted_files.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

const REQUEST: ConsumerRequest = { from: "earliest", onCorruption: "throw", dataWanted: false };
const DAY_MS = 24 * 3_600_000;

function definition(options: Record<string, unknown> = {}): TopicDefinition {
  const byDefault = { type: "default" };
  return {
    ...{ options, validator: byDefault, partitionSelector: byDefault, serializer: byDefault },
  } as unknown as TopicDefinition;
}

/** A store, and what the driver does to make drafts in it. */
class Scene {
  readonly folder = new SimulatedFolder();
  readonly #counted = withOpenFiles(this.folder.storage);
  readonly openFiles = this.#counted.openFiles;
  isFree = true;
  isUnique = true;

  open(rootPath = ROOT): FilesDriver {
    return new FilesDriver({ root_path: rootPath }, this.#counted.storage);
  }

  draft(name: string, { options = {}, resume = false, components = {} } = {}) {
    const check = (isFine: boolean) => {
      if (!isFine) throw new TopicExistsError(name, ROOT);
    };
    const place = {
      storage: this.folder.storage,
      rootPath: ROOT,
      open: (rootPath: string) => this.open(rootPath),
      checkIsFree: () => check(this.isFree),
      checkUnique: () => check(this.isUnique),
    };
    return draftTopic(place, name, { ...definition(options), ...components }, resume);
  }

  async push(topic: Awaited<ReturnType<Scene["draft"]>>["topic"], count = 1): Promise<void> {
    const producer = topic.producer("p");
    for (let n = 0; n < count; n++) {
      await producer.append(0, { count: 1, metadata: ["1"], data: undefined, dataBytes: 0 } as never);
    }
    await producer.close();
  }

  async nextIdOf(name: string): Promise<number> {
    const topic = await this.open().openTopic(name);
    const [partition] = await topic.describe();
    await topic.close();
    return partition!.nextId;
  }

  /** The names in the store's folder. */
  get entries(): string[] {
    return this.folder.storage.list(ROOT).sort();
  }
}

test("a draft is not a topic until it is published, and its hidden folder goes then", async () => {
  const scene = new Scene();
  const draft = await scene.draft("t");
  assertEquals([...await scene.open().listTopics()], []);
  assertEquals(scene.entries.map((name) => name.startsWith(".unfinished-t.")), [true]);
  await scene.push(draft.topic, 3);
  await draft.publish();
  assertEquals([scene.entries, await scene.nextIdOf("t")], [["t"], 3]);
});

test("a discarded draft leaves nothing", async () => {
  const scene = new Scene();
  const draft = await scene.draft("t", { resume: true });
  await scene.push(draft.topic);
  assertEquals(scene.entries, [".unfinished-t"]);
  await draft.discard();
  assertEquals(scene.entries, []);
});

test("a draft whose name is taken is not begun, and not published", async () => {
  const scene = new Scene();
  scene.isFree = false;
  await assertRejects(() => scene.draft("t"), TopicExistsError);
  assertEquals(scene.entries, []);
  scene.isFree = true;
  const draft = await scene.draft("t");
  const [hidden] = scene.entries;
  scene.isFree = false;
  await assertRejects(() => draft.publish(), TopicExistsError);
  scene.isFree = true;
  scene.folder.file("t/file");
  await assertRejects(() => draft.publish(), TopicExistsError);
  scene.folder.storage.removeTree(`${ROOT}/t`);
  // Another process has published a name that some file systems do not tell from this one.
  scene.isUnique = false;
  await assertRejects(() => draft.publish(), TopicExistsError);
  assertEquals(scene.entries, [hidden]);
  scene.isUnique = true;
  await draft.publish();
  assertEquals(scene.entries, ["t"]);
});

test("a draft that cannot be moved says why, and one in a store that is not there makes that", async () => {
  const scene = new Scene();
  scene.folder.storage.removeTree(ROOT);
  const draft = await scene.draft("t");
  scene.folder.before = (name, path) => {
    if (name === "rename" && path.includes(".unfinished-")) {
      throw new StorageError("EIO", "Cannot: simulated");
    }
  };
  assertEquals((await assertRejects(() => draft.publish(), StorageError)).errno, "EIO");
  scene.folder.before = () => {};
  await draft.publish();
  assertEquals(scene.entries, ["t"]);
});

test("a draft that ends leaves no file open", async () => {
  for (const how of ["publish", "discard"] as const) {
    const scene = new Scene();
    const draft = await scene.draft("t");
    await scene.push(draft.topic, 3);
    const consumer = draft.topic.consumer("c", REQUEST);
    await consumer.open();
    assertEquals((await consumer.read(0, 9))?.count, 1);
    await consumer.close();
    await draft[how]();
    assertEquals(scene.openFiles.size, 0, how);
  }
});

test("a draft whose publishing cannot be synced goes back to where it was", async () => {
  const scene = new Scene();
  const draft = await scene.draft("t");
  let isRefused = true;
  scene.folder.before = (name, path) => {
    if (name !== "syncDirectory" || path !== ROOT || !isRefused) return;
    isRefused = false;
    throw new StorageError("EIO", "Cannot sync: simulated");
  };
  assertEquals((await assertRejects(() => draft.publish(), StorageError)).errno, "EIO");
  assertEquals(scene.entries.map((name) => name.startsWith(".unfinished-t.")), [true]);
  await draft.publish();
  assertEquals(scene.entries, ["t"]);
});

test("a draft is resumed where it is of the same topic, and begun anew where it is not", async () => {
  const begun = { options: { num_partitions: 2 }, resume: true };
  for (const [options, count] of [[{ num_partitions: 2 }, 3], [{ num_partitions: 3 }, 0], [{}, 0]] as const) {
    const scene = new Scene();
    const first = await scene.draft("t", begun);
    await scene.push(first.topic, 3);
    await first.topic.close();
    const again = await scene.draft("t", { options, resume: true });
    assertEquals((await again.topic.describe())[0]!.nextId, count, JSON.stringify(options));
    await again.publish();
    assertEquals([scene.entries, await scene.nextIdOf("t")], [["t"], count]);
  }
});

test("a draft that cannot be begun leaves nothing, and a file in its place is replaced", async () => {
  const scene = new Scene();
  scene.folder.file(".unfinished-t", "of another program");
  const invalid = { options: { num_partitions: -1 }, resume: true };
  await assertRejects(() => scene.draft("t", invalid), InvalidOptionError, "num_partitions");
  assertEquals(scene.entries, []);
  scene.folder.file(".unfinished-t", "of another program");
  await (await scene.draft("t", { resume: true })).publish();
  assertEquals(scene.entries, ["t"]);
});

test("drafts in which nothing was written for a day are removed, and no others", async () => {
  const scene = new Scene();
  const { folder, folder: { disk } } = scene;
  for (const name of ["old", ".unfinished-old", ".unfinished-used", ".unfinished-new", "x.unfinished-"]) {
    folder.file(`${name}/deep/file`);
    if (name === ".unfinished-used") disk.clock.pass(DAY_MS / 2);
  }
  disk.clock.pass(DAY_MS / 2 + 1000);
  // Only the file changes, not the folders that it is in.
  const file = folder.storage.open(`${ROOT}/.unfinished-used/deep/file`, "append");
  file.append(new Uint8Array(3));
  file.close();
  disk.clock.pass(1000);
  await (await scene.draft("t")).discard();
  assertEquals(scene.entries, [".unfinished-new", ".unfinished-used", "old", "x.unfinished-"]);
});

test("a topic that is ended takes nothing more, in any partition, and then goes", async () => {
  const scene = new Scene();
  const { storage } = scene.folder;
  await scene.open().createTopic("t", definition({ num_partitions: 3 }));
  const topic = await scene.open().openTopic("t");
  const producer = topic.producer("p");
  const batch = { count: 1, metadata: ["1"], data: undefined, dataBytes: 0 } as never;
  // Nothing was ever appended to the last one.
  for (const partition of [0, 1]) await producer.append(partition, batch);
  const path = `${ROOT}/t`;
  assertEquals(hasEnded(storage, path), false);
  assertEquals(hasEnded(storage, `${ROOT}/nowhere`), false);
  const kept: string[] = [];
  scene.folder.before = (name, at) => {
    if (name === "removeTree" && at === path) {
      kept.push(hasEnded(storage, path) ? "ended" : "not ended");
      throw new StorageError("EBUSY", "Cannot remove: simulated");
    }
  };
  endAndRemove(storage, { path, useLocking: false });
  assertEquals([kept, scene.entries], [["ended"], ["t"]]);
  for (const partition of [0, 1]) {
    await assertRejects(async () => await producer.append(partition, batch), Error, "deleted");
  }
  scene.folder.before = () => {};
  endAndRemove(storage, { path, useLocking: false });
  assertEquals(scene.entries, []);
  endAndRemove(storage, { path, useLocking: false });
  await producer.close().catch(() => {});
  await topic.close();
});

test("a draft of a topic with the default number of partitions is resumed, and one without its document is not", async () => {
  const scene = new Scene();
  const resumable = { resume: true };
  const first = await scene.draft("t", resumable);
  await scene.push(first.topic, 3);
  await first.topic.close();
  const second = await scene.draft("t", resumable);
  assertEquals((await second.topic.describe())[0]!.nextId, 3);
  await second.topic.close();
  const { storage } = scene.folder;
  const [hidden] = scene.entries;
  storage.remove(`${ROOT}/${hidden}/t/topic.json`);
  const third = await scene.draft("t", resumable);
  assertEquals((await third.topic.describe())[0]!.nextId, 0);
  await third.discard();
});

test("a draft of a topic with other components is begun anew: what is in it was checked and encoded by those", async () => {
  for (const component of ["validator", "partitionSelector", "serializer"]) {
    const scene = new Scene();
    const first = await scene.draft("t", { resume: true });
    await scene.push(first.topic, 3);
    await first.topic.close();
    const components = { [component]: { type: "default", version: 2 } };
    const again = await scene.draft("t", { resume: true, components });
    assertEquals((await again.topic.describe())[0]!.nextId, 0, component);
    await again.discard();
  }
});

test("a draft whose last segment cannot be read is begun anew, and one that the disk does not give is an error", async () => {
  for (const isDamaged of [true, false]) {
    const scene = new Scene();
    const { folder } = scene;
    const first = await scene.draft("t", { resume: true });
    await scene.push(first.topic, 3);
    await first.topic.close();
    const path = folder.names().find((name) => name.endsWith(".log"))!;
    if (isDamaged) {
      folder.storage.replace(`${ROOT}/${path}`, new Uint8Array(500));
      const again = await scene.draft("t", { resume: true });
      await scene.push(again.topic);
      assertEquals((await again.topic.describe())[0]!.nextId, 1);
      await again.discard();
    } else {
      folder.before = (name, at) => {
        if (name === "open" && at.endsWith(".log")) throw new StorageError("EIO", "Cannot open: simulated");
      };
      await assertRejects(() => scene.draft("t", { resume: true }), StorageError, "simulated");
      folder.before = () => {};
      assertEquals(folder.names().includes(path), true);
    }
  }
});

test("a draft that is resumed goes on in no file that the process before may still append to", async () => {
  for (const isSealed of [true, false]) {
    const scene = new Scene();
    const { folder } = scene;
    const first = await scene.draft("t", { resume: true });
    await scene.push(first.topic, 3);
    const [hidden] = scene.entries;
    const path = `${ROOT}/${hidden}/t/partitions/00000000`;
    // An append under a lock that was stopped leaves the lock.
    folder.file(`${hidden}/t/partitions/00000000.lock`);
    const log = () => new Partition({ storage: folder.storage, directory: path, topic: "t", partition: 0 });
    if (isSealed) sealLast(log());
    const before = log().segmentIds();
    assertEquals(before, isSealed ? [0, 3] : [0]);
    const salt = isSealed ? log().segment(3).salt : undefined;
    const again = await scene.draft("t", { resume: true });
    await scene.push(again.topic);
    const after = log().segmentIds();
    assertEquals([after, (await again.topic.describe())[0]!.nextId], [[0, 3], 4]);
    assertEquals(log().segment(3).salt === salt, false);
    await first.topic.close();
    await again.discard();
  }
});
