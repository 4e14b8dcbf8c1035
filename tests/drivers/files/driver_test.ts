// Topics as folders: how they appear and go, what other processes do meanwhile, and what a failing disk leaves.
import { assertEquals, assertRejects } from "@std/assert";
import {
  ForeignFilesError,
  ForeignLayoutError,
  InvalidOptionError,
  InvalidTopicNameError,
  StorageError,
  TopicExistsError,
  TopicNotFoundError,
  UnsupportedFormatError,
} from "../../../mod.ts";
import type { TopicDefinition } from "../../../src/contract.ts";
import { FilesDriver } from "../../../src/drivers/files/driver.ts";
import { renewIdentity } from "../../../src/drivers/files/identity.ts";
import { endForGood, Partition } from "../../../src/log/mod.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

const refusal = (errno: string) => new StorageError(errno, `Cannot do it: simulated (${errno})`);

function definition(num_partitions = 1): TopicDefinition {
  const component = { type: "default" };
  return {
    options: { num_partitions },
    validator: component,
    partitionSelector: component,
    serializer: component,
  };
}

/** A store, and a driver for it; the driver's calls are seen by `folder.before`. */
class Store {
  readonly folder = new SimulatedFolder();
  readonly driver = this.open();

  open(storage: Storage = this.folder.storage): FilesDriver {
    return new FilesDriver({ root_path: ROOT }, storage);
  }

  create(name: string, numPartitions = 1): Promise<void> {
    return this.driver.createTopic(name, definition(numPartitions));
  }

  /** The names in the store's folder. */
  get entries(): string[] {
    return this.folder.storage.list(ROOT).sort();
  }

  /** Something else that is done by another process, once, just before a call. */
  once(matches: (name: string, path: string) => boolean, act: () => void): void {
    const { folder } = this;
    folder.before = (name, path) => {
      if (!matches(name, path)) return;
      folder.before = () => {};
      act();
    };
  }
}

const publishes = (name: string, path: string): boolean => name === "rename" && path.includes(".creating-");

test("a topic whose temporary folder is taken for a leftover is built again, three times in all", async () => {
  for (const [times, works] of [[2, true], [3, false]] as const) {
    const { folder, driver } = new Store();
    let removed = 0;
    folder.before = (name, path) => {
      if (publishes(name, path) && removed++ < times) folder.storage.removeTree(path);
    };
    if (works) await driver.createTopic("t", definition());
    else await assertRejects(() => driver.createTopic("t", definition()), StorageError, "ENOENT");
    assertEquals([removed, folder.storage.list(ROOT)], [3, works ? ["t"] : []]);
  }
});

test("a topic is not built again where the store is gone", async () => {
  const { folder, driver } = new Store();
  let attempts = 0;
  folder.before = (name, path) => {
    if (name === "makeDirectory" && /\.creating-[^/]*$/.test(path)) attempts++;
    if (publishes(name, path)) folder.storage.removeTree(ROOT);
  };
  await assertRejects(() => driver.createTopic("t", definition()), StorageError, "ENOENT");
  assertEquals(attempts, 1);
});

test("of two processes that create a topic the second one is refused, and leaves nothing", async () => {
  const store = new Store();
  store.once(publishes, () => store.folder.file("t/partitions/of/another"));
  await assertRejects(() => store.create("t"), TopicExistsError);
  assertEquals(store.folder.names(), ["t", "t/partitions", "t/partitions/of", "t/partitions/of/another"]);
});

test("of two processes that create topics of similar names one takes its topic back", async () => {
  const store = new Store();
  store.once(publishes, () => store.folder.file("T/partitions/of/another"));
  await assertRejects(() => store.create("t"), InvalidTopicNameError, '"T" exists');
  assertEquals(store.entries, ["T"]);
  // Folders of other programs, whose names begin with a dot, are not in the way.
  const other = new Store();
  other.folder.file(".T/file");
  await other.create("t");
  assertEquals(other.entries, [".T", "t"]);
});

test("a topic whose name cannot be synced is taken back", async () => {
  const store = new Store();
  store.once((name, path) => name === "syncDirectory" && path === ROOT && store.entries.includes("t"), () => {
    throw refusal("EIO");
  });
  await assertRejects(() => store.create("t"), StorageError, "simulated (EIO)");
  assertEquals(store.entries, []);
  // Neither does a second failure hide the first one.
  const failing = new Store();
  let failures = 0;
  failing.folder.before = (name, path) => {
    if (
      name === "syncDirectory" && path === ROOT && failing.entries.some((entry) => !entry.startsWith(".cr"))
    ) {
      throw refusal(failures++ === 0 ? "EIO" : "EROFS");
    }
  };
  await assertRejects(() => failing.create("t"), StorageError, "simulated (EIO)");
  assertEquals(failures > 1, true);
  // A bug is not hidden.
  const buggy = new Store();
  let renames = 0;
  buggy.folder.before = (name) => {
    if (name === "syncDirectory" && renames > 0) throw refusal("EIO");
    if (name === "rename" && renames++ > 0) throw new TypeError("a bug");
  };
  await assertRejects(() => buggy.create("t"), TypeError, "a bug");
});

