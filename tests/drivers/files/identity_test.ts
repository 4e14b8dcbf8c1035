// The storage of an open topic: what it does as long as the topic is there, and that none of its calls reaches the topic
// that came in its place.
import { assertEquals, assertMatch, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { StorageError, TopicDeletedError } from "../../../mod.ts";
import { FilesDriver } from "../../../src/drivers/files/driver.ts";
import { identityIn, identityOf, makeIdentity, storageOfTopic } from "../../../src/drivers/files/identity.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { withOpenFiles } from "./counted_files.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

const TOPIC = `${ROOT}/t`;
const BYTES = new TextEncoder().encode("new");

/** A topic with a file and a folder, and its storage. */
function opened() {
  const folder = new SimulatedFolder();
  const { storage: shared, openFiles } = withOpenFiles(folder.storage);
  folder.file("t/file", "content");
  folder.file("t/folder/file");
  makeIdentity(shared, TOPIC);
  return { folder, shared, openFiles, storage: storageOfTopic(shared, TOPIC, "t") };
}

/** Every call of something that is there, what it gives, and what it leaves. */
const CALLS: Record<string, [call: (storage: Storage) => unknown, gives: unknown, changes: string[]]> = {
  open: [
    (storage) => {
      const file = storage.open(`${TOPIC}/file`, "read");
      try {
        return file.size();
      } finally {
        file.close();
      }
    },
    7,
    [],
  ],
  list: [(storage) => storage.list(`${TOPIC}/folder`), ["file"], []],
  readWhole: [(storage) => storage.readWhole(`${TOPIC}/file`, 3)?.length, 3, []],
  makeDirectory: [(storage) => storage.makeDirectory(`${TOPIC}/new`), undefined, ["makeDirectory t/new"]],
  publish: [(storage) => storage.publish(`${TOPIC}/new`, BYTES), true, ["publish t/new"]],
  replace: [(storage) => storage.replace(`${TOPIC}/file`, BYTES), undefined, ["replace t/file"]],
  rename: [(storage) => storage.rename(`${TOPIC}/file`, `${TOPIC}/new`), undefined, ["rename t/file"]],
  remove: [(storage) => storage.remove(`${TOPIC}/file`), undefined, ["remove t/file"]],
  removeTree: [(storage) => storage.removeTree(`${TOPIC}/folder`), undefined, ["removeTree t/folder"]],
  syncDirectory: [(storage) => storage.syncDirectory(TOPIC), undefined, ["syncDirectory t"]],
};

/** Another topic comes in the place of the open one. */
function replaceTopic({ shared }: ReturnType<typeof opened>): void {
  shared.remove(identityOf(shared, TOPIC)!);
  makeIdentity(shared, TOPIC);
}

test("an open topic's storage does what is asked of it, once", () => {
  for (const [name, [call, gives, changes]] of Object.entries(CALLS)) {
    const { folder, storage, openFiles } = opened();
    const [first] = changes;
    let result: unknown;
    const done = folder.changesDuring(() => result = call(storage));
    assertEquals(result, gives, name);
    assertEquals([done.filter((one) => one === first), openFiles.size], [changes, 0], name);
  }
});

test("no call of an open topic reaches the one that came in its place", () => {
  for (const [name, [call]] of Object.entries(CALLS)) {
    // Nothing is concluded from a sync, and a folder that is there may be synced.
    if (name === "syncDirectory") continue;
    const topic = opened();
    replaceTopic(topic);
    const before = topic.folder.names();
    assertThrows(() => call(topic.storage), TopicDeletedError, '"t"', name);
    assertEquals([topic.folder.names(), topic.openFiles.size], [before, 0], name);
    assertEquals(topic.shared.readWhole(`${TOPIC}/file`)?.length, 7, name);
  }
});

test("what is missing in an open topic is missing, and a topic that is gone is deleted", () => {
  const calls: Record<string, (storage: Storage) => unknown> = {
    open: (storage) => storage.open(`${TOPIC}/none`, "read"),
    list: (storage) => storage.list(`${TOPIC}/none`),
    publish: (storage) => storage.publish(`${TOPIC}/none/file`, BYTES),
    rename: (storage) => storage.rename(`${TOPIC}/none`, `${TOPIC}/new`),
    syncDirectory: (storage) => storage.syncDirectory(`${TOPIC}/none`),
  };
  for (const [name, call] of Object.entries(calls)) {
    const topic = opened();
    assertEquals(assertThrows(() => call(topic.storage), StorageError).errno, "ENOENT", name);
    replaceTopic(topic);
    assertThrows(() => call(topic.storage), TopicDeletedError, '"t"', name);
    // A failing disk says nothing of the topic; a rename asks before it looks.
    if (name === "rename") continue;
    topic.folder.before = (called) => {
      if (called === name) throw new StorageError("EIO", "Cannot do it: simulated");
    };
    assertEquals(assertThrows(() => call(topic.storage), StorageError).errno, "EIO", name);
  }
  const { storage } = opened();
  assertEquals(storage.readWhole(`${TOPIC}/none`), undefined);
});

test("a file is not published where the caller or the topic says so at the last moment", () => {
  const topic = opened();
  assertEquals(topic.storage.publish(`${TOPIC}/new`, BYTES, { confirm: () => false }), false);
  assertEquals(topic.storage.publish(`${TOPIC}/new`, BYTES, { confirm: () => true }), true);
  assertThrows(
    () =>
      topic.storage.publish(`${TOPIC}/newer`, BYTES, {
        get confirm() {
          replaceTopic(topic);
          return undefined;
        },
      } as never),
    TopicDeletedError,
  );
  assertEquals(topic.folder.names(TOPIC).includes("t/newer"), false);
});

test("the clock, the watch and what identifies the disk are those of the storage below", () => {
  const { storage, shared } = opened();
  assertStrictEquals(storage.base, shared);
  assertStrictEquals(storageOfTopic(storage, TOPIC, "t").base, shared);
  assertEquals(storage.stat(`${TOPIC}/file`)?.bytes, 7);
  const below: Storage = {
    ...opened().shared,
    list: () => ["id-0123456789abcdef"],
    stat: () => undefined,
    now: () => 7,
    random32: () => 8,
    pause: (ms) => void paused.push(ms),
    watch: (path, changed) => ({ close: () => void paused.push(path, changed) }),
  };
  const paused: unknown[] = [];
  const above = storageOfTopic(below, TOPIC, "t");
  const changed = () => {};
  above.pause(9);
  above.watch("here", changed)!.close();
  assertEquals([above.now(), above.random32(), paused], [7, 8, [9, "here", changed]]);
});

test("a topic's identity is a file with sixteen random digits in its name; one of an earlier version has none", () => {
  const { folder, shared } = opened();
  assertMatch(identityOf(shared, TOPIC)!, /^\/store\/t\/id-[0-9a-f]{16}$/);
  assertEquals(shared.stat(identityOf(shared, TOPIC)!)?.bytes, 0);
  folder.file("u/id-0123456789abcde");
  folder.file("u/id-0123456789abcdef0");
  folder.file("u/xid-0123456789abcdef");
  assertEquals(identityOf(shared, `${ROOT}/u`), undefined);
  assertStrictEquals(storageOfTopic(shared, `${ROOT}/u`, "u"), shared);
});

test("a topic that is created has an identity", async () => {
  const { storage } = new SimulatedFolder();
  const component = { type: "default" };
  const definition = {
    options: {},
    validator: component,
    partitionSelector: component,
    serializer: component,
  };
  await new FilesDriver({ root_path: ROOT }, storage).createTopic("t", definition);
  assertMatch(String(identityOf(storage, TOPIC)), /\/id-/);
});

test("a file of the same name counts as the topic's unless both its number and its age are others", () => {
  const differences: [what: string, inode: number | undefined, made: number | undefined, isOther: boolean][] =
    [
      ["nothing", 1, 1, false],
      ["its number", 2, 1, false],
      ["its age", 1, 2, false],
      ["both", 2, 2, true],
      ["the number is not known any more", undefined, 1, false],
    ];
  for (const [what, inode, made, isOther] of differences) {
    const { shared } = opened();
    let state: { inode?: number; made?: number } = { inode: 1, made: 1 };
    const stat: Storage["stat"] = (path) => {
      const found = shared.stat(path);
      return found && { ...found, ...state };
    };
    const numbered = new Proxy(shared, {
      get: (disk, name: keyof Storage) => name === "stat" ? stat : disk[name],
    });
    const storage = storageOfTopic(numbered, TOPIC, "t");
    storage.list(TOPIC);
    state = { ...inode === undefined ? {} : { inode }, ...made === undefined ? {} : { made } };
    if (isOther) assertThrows(() => storage.list(TOPIC), TopicDeletedError, "another copy of it", what);
    else storage.list(TOPIC);
  }
});

test("of two identities, which two processes may have made, all take the same one", () => {
  const [least, other] = ["id-00000000000000aa", "id-00000000000000ff"];
  assertEquals(identityIn([other!, "name", least!, "id-0"]), least);
});

test("a folder that is synced later is synced, or says why not, and a topic that is gone is deleted", async () => {
  const scene = opened();
  const { folder, storage } = scene;
  const synced: string[] = [];
  folder.before = (name, path) => {
    if (name === "syncDirectoryLater") synced.push(path);
  };
  await storage.syncDirectoryLater(TOPIC);
  assertEquals(synced, [TOPIC]);
  const missing = () => storage.syncDirectoryLater(`${TOPIC}/none`);
  assertEquals((await assertRejects(missing, StorageError)).errno, "ENOENT");
  replaceTopic(scene);
  await assertRejects(missing, TopicDeletedError);
  const failure = new StorageError("EIO", "Cannot sync: simulated");
  folder.before = () => {
    folder.before = () => {};
    throw failure;
  };
  assertStrictEquals(await assertRejects(() => storage.syncDirectoryLater(TOPIC)), failure);
});
