// What Durability syncs, closes and reports, with files that do only what the test lets them.
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { StorageError } from "../../../mod.ts";
import { Durability } from "../../../src/log/write/durability.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import type { Storage, StorageFile } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { folderSyncs } from "../port_wrapper.ts";

/** A file whose syncs end when the test says so. */
class ScriptedFile implements StorageFile {
  readonly done: string[];
  /** Ends the sync in progress. */
  ends: ((error?: unknown) => void)[] = [];
  /** What the next blocking sync throws. */
  blockingError: unknown;

  constructor(readonly path: string, done: string[], private readonly name = path) {
    this.done = done;
  }

  append = (): number => 0;
  readAt = (): number => 0;
  writeAt = (): number => 0;
  size = (): number => 0;

  sync(): Promise<void> {
    this.done.push(`sync ${this.name}`);
    return new Promise((resolve, reject) => {
      this.ends.push((error) => error === undefined ? resolve() : reject(error));
    });
  }

  syncNow(): void {
    this.done.push(`syncNow ${this.name}`);
    const { blockingError } = this;
    this.blockingError = undefined;
    if (blockingError !== undefined) throw blockingError;
  }

  close(): void {
    this.done.push(`close ${this.name}`);
  }
}

interface Scene {
  durability: Durability;
  done: string[];
  file: (path: string, blocking?: boolean) => ScriptedFile;
  /** The file opened a second time. */
  twins: ScriptedFile[];
  failures: () => number;
}

function makeScene(): Scene {
  const done: string[] = [];
  const twins: ScriptedFile[] = [];
  let failures = 0;
  const storage: Storage = {
    ...nodeStorage,
    open: (path, mode) => {
      assertEquals(mode, "append");
      twins.push(new ScriptedFile(path, done, `twin of ${path}`));
      return twins[twins.length - 1];
    },
    ...folderSyncs((path) => void done.push(`syncDirectory ${path}`)),
  };
  const options = { blocking: false, failed: () => void failures++ };
  const durability = new Durability(storage, "folder", options);
  const file = (path: string, blocking = false): ScriptedFile => {
    const file = new ScriptedFile(path, done);
    options.blocking = blocking;
    durability.opened(file);
    return file;
  };
  return { durability, done, file, twins, failures: () => failures };
}

const eio = new StorageError("EIO", "Cannot sync: the disk reported an error");

/** What syncs of a folder fail with; undefined if they succeed. */
interface Syncs {
  error: unknown;
}