test("a name that no topic may have is refused before anything is made", async () => {
  const { folder, driver } = new Store();
  folder.storage.removeTree(ROOT);
  for (const name of ["a/b", "", ".", "con"]) {
    await assertRejects(() => driver.createTopic(name, definition()), InvalidTopicNameError);
    await assertRejects(() => driver.draftTopic(name, definition(), false), InvalidTopicNameError);
  }
  assertEquals(folder.storage.stat(ROOT), undefined);
});

test("a topic that is replaced while it is opened is opened as it is now", async () => {
  for (const moment of ["validator.json", "topic.json", "partitions/00000000"]) {
    const store = new Store();
    const { storage, disk } = store.folder;
    await store.create("t");
    disk.clock.pass(1000);
    await new FilesDriver({ root_path: `${ROOT}/.next` }, storage).createTopic("t", definition(2));
    store.once((_, path) => path === `${ROOT}/t/${moment}`, () => {
      storage.rename(`${ROOT}/t`, `${ROOT}/.old`);
      storage.rename(`${ROOT}/.next/t`, `${ROOT}/t`);
    });
    const topic = await store.driver.openTopic("t");
    assertEquals(topic.partitions.length, 2, moment);
    await topic.close();
  }
});

test("of two processes that delete a topic one does not find it", async () => {
  const store = new Store();
  await store.create("t");
  const isMovedAside = (name: string, path: string): boolean => name === "rename" && path === `${ROOT}/t`;
  store.once(isMovedAside, () => store.folder.storage.removeTree(`${ROOT}/t`));
  await assertRejects(() => store.driver.deleteTopic("t"), TopicNotFoundError, "delete");
  assertEquals(store.entries, []);
});

test("a name under which anything lies is taken, an empty folder too, and a topic of the C++ driver is not opened", async () => {
  const store = new Store();
  store.folder.storage.makeDirectory(`${ROOT}/t`);
  await assertRejects(() => store.create("t"), TopicExistsError);
  store.folder.file("u");
  await assertRejects(() => store.create("u"), TopicExistsError);
  store.folder.file("cpp/partitions/00000000/index");
  await assertRejects(() => store.driver.openTopic("cpp"), ForeignLayoutError);
  assertEquals(await store.driver.topicExists("cpp"), true);
});

test("another program's folder is not deleted as a topic, and is named where it is in the way of one", async () => {
  const store = new Store();
  store.folder.file("photos/one");
  for (const force of [false, true]) {
    await assertRejects(() => store.driver.deleteTopic("photos", { force }), TopicNotFoundError);
  }
  await assertRejects(() => store.create("photos"), TopicExistsError, `${ROOT}/photos`);
  assertEquals(store.folder.names(), ["photos", "photos/one"]);
});

test("a topic whose name some disks take for that of another one is not created, nor drafted", async () => {
  const store = new Store();
  await store.create("t");
  await assertRejects(() => store.create("T"), InvalidTopicNameError, '"t" exists');
  await assertRejects(
    () => store.driver.draftTopic("T", definition(), false),
    InvalidTopicNameError,
    '"t" exists',
  );
  assertEquals(store.entries, ["t"]);
});

test("the folder that fsck has in the root of a disk is not a topic, though it cannot be read, and others are", async () => {
  const store = new Store();
  for (const name of ["lost+found", "other"]) store.folder.file(`${name}/file`);
  store.folder.before = (name, path) => {
    if (name === "stat" && path.endsWith("/partitions")) throw refusal("EACCES");
  };
  const topics = await store.driver.listTopics();
  assertEquals([...topics].map(([name, { fault }]) => [name, fault?.includes("EACCES")]), [["other", true]]);
});

test("a draft with options that no topic may have is refused before anything is made", async () => {
  const { folder, driver } = new Store();
  folder.storage.removeTree(ROOT);
  await assertRejects(() => driver.draftTopic("t", definition(-1), false), InvalidOptionError);
  assertEquals(folder.storage.stat(ROOT), undefined);
});

test("a topic is found in a store that may not be listed", async () => {
  const store = new Store();
  await store.create("t");
  store.folder.before = (name, path) => {
    if (name === "list" && path === ROOT) throw refusal("EACCES");
  };
  assertEquals([await store.driver.topicExists("t"), await store.driver.topicExists("u")], [true, false]);
});

