// The calls that the storage port makes of `node:fs`, and what it makes of answers that real disks rarely give.
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import * as nodeFs from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { StorageError } from "../../mod.ts";
import { nodeStorage, storageOn } from "../../src/storage/node.ts";
import { isSameFile, type PathState, type Storage, type StorageFile } from "../../src/storage/port.ts";
import type { FileSystem } from "../../src/storage/system.ts";
import { test } from "../harness.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A folder of the real disk, whose calls are recorded, and answered by `changes` where it has them. */
class Recorded {
  readonly folder = nodeFs.mkdtempSync(join(tmpdir(), "diaspora-calls-"));
  readonly calls: string[] = [];
  readonly storage: Storage;
  /** Descriptors that were opened and not closed. */
  readonly open = new Set<number>();

  constructor(changes: Partial<FileSystem> = {}, windows = false) {
    const fs = { ...nodeFs, ...changes } as FileSystem;
    const recorded = new Proxy(fs, {
      get: (_, name: keyof FileSystem) => (...args: never[]) => {
        this.calls.push(name);
        const result = (fs[name] as (...args: never[]) => unknown)(...args);
        if (name === "openSync") this.open.add(result as number);
        if (name === "closeSync") this.open.delete(args[0]);
        return result;
      },
    });
    this.storage = storageOn({ fs: recorded, windows });
  }

  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  names(): string[] {
    return nodeFs.readdirSync(this.folder).sort();
  }