/** A folder with these names. */
function folderOf(names: string[], syncs: Syncs): { storage: Storage; syncs: Syncs } {
  const storage: Storage = {
    ...nodeStorage,
    list: () => names,
    publish: () => false,
    ...folderSyncs(() => {
      if (syncs.error !== undefined) throw syncs.error;
    }),
  };
  return { storage, syncs };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** Whether a promise has resolved, or why it was rejected. */
function watch(promise: Promise<void>): { state: unknown } {
  const watched = { state: "pending" as unknown };
  promise.then(() => watched.state = "resolved", (error) => watched.state = error);
  return watched;
}

test("a sync covers what was written, and without writes there is none", async () => {
  const { durability, done, file } = makeScene();
  const one = file("one");
  await durability.sync();
  await durability.sync([new ScriptedFile("unknown", done)]);
  assertEquals(done, []);
  durability.wrote(one);
  const synced = watch(durability.sync());
  await settled();
  assertEquals(done, ["syncDirectory folder", "sync one"]);
  await settled();
  assertEquals(synced.state, "pending");
  one.ends[0]();
  await settled();
  assertEquals(synced.state, "resolved");
  await durability.sync();
  durability.wrote(one);
  durability.sync();
  await settled();
  // The name of the file is on disk by now.
  assertEquals(done, ["syncDirectory folder", "sync one", "sync one"]);
});

test("what is written once a file needs another name counts with that name, too", async () => {
  const { durability, done, file } = makeScene();
  const one = file("one");
  for (let syncs = 0; syncs < 3; syncs++) {
    if (syncs === 1) durability.needsName(one, "folder/marker");
    durability.wrote(one);
    const synced = durability.sync();
    await settled();
    one.ends[syncs]!();
    await synced;
  }
  assertEquals(done, ["syncDirectory folder", "sync one", "syncDirectory folder", "sync one", "sync one"]);
});

test("one sync of the folder covers the names of all files that were opened before it, and of no later one", async () => {
  const { durability, done, file } = makeScene();
  const files = ["one", "two", "three"].map((path) => file(path));
  for (const one of files) durability.wrote(one);
  const synced = durability.sync();
  await settled();
  assertEquals(done, ["syncDirectory folder", "sync one", "sync two", "sync three"]);
  for (const one of files) one.ends[0]();
  await synced;
  const later = file("later");
  for (const one of [...files, later]) durability.wrote(one);
  const again = durability.sync();
  await settled();
  assertEquals(done.slice(4), ["sync one", "sync two", "sync three", "syncDirectory folder", "sync later"]);
  for (const one of [...files, later]) one.ends.at(-1)!();
  await again;
});

test("a sync of the folder does not clear a name that an earlier one left in doubt", async () => {
  const { storage, syncs } = folderOf(["doubtful"], { error: eio });
  const durability = new Durability(storage, "folder");
  const files = ["doubtful", "new"].map((name) => new ScriptedFile(`folder/${name}`, []));
  durability.opened(files[0]);
  durability.wrote(files[0]);
  await assertRejects(() => durability.sync(), StorageError);
  syncs.error = undefined;
  const other = new Durability(storage, "folder");
  for (const one of files) {
    other.opened(one);
    other.wrote(one);
  }
  const synced = other.sync([files[1]]);
  await settled();
  files[1].ends[0]();
  await synced;
  await assertRejects(() => other.sync([files[0]]), StorageError, "may be lost");
});

test("requests during a sync share the next one, unless nothing was written since", async () => {
  const { durability, done, file } = makeScene();
  const one = file("one");
  durability.wrote(one);
  const first = watch(durability.sync());
  await settled();
  const same = watch(durability.sync());
  await settled();
  durability.wrote(one);
  const next = [watch(durability.sync()), watch(durability.sync())];
  assertEquals(done.filter((step) => step === "sync one").length, 1);
  one.ends[0]();
  await settled();
  assertEquals([first.state, same.state, next[0].state], ["resolved", "resolved", "pending"]);
  assertEquals(done.filter((step) => step === "sync one").length, 2);
  one.ends[1]();
  await settled();
  assertEquals(next.map(({ state }) => state), ["resolved", "resolved"]);
  assertEquals(done.filter((step) => step === "sync one").length, 2);
});

test("only the named files are synced, or all", async () => {
  const { durability, done, file } = makeScene();
  const [one, other] = [file("one"), file("other")];
  durability.wrote(one);
  durability.wrote(other);
  durability.sync([other]);
  await settled();
  assertEquals(done.filter((step) => step.startsWith("sync ")), ["sync other"]);
  const all = watch(durability.sync());
  await settled();
  assertEquals(done.filter((step) => step.startsWith("sync ")), ["sync other", "sync one"]);
  one.ends[0]();
  await settled();
  assertEquals(all.state, "pending");
  other.ends[0]();
  await settled();
  assertEquals(all.state, "resolved");
});

test("a failed sync is final for its file, for current and later waits", async () => {
  const { durability, done, file, failures } = makeScene();
  const one = file("one");
  durability.wrote(one);
  const first = watch(durability.sync());
  await settled();
  durability.wrote(one);
  const next = watch(durability.sync());
  await settled();
  one.ends[0](eio);
  await settled();
  const failure = first.state as StorageError;
  assert(failure instanceof StorageError);
  assertEquals([failure.errno, failure.mayBeStored, failure.cause], ["EIO", true, eio]);
  assert(failure.message.includes("what was appended since the last sync may be lost"), failure.message);
  assertStrictEquals(next.state, failure);
  assertStrictEquals(await durability.sync().catch((error) => error), failure);
  assertStrictEquals(assertThrows(() => durability.syncNow([one])), failure);
  assertEquals(failures(), 1);
  assertEquals(done.filter((step) => step === "sync one").length, 1);
});

test("a failure of one file does not affect others, and every file is awaited", async () => {
  const { durability, file } = makeScene();
  const [one, other] = [file("one"), file("other")];
  durability.wrote(one);
  durability.wrote(other);
  const all = watch(durability.sync());
  await settled();
  one.ends[0](eio);
  await settled();
  assertEquals(all.state, "pending");
  other.ends[0]();
  await settled();
  assert(all.state instanceof StorageError);
  durability.wrote(other);
  const good = durability.sync([other]);
  await settled();
  other.ends[1]();
  await good;
});

test("a sync that could not be attempted leaves its appends in doubt, and the next one counts again", async () => {
  for (const errno of ["EMFILE", "ENFILE", "ENOMEM"]) {
    const { durability, file, failures } = makeScene();
    const one = file("one");
    durability.wrote(one);
    const first = watch(durability.sync());
    await settled();
    one.ends[0](new StorageError(errno, "Cannot sync: too many open files"));
    await settled();
    const failure = first.state as StorageError;
    assertEquals([failure.errno, failure.mayBeStored, failures()], [errno, true, 0]);
    assert(failure.message.includes("is not known to be on the disk"), failure.message);
    // What was written still has to be synced.
    const next = durability.sync();
    await settled();
    one.ends[1]();
    await next;
  }
});

test("an error that is not from the disk is passed on unchanged", async () => {
  const { durability, file, failures } = makeScene();
  const one = file("one");
  durability.wrote(one);
  const bug = new TypeError("a bug");
  const synced = durability.sync();
  await settled();
  one.ends[0](bug);
  assertStrictEquals(await synced.catch((error) => error), bug);
  assertEquals(failures(), 0);
});

test("a folder that cannot be synced fails the file's sync", async () => {
  const { durability, file } = makeScene();
  const one = file("one");
  durability.wrote(one);
  (durability as unknown as { storage: Storage }).storage.syncDirectoryLater = () => Promise.reject(eio);
  const error = await assertRejects(() => durability.sync(), StorageError);
  assertEquals(error.mayBeStored, true);
});

test("after a failed sync of the folder all names are in doubt but those that an earlier one covered", async () => {
  const done: string[] = [];
  const { storage, syncs } = folderOf(["known", "listed", "appended"], { error: undefined });
  const failures: string[] = [];
  const first = new Durability(storage, "folder");
  const sync = async (durability: Durability, name: string): Promise<void> => {
    const file = new ScriptedFile(`folder/${name}`, done);
    durability.opened(file);
    durability.wrote(file);
    const synced = durability.sync([file]).catch((error) => {
      assertEquals(error.cause, eio);
      failures.push(name);
    });
    await settled();
    for (const end of file.ends) end();
    await synced;
  };
  await sync(first, "known");
  syncs.error = eio;
  await sync(first, "appended");
  assertEquals(failures.splice(0), ["appended"]);
  syncs.error = undefined;
  // Another producer of this process, which has the failure from the first one alone.
  const other = new Durability(storage, "folder");
  for (const name of ["known", "listed", "appended", "made since"]) await sync(other, name);
  assertEquals(failures, ["listed", "appended"]);
});

test("a blocking sync of a name that is in doubt fails as well", () => {
  const { storage, syncs } = folderOf(["one"], { error: eio });
  for (let producer = 0; producer < 2; producer++) {
    const durability = new Durability(storage, "folder");
    const file = new ScriptedFile("folder/one", []);
    durability.opened(file);
    durability.wrote(file);
    assertEquals(assertThrows(() => durability.syncNow([file]), StorageError).cause, eio);
    syncs.error = undefined;
  }
});

test("a bug met while the folder is synced is passed on, and leaves no name in doubt", async () => {
  const bug = new TypeError("a bug");
  const { storage, syncs } = folderOf(["one"], { error: bug });
  const durability = new Durability(storage, "folder");
  const one = new ScriptedFile("folder/one", []);
  durability.opened(one);
  durability.wrote(one);
  assertStrictEquals(await durability.sync().catch((error) => error), bug);
  syncs.error = undefined;
  const synced = durability.sync();
  await settled();
  one.ends[0]();
  await synced;
  // What is appended to a file that is not registered needs no sync.
  durability.wrote(new ScriptedFile("unknown", []));
});

test("a blocking sync opens the file separately, since a failure is reported once per open file", () => {
  const { durability, done, file, twins, failures } = makeScene();
  const one = file("one", true);
  durability.wrote(one);
  durability.syncNow([one, new ScriptedFile("unknown", done)]);
  assertEquals(done, ["syncDirectory folder", "syncNow twin of one"]);
  durability.wrote(one);
  twins[0].blockingError = eio;
  const failure = assertThrows(() => durability.syncNow([one]), StorageError);
  assertEquals([failure.errno, failure.mayBeStored, failures()], ["EIO", true, 1]);
  assertStrictEquals(assertThrows(() => durability.syncNow([one])), failure);
  // Without one, the file itself.
  const other = file("other");
  durability.wrote(other);
  durability.syncNow([other]);
  assertEquals(done.at(-1), "syncNow other");
});

test("after a blocking sync there is nothing to sync, unless another one is running", async () => {
  const { durability, done, file } = makeScene();
  const one = file("one", true);
  durability.wrote(one);
  durability.syncNow([one]);
  await durability.sync();
  assertEquals(done.filter((step) => step === "sync one").length, 0);
  durability.wrote(one);
  const running = watch(durability.sync());
  await settled();
  durability.wrote(one);
  durability.syncNow([one]);
  const next = watch(durability.sync());
  await settled();
  one.ends[0](eio);
  await settled();
  assert(running.state instanceof StorageError);
  assert(next.state instanceof StorageError);
});

test("a failing blocking sync fails the running sync as well", async () => {
  const { durability, file, twins } = makeScene();
  const one = file("one", true);
  durability.wrote(one);
  const running = watch(durability.sync());
  await settled();
  twins[0].blockingError = eio;
  const failure = assertThrows(() => durability.syncNow([one]));
  one.ends[0]();
  await settled();
  assertStrictEquals(running.state, failure);
});

test("a sync failure elsewhere counts for the file, and the first failure is kept", () => {
  const { durability, done, file, failures } = makeScene();
  const one = file("one");
  const failure = durability.syncFailed(one, eio) as StorageError;
  assertEquals([failure.errno, failure.mayBeStored, failures()], ["EIO", true, 1]);
  const other = new StorageError("ENOSPC", "Cannot sync: the disk is full");
  assertStrictEquals(durability.syncFailed(one, other), failure);
  assertStrictEquals(durability.syncFailed(new ScriptedFile("unknown", done), other), other);
  assertEquals(failures(), 1);
});

test("a file that is no longer appended to is closed when it is on the disk", async () => {
  const { durability, done, file } = makeScene();
  const clean = file("clean", true);
  durability.retire(clean);
  assertEquals(done, ["twin of clean", "clean"].map((name) => `close ${name}`));
  const unknown = new ScriptedFile("unknown", done);
  durability.retire(unknown);
  assertEquals(done.at(-1), "close unknown");

  done.length = 0;
  const dirty = file("dirty");
  durability.wrote(dirty);
  durability.retire(dirty);
  assertEquals(done, []);
  const synced = durability.sync();
  await settled();
  assertEquals(done, ["syncDirectory folder", "sync dirty"]);
  dirty.ends[0]();
  await synced;
  await settled();
  assertEquals(done.at(-1), "close dirty");
  // It is forgotten: nothing is synced, or closed, twice.
  await durability.sync();
  durability.close();
  assertEquals(done, ["syncDirectory folder", "sync dirty", "close dirty"]);
});

test("a file is not closed while its only sync is running", async () => {
  const { durability, done, file } = makeScene();
  const one = file("one");
  durability.wrote(one);
  const sync = durability.sync();
  await settled();
  durability.retire(one);
  assertEquals(done.includes("close one"), false);
  one.ends[0]();
  await sync;
  await settled();
  assertEquals(done.at(-1), "close one");
});

test("a file with a running or pending sync is closed after it, and one whose sync failed at once", async () => {
  const { durability, done, file } = makeScene();
  const one = file("one");
  durability.wrote(one);
  durability.sync();
  await settled();
  durability.wrote(one);
  const next = durability.sync();
  await settled();
  durability.retire(one);
  one.ends[0]();
  await settled();
  assertEquals(done.includes("close one"), false);
  one.ends[1]();
  await next;
  await settled();
  assertEquals(done.at(-1), "close one");

  const failed = file("failed");
  durability.wrote(failed);
  const sync = durability.sync();
  await settled();
  failed.ends[0](eio);
  await sync.catch(() => {});
  await settled();
  assertEquals(done.includes("close failed"), false);
  durability.retire(failed);
  assertEquals(done.at(-1), "close failed");
});

test("a file that was closed after its sync had failed stays in doubt, and so does what asks for it again", async () => {
  const { durability, file } = makeScene();
  const [failed, good] = [file("failed"), file("good")];
  for (const one of [failed, good]) durability.wrote(one);
  const sync = durability.sync([failed]);
  await settled();
  failed.ends[0](eio);
  const reason = await assertRejects(() => sync, StorageError);
  durability.retire(failed);
  const both = durability.sync([good, failed]);
  await settled();
  good.ends[0]();
  assertEquals(await assertRejects(() => both, StorageError), reason);
  assertEquals(assertThrows(() => durability.syncNow([failed]), StorageError), reason);
  durability.retire(good);
  await durability.sync([good]);
  durability.syncNow([good]);
});

test("a blocking sync closes files that are no longer appended to", () => {
  const { durability, done, file } = makeScene();
  const one = file("one", true);
  durability.wrote(one);
  durability.retire(one);
  durability.syncNow([one]);
  assertEquals(done.slice(-2), ["close twin of one", "close one"]);
});

test("closing closes every file without a sync, and waits for those that are running or were asked for", async () => {
  const { durability, done, file } = makeScene();
  const [dirty, running] = [file("dirty"), file("running")];
  durability.wrote(dirty);
  durability.wrote(running);
  durability.sync([running]);
  await settled();
  durability.wrote(running);
  const next = watch(durability.sync([running]));
  durability.close();
  assertEquals(done, ["syncDirectory folder", "sync running", "close dirty"]);
  running.ends[0]();
  await settled();
  assertEquals([done.at(-1), done.includes("close running")], ["sync running", false]);
  running.ends[1]();
  await settled();
  assertEquals([done.at(-1), next.state], ["close running", "resolved"]);
});

test("the folder with the topics is synced once, unless this process may not open it, and again after a failure", () => {
  let synced: string[] = [];
  let errno: string | undefined;
  const storage: Storage = {
    ...nodeStorage,
    list: () => [],
    publish: () => false,
    syncDirectory: (path) => {
      synced.push(path);
      if (path === "top" && errno !== undefined) throw new StorageError(errno, "Cannot sync: simulated");
    },
  };
  const confirms = (durability: Durability, name: string): boolean => {
    const file = new ScriptedFile(`folder/${name}`, []);
    durability.opened(file);
    durability.wrote(file);
    try {
      durability.syncNow([file]);
      return true;
    } catch (error) {
      assertEquals((error as StorageError).errno, errno ?? "EIO");
      return false;
    }
  };
  const opened = (): Durability => new Durability(storage, "folder", { topFolder: "top" });
  const first = opened();
  assertEquals([confirms(first, "one"), confirms(first, "two")], [true, true]);
  assertEquals(synced, ["top", "folder", "folder"]);
  synced = [];
  assertEquals(confirms(new Durability(storage, "folder"), "one"), true);
  assertEquals(synced, ["folder"]);
  const outcomes = ["EACCES", "EPERM", "EMFILE", undefined, "EIO", "EACCES", undefined].map((next) => {
    errno = next;
    return confirms(opened(), "one");
  });
  assertEquals(outcomes, [true, true, false, true, false, false, true]);
});

test("the folder with the topics is changed before it is synced, which may fail unless a sync of it has failed before", () => {
  const changed = new Set<string>();
  let isFull = true;
  let error: unknown;
  const storage: Storage = {
    ...nodeStorage,
    list: () => [],
    publish: (path) => {
      changed.add(path);
      if (isFull) throw new StorageError("ENOSPC", "Cannot write: the disk is full");
      return false;
    },
    syncDirectory: (path, change) => {
      change?.();
      if (path === "top" && error !== undefined) throw error;
    },
  };
  const confirms = (): boolean => {
    const durability = new Durability(storage, "folder", { topFolder: "top" });
    const file = new ScriptedFile("folder/one", []);
    durability.opened(file);
    durability.wrote(file);
    try {
      durability.syncNow([file]);
      return true;
    } catch {
      return false;
    }
  };
  assertEquals(confirms(), true);
  assertEquals([...changed], ["top/.creating-", "folder/one"]);
  error = eio;
  assertEquals(confirms(), false);
  error = undefined;
  assertEquals(confirms(), false);
  isFull = false;
  assertEquals(confirms(), true);
  isFull = true;
  assertEquals(confirms(), true);
});

test("a sync of the folder with the topics that began before another one failed proves nothing after that", async () => {
  const ends: ((error?: unknown) => void)[] = [];
  const storage: Storage = {
    ...nodeStorage,
    list: () => [],
    publish: () => false,
    syncDirectoryLater: (path) =>
      path !== "top"
        ? Promise.resolve()
        : new Promise((resolve, reject) =>
          ends.push((error) => error === undefined ? resolve() : reject(error))
        ),
  };
  const begun = (name: string) => {
    const durability = new Durability(storage, "folder", { topFolder: "top" });
    const file = new ScriptedFile(`folder/${name}`, []);
    file.sync = () => Promise.resolve();
    durability.opened(file);
    durability.wrote(file);
    return watch(durability.sync());
  };
  const [failing, other] = [begun("one"), begun("two")];
  ends[0](eio);
  await settled();
  ends[1]();
  await settled();
  const later = begun("three");
  ends[2]();
  await settled();
  assertEquals([failing, other].map(({ state }) => (state as StorageError).errno), ["EIO", "EIO"]);
  assertEquals(later.state, "resolved");
});

test("a file that is settled is synced at once, and its name with the next sync, also if it was closed", async () => {
  const { durability, done, file } = makeScene();
  const [one, two] = [file("one"), file("two")];
  assertEquals([durability.settle(one), durability.closeRetired(), done], [true, false, []]);
  for (const each of [one, two]) durability.wrote(each);
  durability.retire(two);
  assertEquals([durability.closeRetired(), done.splice(0)], [true, ["syncNow two", "close two"]]);
  assertEquals([durability.settle(one), done.splice(0)], [true, ["syncNow one"]]);
  durability.retire(one);
  await durability.sync();
  await durability.sync();
  assertEquals(done, ["close one", "syncDirectory folder"]);
});

test("a file is not settled while a sync of it is running", async () => {
  const { durability, file } = makeScene();
  const one = file("one");
  durability.wrote(one);
  const sync = durability.sync();
  assertEquals(durability.settle(one), false);
  await settled();
  one.ends[0]!();
  await sync;
  assertEquals(durability.settle(one), true);
});

// The folder took the last descriptor, and so the file that was to be synced next was closed: its sync failed (EBADF), and
// what was stored was called lost.
test("a file is not settled while a blocking sync of its names needs a descriptor", () => {
  const done: string[] = [];
  const one = new ScriptedFile("folder/one", done);
  const closeIdle = () => {
    if (durability.settle(one)) durability.retire(one);
  };
  const durability = new Durability({ ...nodeStorage, ...folderSyncs(closeIdle) }, "folder");
  durability.opened(one);
  durability.wrote(one);
  durability.syncNow([one]);
  assertEquals(done, ["syncNow folder/one"]);
  closeIdle();
  assertEquals(done, ["syncNow folder/one", "close folder/one"]);
});

test("a blocking sync covers the names of files that were closed before", () => {
  const { durability, done, file } = makeScene();
  const one = file("one");
  durability.wrote(one);
  durability.settle(one);
  durability.retire(one);
  durability.syncNow([one]);
  durability.syncNow([one]);
  assertEquals(done, ["syncNow one", "close one", "syncDirectory folder"]);
});

test("a failed sync of a file that was to be settled is final", async () => {
  const { durability, file, failures } = makeScene();
  const one = file("one");
  durability.wrote(one);
  one.blockingError = eio;
  assertThrows(() => durability.settle(one), StorageError, "may be lost");
  assertThrows(() => durability.settle(one), StorageError, "may be lost");
  assertEquals(failures(), 1);
  await assertRejects(() => durability.sync(), StorageError, "may be lost");
});

test("the names of a settled file that are lost fail every later sync", async () => {
  const { storage, syncs } = folderOf(["one"], { error: undefined });
  let failures = 0;
  const durability = new Durability(storage, "folder", { failed: () => void failures++ });
  const one = new ScriptedFile("folder/one", []);
  durability.opened(one);
  durability.wrote(one);
  durability.settle(one);
  durability.retire(one);
  syncs.error = new StorageError("EMFILE", "Cannot sync: too many open files");
  await assertRejects(() => durability.sync(), StorageError, "not known to be on the disk");
  assertEquals(failures, 0);
  syncs.error = eio;
  await assertRejects(() => durability.sync(), StorageError, "may be lost");
  syncs.error = undefined;
  await assertRejects(() => durability.sync(), StorageError, "may be lost");
  assert(failures > 0);
});