test("a topic that is deleted while it is opened is not found, and one that cannot be read says why", async () => {
  const store = new Store();
  await store.create("t");
  store.once(
    (_, path) => path.endsWith("/serializer.json"),
    () => store.folder.storage.removeTree(`${ROOT}/t`),
  );
  await assertRejects(() => store.driver.openTopic("t"), TopicNotFoundError);
  await store.create("v");
  store.folder.before = (name, path) => {
    if (name === "list" && path.endsWith("/v/partitions")) throw refusal("EIO");
  };
  await assertRejects(() => store.driver.openTopic("v"), StorageError, "simulated (EIO)");
  await store.create("u");
  store.folder.storage.removeTree(`${ROOT}/u/partitions/00000000`);
  let readings = 0;
  store.folder.before = (_, path) => void (path.endsWith("/u/serializer.json") && readings++);
  await assertRejects(() => store.driver.openTopic("u"), StorageError, "is missing or not a folder");
  assertEquals(readings, 10);
});

test("a topic goes with a damaged document, and stays with one that cannot be read or understood", async () => {
  const { folder, driver } = new Store();
  const { storage } = folder;
  const write = (text: string): void =>
    storage.replace(`${ROOT}/t/topic.json`, new TextEncoder().encode(text));
  for (const damage of ["{", "[]", "7", "null", ""]) {
    await driver.createTopic("t", definition());
    write(damage);
    await driver.deleteTopic("t");
    assertEquals(storage.list(ROOT), []);
  }
  await driver.createTopic("t", definition());
  let errno = "EIO";
  folder.before = (name, path) => {
    if (name === "readWhole" && path.endsWith("/topic.json")) throw refusal(errno);
  };
  await assertRejects(() => driver.deleteTopic("t"), StorageError, "simulated (EIO)");
  // A document that is too large to be one is damaged.
  errno = "EFBIG";
  await driver.deleteTopic("t");
  folder.before = () => {};
  await driver.createTopic("t", definition());
  write('{"format_version": 2}');
  await assertRejects(() => driver.deleteTopic("t"), UnsupportedFormatError, "topic.json");
  assertEquals(storage.list(ROOT), ["t"]);
});

test("a topic with files of another program goes only by force", async () => {
  const store = new Store();
  await store.create("t");
  store.folder.file("t/partitions/00000000/index", "x".repeat(64));
  await assertRejects(() => store.driver.openTopic("t"), ForeignFilesError, "2 events");
  await assertRejects(() => store.driver.deleteTopic("t"), ForeignFilesError);
  assertEquals(store.entries, ["t"]);
  await store.driver.deleteTopic("t", { force: true });
  assertEquals(store.entries, []);
});

test("what killed processes left of topics goes with the next topic that is created or deleted", async () => {
  for (const act of ["create", "delete"] as const) {
    const store = new Store();
    await store.create("t");
    store.folder.file(".deleting-0123456789abcdef/partitions/00000000/file");
    if (act === "create") await store.create("u");
    else await store.driver.deleteTopic("t");
    assertEquals(store.entries, act === "create" ? ["t", "u"] : []);
  }
});