  [Symbol.dispose](): void {
    nodeFs.rmSync(this.folder, { recursive: true, force: true });
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

test("a draft is synced and closed before it gets its name, and its own name goes", () => {
  using disk = new Recorded();
  disk.storage.publish(disk.path("file"), bytes("content"));
  const order = ["openSync", "writeSync", "fdatasyncSync", "closeSync", "linkSync", "rmSync"];
  assertEquals(disk.calls.filter((name) => order.includes(name)), order);
  disk.calls.length = 0;
  disk.storage.publish(disk.path("worthless"), bytes(""), { durable: false });
  assertEquals(disk.calls.filter((name) => /sync$|Sync$/.test(name) && /^f/.test(name)), []);
  disk.calls.length = 0;
  disk.storage.replace(disk.path("file"), bytes("other"));
  assertEquals(disk.calls.indexOf("fdatasyncSync") < disk.calls.indexOf("renameSync"), true);
  assertEquals([disk.calls.includes("fdatasyncSync"), disk.open.size], [true, 0]);
  assertEquals(disk.names(), ["file", "worthless"]);
});

test("drafts have eight digits and the suffix that readers ignore, and others may write them", () => {
  const drafts: string[] = [];
  const modes: unknown[] = [];
  using disk = new Recorded({
    openSync: ((path: string, flags: string, mode: number) => {
      drafts.push(basename(path));
      modes.push(flags, mode);
      return nodeFs.openSync(path, flags, mode);
    }) as FileSystem["openSync"],
  });
  for (let count = 0; count < 12; count++) {
    disk.storage.publish(disk.path(`${count}`), bytes("x"), { durable: false });
  }
  for (const [count, draft] of drafts.entries()) {
    assert(new RegExp(`^${count}\\.[0-9a-f]{8}\\.draft$`).test(draft), draft);
  }
  assertEquals([...new Set(modes)], ["wx", 0o666]);
});

test("a draft is written in as many pieces as the system takes, each where the last one ended", () => {
  using disk = new Recorded({
    writeSync: ((fd: number, from: Uint8Array, at: number, size: number) =>
      nodeFs.writeSync(fd, from, at, Math.min(size, 3))) as FileSystem["writeSync"],
  });
  disk.storage.publish(disk.path("file"), bytes("ten bytes."));
  assertEquals(nodeFs.readFileSync(disk.path("file"), "utf8"), "ten bytes.");
  assertEquals(disk.calls.filter((name) => name === "writeSync").length, 4);
});

test("a system that takes nothing, or fails, leaves no draft, no descriptor, and says so once", () => {
  for (
    const [answer, errno, canRetry] of [
      [() => 0, "ENOSPC", true],
      [
        () => {
          throw systemError("EIO");
        },
        "EIO",
        false,
      ],
    ] as [() => number, string, boolean][]
  ) {
    using disk = new Recorded({ writeSync: answer as FileSystem["writeSync"] });
    const path = disk.path("file");
    const error = assertThrows(
      () => disk.storage.publish(path, bytes("x")),
      StorageError,
      `Cannot write "${path}"`,
    );
    assertEquals([error.errno, error.canRetry, disk.names(), disk.open.size], [errno, canRetry, [], 0]);
  }
});

test("a draft that cannot be removed does not hide that its file was published, or why not", () => {
  let isPublished = true;
  using disk = new Recorded({
    rmSync: () => {
      throw systemError("EACCES");
    },
    linkSync: (from, to) => {
      if (!isPublished) throw systemError("EDQUOT");
      nodeFs.linkSync(from, to);
    },
  });
  assertEquals(disk.storage.publish(disk.path("file"), bytes("x")), true);
  isPublished = false;
  const other = disk.path("other");
  const error = assertThrows(
    () => disk.storage.publish(other, bytes("x")),
    StorageError,
    `Cannot publish "${other}"`,
  );
  assertEquals(error.errno, "EDQUOT");
});

/** A disk that removes the first drafts just before they get their names. */
function removing(drafts: number, alsoReplaceFolder = false): { disk: Recorded; tried: () => number } {
  let tried = 0;
  const disk: Recorded = new Recorded({
    linkSync: (from, to) => {
      if (++tried <= drafts) {
        nodeFs.rmSync(from);
        if (alsoReplaceFolder) {
          nodeFs.renameSync(disk.folder, `${disk.folder}.old`);
          nodeFs.mkdirSync(disk.folder);
          nodeFs.rmSync(`${disk.folder}.old`, { recursive: true });
        }
      }
      nodeFs.linkSync(from, to);
    },
  });
  return { disk, tried: () => tried };
}

test("a draft that another process removed is written again, three times in all", () => {
  for (const [drafts, isDone] of [[0, true], [1, true], [2, true], [3, false]] as const) {
    const { disk, tried } = removing(drafts);
    using _ = disk;
    const publish = () => disk.storage.publish(disk.path("file"), bytes("x"));
    if (isDone) assertEquals(publish(), true);
    else assertStrictEquals(assertThrows(publish, StorageError).errno, "ENOENT");
    assertEquals([tried(), disk.names()], [Math.min(drafts + 1, 3), isDone ? ["file"] : []]);
  }
});

test("a draft is not written again in a folder that took the place of its own, or after another failure", () => {
  const { disk, tried } = removing(1, true);
  using _ = disk;
  assertThrows(() => disk.storage.publish(disk.path("file"), bytes("x")), StorageError, "ENOENT");
  assertEquals([tried(), disk.names()], [1, []]);
  // The draft is there, and something else is missing; or it is not, and that is not why.
  for (const [errno, isRemoved] of [["ENOENT", false], ["EIO", true]] as const) {
    let failed = 0;
    using failing = new Recorded({
      linkSync: (from) => {
        failed++;
        if (isRemoved) nodeFs.rmSync(from);
        throw systemError(errno);
      },
    });
    assertThrows(() => failing.storage.publish(failing.path("file"), bytes("x")), StorageError, errno);
    assertEquals(failed, 1);
  }
});

test("no more than the bytes asked for are read of a file, in as many pieces as the system gives", () => {
  using disk = new Recorded({
    readSync: ((fd: number, into: Uint8Array, at: number, size: number, offset: number) =>
      nodeFs.readSync(fd, into, at, Math.min(size, 3), offset)) as FileSystem["readSync"],
  });
  disk.storage.publish(disk.path("file"), bytes("ten bytes."));
  const read = (bytesMax?: number) =>
    new TextDecoder().decode(disk.storage.readWhole(disk.path("file"), bytesMax));
  for (
    const [bytesMax, text] of [[0, ""], [1, "t"], [7, "ten byt"], [9, "ten bytes"], [
      10,
      "ten bytes.",
    ]] as const
  ) {
    assertEquals(read(bytesMax), text);
  }
  assertEquals([read(11), read(), disk.open.size], ["ten bytes.", "ten bytes.", 0]);
});

test("a file that becomes shorter while it is read gives what is left of it", () => {
  using disk = new Recorded({
    readSync: ((fd: number, into: Uint8Array, at: number, size: number, offset: number) =>
      offset >= 4 ? 0 : nodeFs.readSync(fd, into, at, Math.min(size, 4), offset)) as FileSystem["readSync"],
  });
  disk.storage.publish(disk.path("file"), bytes("ten bytes."));
  assertEquals(disk.storage.readWhole(disk.path("file"), 8), bytes("ten "));
});

test("a failed read closes its file, and says which one it was", () => {
  using disk = new Recorded({
    fstatSync: (() => {
      throw systemError("EIO");
    }) as unknown as FileSystem["fstatSync"],
    openSync: ((path: string, flags: number) => {
      if (path.endsWith("locked")) throw systemError("EACCES");
      return nodeFs.openSync(path, flags);
    }) as FileSystem["openSync"],
  });
  for (const [name, errno] of [["file", "EIO"], ["locked", "EACCES"]]) {
    nodeFs.writeFileSync(disk.path(name), "x");
    const error = assertThrows(
      () => disk.storage.readWhole(disk.path(name)),
      StorageError,
      `Cannot read "${disk.path(name)}"`,
    );
    assertEquals([error.errno, disk.open.size], [errno, 0]);
  }
});

test("on Windows the removal of a tree is tried ten times, since what others have open stays for a moment", () => {
  const often = { force: true, recursive: true, maxRetries: 10, retryDelay: 20 };
  // Bun's own removal would not end on FUSE; those of the others are faster than many calls.
  const once = { force: true, recursive: "Bun" in globalThis ? undefined : true };
  for (const [windows, expected] of [[true, often], [false, once]] as const) {
    const options: nodeFs.RmOptions[] = [];
    using disk = new Recorded({ rmSync: (_, how) => void options.push({ ...how }) }, windows);
    disk.storage.removeTree(disk.path("tree"));
    assertEquals(JSON.stringify(options), JSON.stringify([expected]));
  }
});

test("on Windows a file gets the name of a draft before it is removed, unless a program does not allow that", () => {
  for (const [error, steps] of [[undefined, 2], ["EPERM", 1], ["ENOENT", 0]] as const) {
    const removed: string[] = [];
    using disk = new Recorded({
      renameSync: (from, to) => {
        if (error !== undefined) throw systemError(error);
        nodeFs.renameSync(from, to);
      },
      rmSync: (path) => void removed.push(basename(String(path))),
    }, true);
    nodeFs.writeFileSync(disk.path("file"), "");
    disk.storage.remove(disk.path("file"));
    const expected = [[], ["file"], disk.names()][steps]!;
    assertEquals(removed, expected);
    assertEquals(disk.names().every((name) => name.endsWith(".draft")), steps === 2);
  }
});

test("each call that fails says what it was to do, and to what", () => {
  const fail = () => {
    throw systemError("EIO");
  };
  const failing = Object.fromEntries(
    ["openSync", "readdirSync", "lstatSync", "mkdirSync", "renameSync", "rmSync"].map((name) => [name, fail]),
  );
  using disk = new Recorded(failing as Partial<FileSystem>);
  const { storage } = disk;
  for (
    const [call, verb] of [
      [() => storage.open("/a/path", "read"), "open"],
      [() => storage.list("/a/path"), "list"],
      [() => storage.stat("/a/path"), "look at"],
      [() => storage.makeDirectory("/a/path"), "make folder"],
      [() => storage.rename("/a/path", "/other"), "rename"],
      [() => storage.remove("/a/path"), "remove"],
      [() => storage.removeTree("/a/path"), "remove"],
      [() => storage.syncDirectory("/a/path"), "sync"],
      [() => storage.publish("/a/path", bytes("x")), "look at"],
    ] as [() => unknown, string][]
  ) assertThrows(call, StorageError, `Cannot ${verb} "/a`);
});

test("a draft that cannot be opened, and a rename that Windows would not do, say what was not done", () => {
  using disk = new Recorded({
    openSync: () => {
      throw systemError("EACCES");
    },
  });
  const path = disk.path("file");
  assertThrows(() => disk.storage.publish(path, bytes("x")), StorageError, `Cannot write "${path}"`);
  using windows = new Recorded({
    renameSync: () => {
      throw systemError("EPERM");
    },
  }, true);
  for (const name of ["folder", "other"]) nodeFs.mkdirSync(windows.path(name));
  nodeFs.writeFileSync(windows.path("folder/file"), "");
  const error = assertThrows(
    () => windows.storage.rename(windows.path("other"), windows.path("folder")),
    StorageError,
    "something already exists there",
  );
  assertEquals(error.errno, "ENOTEMPTY");
});

test("a watch keeps the process running, ends when it fails, and is left out where there is none", () => {
  const listening = new Map<string, () => void>();
  let closed = 0;
  const options: unknown[] = [];
  using disk = new Recorded({
    watch: ((_: string, how: unknown) => {
      options.push(how);
      return {
        on: (event: string, listen: () => void) => listening.set(event, listen),
        close: () => closed++,
      };
    }) as unknown as FileSystem["watch"],
  });
  assert(disk.storage.watch(disk.folder, () => {}) !== undefined);
  assertEquals([...listening.keys()], ["error"]);
  listening.get("error")!();
  assertEquals([options, closed], [[{ persistent: true }], 1]);
  using none = new Recorded({
    watch: (() => {
      throw systemError("ENOSPC");
    }) as unknown as FileSystem["watch"],
  });
  assertEquals(none.storage.watch(none.folder, () => {}), undefined);
});

test("a pause blocks at least as long as it is asked to", () => {
  const begun = performance.now();
  nodeStorage.pause(15);
  // Timers of some systems are a little early.
  assert(performance.now() - begun > 12);
});

test("a file that is kept when it is published is open for updates, and is the one at its path; others are closed", () => {
  using disk = new Recorded();
  const path = disk.path("file");
  let kept: { file: StorageFile; state: PathState } | undefined;
  const keep = (file: StorageFile, state: PathState) => kept = { file, state };
  assertEquals(disk.storage.publish(path, bytes("content"), { durable: false, keep }), true);
  const { file, state } = kept!;
  assertEquals([disk.open.size, disk.names(), file.path, file.size()], [1, ["file"], path, 7]);
  assertEquals(isSameFile(state, disk.storage.stat(path)!), true);
  const into = new Uint8Array(7);
  assertEquals([file.writeAt(bytes("C"), 0), file.readAt(into, 0)], [1, 7]);
  assertEquals(new TextDecoder().decode(into), "Content");
  kept = undefined;
  assertEquals([disk.storage.publish(path, bytes("other"), { keep }), kept], [false, undefined]);
  assertEquals(disk.storage.publish(disk.path("new"), bytes("other"), { keep, confirm: () => false }), false);
  assertEquals([kept, disk.open.size], [undefined, 1]);
  file.close();
  assertEquals([disk.open.size, disk.names()], [0, ["file"]]);
});

test("a folder whose sync fails without blocking says so, and is closed", async () => {
  using disk = new Recorded({
    fsync: ((_: number, done: (error: Error | null) => void) => done(systemError("EIO"))) as never,
  });
  const error = await assertRejects(() => disk.storage.syncDirectoryLater(disk.folder), StorageError);
  assertEquals([error.errno, error.message.includes(`Cannot sync "${disk.folder}"`)], ["EIO", true]);
  assertEquals(disk.open.size, 0);
});

test("the clock is never before 1970", () => {
  const { now } = Date;
  try {
    Date.now = () => -5;
    assertEquals(nodeStorage.now(), 0);
    Date.now = () => 7;
    assertEquals(nodeStorage.now(), 7);
  } finally {
    Date.now = now;
  }
});

/** The errors after which a call of the system is answered as if nothing was wrong, of some that it may give. */
function toleratedErrors(tolerates: (errno: string) => boolean): string[] {
  const errnos = ["EPERM", "EACCES", "EBUSY", "EEXIST", "ENOTEMPTY", "EISDIR", "EINVAL", "ENOTSUP", "EBADF"];
  return [...errnos, "EOPNOTSUPP", "ENOSYS", "EIO", "ENOENT"].filter(tolerates);
}

/** Whether an action ends without an error. */
function succeeds(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    assertEquals(error instanceof StorageError, true);
    return false;
  }
}

test("which errors mean that Windows holds a name for a moment, or syncs no folder, and that a disk has no links", () => {
  const failing = (call: keyof FileSystem, errno: string, times = Infinity) => {
    let left = times;
    const answer = (...args: never[]) => {
      if (left-- > 0) throw systemError(errno);
      return (nodeFs[call] as (...args: never[]) => unknown)(...args);
    };
    return { [call]: answer } as Partial<FileSystem>;
  };
  const renames = (windows: boolean) => (errno: string) => {
    using disk = new Recorded(failing("renameSync", errno, 2), windows);
    nodeFs.writeFileSync(disk.path("one"), "");
    return succeeds(() => disk.storage.rename(disk.path("one"), disk.path("other")));
  };
  assertEquals(toleratedErrors(renames(true)), ["EPERM", "EACCES", "EBUSY", "EEXIST", "ENOTEMPTY"]);
  assertEquals(toleratedErrors(renames(false)), []);
  const syncs = (windows: boolean) => (errno: string) => {
    using disk = new Recorded(failing("fsyncSync", errno), windows);
    return succeeds(() => disk.storage.syncDirectory(disk.folder));
  };
  assertEquals(toleratedErrors(syncs(true)), ["EPERM", "EACCES", "EISDIR", "EINVAL", "ENOTSUP", "EBADF"]);
  assertEquals(toleratedErrors(syncs(false)), []);
  const links = (errno: string) => {
    using disk = new Recorded(failing("linkSync", errno));
    return succeeds(() =>
      assertEquals(disk.storage.publish(disk.path("file"), bytes("")), errno !== "EEXIST")
    );
  };
  const withoutLinks = ["EPERM", "EISDIR", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];
  assertEquals(toleratedErrors(links).filter((errno) => errno !== "EEXIST"), withoutLinks);
});

/** What Windows answers instead of renaming over something. */
const held = (times = Infinity): Partial<FileSystem> => {
  let left = times;
  return {
    renameSync: (from, to) => {
      if (left-- > 0) throw systemError("EPERM");
      nodeFs.renameSync(from, to);
    },
  };
};

test("on Windows a rename waits for what is held, and says what stands in its way", () => {
  const outcome = (fs: Partial<FileSystem>, from: string, to: string): string => {
    using disk = new Recorded(fs, true);
    for (const name of ["file", "other"]) nodeFs.writeFileSync(disk.path(name), name);
    for (const name of ["folder", "empty", "full", "full/of"]) nodeFs.mkdirSync(disk.path(name));
    try {
      disk.storage.rename(disk.path(from), disk.path(to));
    } catch (error) {
      return (error as StorageError).errno;
    }
    assertEquals([disk.names().includes(from), disk.names().includes(to)], [false, true]);
    return "renamed";
  };
  assertEquals(outcome(held(), "file", "folder"), "EISDIR");
  assertEquals(outcome(held(), "folder", "file"), "ENOTDIR");
  assertEquals(outcome(held(), "folder", "full"), "ENOTEMPTY");
  assertEquals(outcome(held(1), "folder", "empty"), "renamed");
  assertEquals(outcome(held(3), "file", "other"), "renamed");
  assertEquals(outcome(held(3), "folder", "new"), "renamed");
});

test("a draft that is to be kept and cannot be written is closed", () => {
  using disk = new Recorded({
    writeSync: () => {
      throw systemError("EIO");
    },
  } as Partial<FileSystem>);
  const publish = () => disk.storage.publish(disk.path("file"), bytes("content"), { keep: () => {} });
  assertThrows(publish, StorageError, "EIO");
  assertEquals([disk.open.size, disk.names()], [0, []]);
});

test("a file that another machine has removed has the size -1, and one that cannot be looked at is an error", () => {
  let error: Error | undefined;
  using disk = new Recorded({
    fstatSync: ((fd: number) => {
      if (error !== undefined) throw error;
      return nodeFs.fstatSync(fd);
    }) as never,
  });
  disk.storage.publish(disk.path("file"), bytes("content"));
  const file = disk.storage.open(disk.path("file"), "read");
  for (
    const [errno, isThere, expected] of [["ESTALE", true, "ESTALE"], ["ESTALE", false, -1], [
      "EIO",
      false,
      "EIO",
    ]]
  ) {
    if (!isThere) disk.storage.remove(disk.path("file"));
    error = systemError(errno as string);
    if (expected === -1) assertEquals(file.size(), -1);
    else assertEquals(assertThrows(() => file.size(), StorageError).errno, expected);
    error = undefined;
  }
  file.close();
});