test("a topic that an earlier version ended, and was killed before it removed it, is in no one's way", async () => {
  const store = new Store();
  await store.create("t");
  const { storage } = store.folder;
  const directory = `${ROOT}/t/partitions/00000000`;
  const log = new Partition({ storage, directory, topic: "t", partition: 0 });
  const writer = new PartitionWriter(log, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
  writer.append({ count: 1, metadata: ["1"], dataBytes: 0 });
  await assertRejects(() => store.create("t", 2), TopicExistsError);
  endForGood(log);
  log.close();
  await store.create("t", 2);
  const [info] = (await store.driver.listTopics()).values();
  assertEquals([info?.numPartitions, store.entries], [2, ["t"]]);
});

test("a store that is not there has no topics, and one that cannot be listed says why", async () => {
  const { folder, driver } = new Store();
  folder.storage.removeTree(ROOT);
  assertEquals([(await driver.listTopics()).size, await driver.topicExists("t")], [0, false]);
  await assertRejects(() => driver.openTopic("t"), TopicNotFoundError);
  await assertRejects(() => driver.deleteTopic("t"), TopicNotFoundError);
  folder.before = (name) => {
    if (name === "list") throw refusal("EACCES");
  };
  await assertRejects(() => driver.listTopics(), StorageError, "simulated (EACCES)");
});

test("topics are listed by name, without what is not one, and with what is wrong with one that cannot be read", async () => {
  const store = new Store();
  for (const name of ["b", "a"]) await store.create(name, 3);
  store.folder.file("notes");
  store.folder.file("folder/file");
  store.folder.file(".hidden/partitions/file");
  store.folder.storage.replace(`${ROOT}/b/topic.json`, new TextEncoder().encode("{"));
  const topics = await store.driver.listTopics();
  assertEquals([...topics.keys()], ["a", "b"]);
  const [a, b] = topics.values();
  assertEquals([a?.fault, a?.numPartitions, b?.numPartitions], [undefined, 3, 3]);
  assertEquals(b?.fault?.includes("b/topic.json"), true);
  // A topic that goes while it is read is not listed.
  store.once(
    (_, path) => path.endsWith("/a/validator.json"),
    () => store.folder.storage.removeTree(`${ROOT}/a`),
  );
  assertEquals([...(await store.driver.listTopics()).keys()], ["b"]);
});

test("a topic of the C++ driver that goes when it has been read is not listed either", async () => {
  const { folder, driver } = new Store();
  folder.file("t/partitions/00000000/metadata");
  assertEquals((await driver.listTopics()).get("t")?.layout, "cpp-files");
  let looks = 0;
  folder.before = (name, path) => {
    if (name === "stat" && path === `${ROOT}/t` && ++looks === 2) folder.storage.removeTree(`${ROOT}/t`);
  };
  assertEquals([...(await driver.listTopics()).keys()], []);
});

test("on a disk that takes two spellings for one name, a topic has the one it was created with", async () => {
  const store = new Store();
  await store.create("t");
  const { storage } = store.folder;
  const insensitive = new Proxy(storage, {
    get: (target, name: keyof Storage) =>
      name === "stat"
        ? (path: string) => target.stat(path.replace("/T", "/t"))
        : (target[name] as (...args: never[]) => unknown),
  });
  const driver = store.open(insensitive);
  assertEquals([await driver.topicExists("t"), await driver.topicExists("T")], [true, false]);
  assertEquals([await store.driver.topicExists("t"), await store.driver.topicExists("T")], [true, false]);
});

test("a topic is read again as often as it is replaced by another one meanwhile, but not for an edit", async () => {
  const { folder, driver } = new Store();
  const { storage, disk } = folder;
  await driver.createTopic("t", definition());
  let replacements = 5;
  let readings = 0;
  folder.before = (name, path) => {
    if (name !== "readWhole" || !path.endsWith("/validator.json")) return;
    readings++;
    disk.clock.pass(1000);
    storage.replace(`${ROOT}/t/topic.json`, storage.readWhole(`${ROOT}/t/topic.json`)!);
    if (replacements-- > 0) renewIdentity(storage, `${ROOT}/t`);
  };
  const topic = await driver.openTopic("t");
  assertEquals(readings, 6);
  await topic.close();
});

test("a topic that a failing deletion moves away and back while it is opened is not opened with other components", async () => {
  for (const file of ["topic.json", "serializer.json", "partitions/00000000"]) {
    const { folder, driver } = new Store();
    const { storage } = folder;
    await driver.createTopic("t", { ...definition(), serializer: { type: "raw" } });
    let place = "there";
    folder.before = (name, path) => {
      if (place === "there" && path.endsWith(`/t/${file}`)) {
        place = "away";
        storage.rename(`${ROOT}/t`, `${ROOT}/.away`);
      } else if (place === "away" && name !== "rename") {
        place = "back";
        storage.rename(`${ROOT}/.away`, `${ROOT}/t`);
      }
    };
    const topic = await driver.openTopic("t");
    assertEquals([topic.definition.serializer.type, place], ["raw", "back"], file);
    await topic.close();
  }
});

test("a draft is synced as the driver does it, at each flush at least", async () => {
  for (const behavior of ["immediate", "on_flush", "buffered"]) {
    const { folder } = new Store();
    const driver = new FilesDriver({ root_path: ROOT, flush_behavior: behavior }, folder.storage);
    const draft = await driver.draftTopic("t", definition(), false);
    const producer = draft.topic.producer("p");
    const appended = producer.append(0, { count: 1, metadata: ["1"], dataBytes: 0 });
    assertEquals(appended instanceof Promise, behavior === "immediate", behavior);
    await appended;
    await producer.close();
    await draft.discard();
  }
});

test("a draft is not published beside a topic of a similar name", async () => {
  const store = new Store();
  const draft = await store.driver.draftTopic("t", definition(), false);
  store.once((name, path) => name === "rename" && path.includes(".unfinished-"), () => {
    store.folder.file("T/partitions/of/another");
  });
  await assertRejects(() => draft.publish(), InvalidTopicNameError, '"T" exists');
  assertEquals(await store.driver.topicExists("t"), false);
  await draft.discard();
  assertEquals(store.entries, ["T"]);
});
