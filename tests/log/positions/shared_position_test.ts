// The files of several consumers of one name: what is stored again when others come between, and which files are
// folded into one.
import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { StorageError } from "../../../mod.ts";
import type { OwnCursorFile } from "../../../src/log/positions/own_cursor_file.ts";
import { encodeSlot, POSITION_SLOT_BYTES } from "../../../src/log/positions/position_slot.ts";
import { ROOT } from "../../drivers/files/simulated_folder.ts";
import { test } from "../../harness.ts";
import { turn } from "../../waiting.ts";
import { PLAIN, Scene } from "./cursor_scene.ts";

test("a position that is stored already is not written again, and the next one is stored without a look at the folder", () => {
  const scene = new Scene();
  const one = scene.acknowledged(5);
  const before = scene.files;
  for (const nextId of [5, 4]) one.acknowledge({ nextId, time: 9 });
  assertEquals(scene.files, before);
  const calls = scene.callsDuring(() => one.acknowledge({ nextId: 6, time: 0 }));
  assertEquals([calls.includes("list"), calls.includes("readWhole")], [false, false]);
  assertEquals(scene.stored?.nextId, 6);
});

test("files that the folder says are of another name have no position", () => {
  const scene = new Scene();
  scene.acknowledged(100).close();
  const one = scene.cursor({ isThere: () => false });
  assertEquals(one.read(), undefined);
  one.acknowledge({ nextId: 5, time: 0 });
  assertEquals(scene.files.length, 2);
});

test("what a consumer acknowledges when its file is retired is in a file that is not", () => {
  for (const nextId of [5, 6]) {
    const scene = new Scene();
    const one = scene.acknowledged(5);
    scene.retire(PLAIN);
    one.acknowledge({ nextId, time: 0 });
    scene.folder.storage.remove(PLAIN);
    assertEquals(scene.stored?.nextId, nextId);
  }
});

test("a consumer that makes its file beside a seek stores its position in the generation of the seek", () => {
  const scene = new Scene();
  scene.acknowledged(5).close();
  const one = scene.cursor();
  scene.beforeNext("publish", () => scene.cursor().seek({ nextId: 10, time: 0 }));
  one.acknowledge({ nextId: 60, time: 0 });
  assertEquals(scene.stored, { nextId: 60, time: 0, generation: 5 });
});

test("a consumer that makes its file beside a seek beyond what it acknowledges goes on in the generation of the seek", () => {
  const scene = new Scene();
  scene.acknowledged(5).close();
  const one = scene.cursor();
  scene.beforeNext("publish", () => scene.cursor().seek({ nextId: 60, time: 0 }));
  one.acknowledge({ nextId: 50, time: 0 });
  assertEquals(scene.stored, { nextId: 60, time: 0, generation: 5 });
  one.acknowledge({ nextId: 61, time: 0 });
  assertEquals(scene.stored, { nextId: 61, time: 0, generation: 5 });
});

test("consumers that acknowledge in the generation of a seek leave each other's files alone", () => {
  const scene = new Scene();
  scene.cursor().seek({ nextId: 3, time: 0 });
  const cursors = [scene.acknowledged(5), scene.acknowledged(6)];
  const files = scene.files.length;
  for (const [index, cursor] of [...cursors, ...cursors].entries()) {
    cursor.acknowledge({ nextId: 10 + index, time: 0 });
  }
  assertEquals([scene.files.length, scene.unretired.length], [files, files]);
  assertEquals(scene.stored, { nextId: 13, time: 0, generation: 4 });
});

test("of two seeks at once, the one that is done last counts", () => {
  const scene = new Scene();
  scene.acknowledged(5).close();
  const one = scene.cursor();
  scene.beforeNext("publish", () => scene.cursor().seek({ nextId: 50, time: 0 }));
  one.seek({ nextId: 10, time: 0 });
  assertEquals(scene.stored, { nextId: 10, time: 0, generation: 9 });
});

test("a first acknowledgement that comes while a seek makes its file joins the seek, and two at once leave each other alone", () => {
  const scene = new Scene();
  const [one, seeking] = [scene.cursor(), scene.cursor()];
  scene.beforeNext("publish", () => one.acknowledge({ nextId: 5, time: 0 }));
  seeking.seek({ nextId: 3, time: 0 });
  one.acknowledge({ nextId: 6, time: 0 });
  assertEquals(scene.stored, { nextId: 6, time: 0, generation: 4 });
  const other = new Scene();
  other.beforeNext("publish", () => void other.acknowledged(5));
  other.acknowledged(7);
  assertEquals([other.unretired.length, other.stored?.nextId], [2, 7]);
});

test("what others acknowledge after a seek counts, although its process was stopped just after it was stored", () => {
  const scene = new Scene();
  const one = scene.acknowledged(5);
  const stop = () => {
    throw new StorageError("EIO", "stopped");
  };
  scene.beforeNext("publish", () => scene.beforeNext("list", stop));
  assertThrows(() => scene.cursor().seek({ nextId: 3, time: 0 }), StorageError, "stopped");
  assertEquals(scene.stored?.nextId, 3);
  one.acknowledge({ nextId: 6, time: 0 });
  assertEquals(scene.stored, { nextId: 6, time: 0, generation: 5 });
});

/** A scene with that many files of closed consumers beside the plain one, all on the disk. */
function withFiles(count: number, isClosed = true): Scene {
  const scene = new Scene();
  const cursors = Array.from({ length: count + 1 }, (_, index) => scene.acknowledged(index + 1));
  if (isClosed) { for (const cursor of cursors) cursor.close(); }
  for (const { path } of scene.files) {
    const file = scene.folder.storage.open(path, "update");
    file.syncNow();
    file.close();
  }
  scene.folder.storage.syncDirectory(ROOT);
  return scene;
}

test("a consumer whose file is folded into another one just after it wrote has stored its position", () => {
  // When its file is made, and after its position was written.
  for (const looks of [1, 2]) {
    const scene = withFiles(5, false);
    const before = scene.files.map(({ path }) => path);
    scene.retire(...before);
    const isOwn = (path: string) => !before.includes(path);
    const foldOwn = () => {
      const own = scene.files.map(({ path }) => path).filter(isOwn);
      scene.retire(...own);
      scene.folder.storage.publish(
        PLAIN.replace(".pos", ".0000000a.pos"),
        scene.folder.storage.readWhole(own[0])!,
      );
      for (const path of own) scene.folder.storage.remove(path);
    };
    const afterLooks = (count: number) =>
      scene.beforeNext("stat", count === 1 ? foldOwn : () => afterLooks(count - 1), isOwn);
    afterLooks(looks);
    const one = scene.cursor();
    one.acknowledge({ nextId: 7, time: 0 });
    assertEquals([scene.stored?.nextId, scene.openFiles.size], [7, 6 + 2 - looks]);
  }
});

test("a file that others make while a seek is stored in one that was there is retired, too", () => {
  const scene = new Scene();
  const [seeking, one] = [scene.acknowledged(5), scene.cursor()];
  scene.beforeNext("readWhole", () => one.acknowledge({ nextId: 7, time: 0 }));
  seeking.seek({ nextId: 3, time: 0 });
  one.acknowledge({ nextId: 8, time: 0 });
  assertEquals(scene.stored, { nextId: 8, time: 0, generation: 5 });
});

test("the first position of a consumer has to be synced if it must survive a power cut, and no other one", () => {
  for (const keepsFirst of [true, false]) {
    const scene = new Scene();
    for (const isFirst of [true, false]) {
      const cursor = scene.cursor({ keepsFirst });
      cursor.acknowledge({ nextId: isFirst ? 5 : 7, time: 0 });
      assertEquals(cursor.own?.isSyncDue, keepsFirst && isFirst);
    }
  }
});
test("a consumer that was taken for closed because it was idle goes on in another file", () => {
  const scene = withFiles(0);
  const cursors = [1, 2, 3, 4].map((nextId) => scene.acknowledged(10 + nextId));
  scene.folder.disk.clock.pass(60_000);
  scene.acknowledged(50).close();
  assertEquals(scene.files.length, 2);
  for (const [index, cursor] of cursors.entries()) {
    cursor.acknowledge({ nextId: 60 + index, time: 0 });
    assertEquals(scene.stored?.nextId, 60 + index);
    cursor.close();
  }
});

test("a position that is stored in another file just before that is folded is kept", () => {
  const scene = withFiles(0);
  const cursors = [1, 2, 3, 4].map((nextId) => scene.acknowledged(10 + nextId));
  const one = scene.cursor();
  scene.beforeNext("publish", () => {
    cursors[0].acknowledge({ nextId: 70, time: 0 });
    for (const cursor of cursors) cursor.close();
  });
  one.acknowledge({ nextId: 50, time: 0 });
  assertEquals([scene.files.length, scene.stored?.nextId], [2, 70]);
});

test("a consumer whose file is folded into another one while it folds files leaves them", () => {
  const scene = withFiles(4);
  const { length } = scene.files;
  const one = scene.cursor();
  const look = (name: string) => {
    if (name !== "readWhole") return;
    scene.folder.before = () => {};
    const isFolding = scene.files.some(({ isRetired }) => isRetired);
    if (isFolding) scene.retire(...scene.unretired.filter((path) => path !== PLAIN));
    else scene.folder.before = look;
  };
  scene.folder.before = look;
  one.acknowledge({ nextId: 50, time: 0 });
  assertEquals([scene.files.length, scene.stored?.nextId], [length + 1, 50]);
});

test("files of closed consumers are folded once there are four, except the plain one, which stays as it is", () => {
  for (const [others, left] of [[3, 5], [4, 2]] as const) {
    const scene = withFiles(others);
    const cursor = scene.acknowledged(50);
    assertEquals([scene.files.length, scene.unretired.length], [left, left], `${others}`);
    assertEquals([scene.unretired.includes(PLAIN), scene.stored?.nextId], [true, 50]);
    cursor.close();
  }
});

test("files of consumers that are open are not folded, unless they are retired", () => {
  const scene = withFiles(5, false);
  const { files } = scene;
  const one = scene.acknowledged(50);
  assertEquals([scene.files.length, scene.unretired.length], [7, 7]);
  one.close();
  scene.retire(...files.map(({ path }) => path));
  const two = scene.acknowledged(60);
  assertEquals([scene.files.map(({ path }) => path).includes(PLAIN), scene.files.length], [true, 2]);
  assertEquals(scene.stored?.nextId, 60);
  two.close();
});

test("a file of an earlier version is folded like others, once it is idle", () => {
  const scene = withFiles(3);
  scene.folder.storage.remove(PLAIN);
  const bytes = new Uint8Array(64 * POSITION_SLOT_BYTES);
  bytes.set(encodeSlot({ nextId: 9, time: 0, generation: 1, owner: 3, sequence: 0, written: 1 }), 0);
  scene.folder.storage.publish(PLAIN, bytes);
  scene.acknowledged(50).close();
  assertEquals([scene.files.length, scene.stored?.nextId], [1, 50]);
});

test("owners that take a position over one after the other leave a few files", () => {
  const scene = new Scene();
  for (let count = 0; count < 12; count++) {
    const cursor = scene.cursor();
    cursor.take((stored) => ({ nextId: stored?.nextId ?? 3, time: 0 }));
    cursor.close();
  }
  assertEquals([scene.files.length <= 6, scene.stored?.nextId], [true, 3]);
});

test("files that cannot be folded stay, and the position is stored all the same", () => {
  for (const error of [new StorageError("EIO", "cannot remove"), new TypeError("a bug")]) {
    const scene = withFiles(4);
    scene.beforeNext("remove", () => {
      throw error;
    });
    const acknowledge = () => scene.acknowledged(50).close();
    if (error instanceof StorageError) acknowledge();
    else assertThrows(acknowledge, TypeError, "a bug");
    assertEquals([scene.files.length > 2, scene.stored?.nextId], [true, 50]);
  }
});

test("a position that was folded is on the disk before the file that had it is removed", () => {
  // What is not synced may be left all the same.
  for (let chance = 0; chance < 8; chance++) {
    const scene = withFiles(4);
    for (let count = 0; count < chance; count++) scene.folder.disk.random.next32();
    scene.cursor().seek({ nextId: 2, time: 0 });
    assertEquals(scene.files.length, 2);
    scene.folder.disk.powerCut();
    assertEquals(scene.stored, { nextId: 2, time: 0, generation: 5 });
  }
});

test("a seek back from a position whose event is known counts, and what is known of the one before stays", () => {
  const mark = (salt: number) => ({ salt, nonce: 7, sequence: 1 });
  const scene = new Scene();
  const one = scene.cursor();
  for (const salt of [5, 9, 12]) one.acknowledge({ nextId: salt, time: 0, mark: mark(salt) });
  one.seek({ nextId: 10, time: 0, mark: mark(9) });
  const read = () => {
    const { nextId, earlier } = scene.cursor().read()!;
    return [nextId, ...earlier!.map((each) => each.nextId)];
  };
  assertEquals(read(), [10, 9]);
  one.close();
  const two = scene.cursor();
  two.seek({ nextId: 3, time: 0 });
  assertEquals(read()[0], 3);
  two.close();
});

test("a new file has the last earlier position that names its frame, after one that names none", () => {
  const scene = new Scene();
  const one = scene.cursor();
  one.acknowledge({ nextId: 5, time: 0, mark: { salt: 1, nonce: 7, sequence: 1 } });
  one.acknowledge({ nextId: 7, time: 0 });
  one.close();
  const two = scene.cursor();
  two.acknowledge({ nextId: 9, time: 0, mark: { salt: 2, nonce: 7, sequence: 1 } });
  two.close();
  scene.folder.storage.remove(PLAIN);
  assertEquals(scene.cursor().read()!.earlier?.map(({ nextId }) => nextId), [5]);
});

test("a file that has another name is not this consumer's any more", () => {
  const scene = new Scene();
  const one = scene.acknowledged(1);
  scene.folder.storage.rename(PLAIN, `${PLAIN}.old`);
  assertThrows(() => one.acknowledge({ nextId: 2, time: 0 }), StorageError, "the file was removed");
  assertEquals(scene.openFiles.size, 0);
});

test("a file that is closed while it is synced stays open until the last sync has ended, or failed", async () => {
  for (const error of [undefined, new StorageError("EIO", "cannot sync")]) {
    const scene = new Scene();
    const one = scene.acknowledged(1);
    const ends: (() => void)[] = [];
    for (let syncs = 0; syncs < 2; syncs++) {
      one.own!.keepOpenDuring(
        new Promise((resolve, reject) => ends.push(error === undefined ? resolve : () => reject(error))),
      );
    }
    one.close();
    for (const [index, end] of ends.entries()) {
      assertEquals(scene.openFiles.size, 1);
      end();
      await turn();
      assertEquals(scene.openFiles.size, 1 - index);
    }
    // One that is closed after its sync is closed at once.
    const two = scene.acknowledged(2);
    two.own!.keepOpenDuring(Promise.resolve());
    await turn();
    assertEquals(scene.openFiles.size, 1);
    two.close();
    assertEquals(scene.openFiles.size, 0);
  }
});

test("what a failed sync may have dropped is written again before the next one, and then no more", async () => {
  const ways = [
    (own: OwnCursorFile) => own.sync(),
    (own: OwnCursorFile) => Promise.resolve().then(() => own.syncNow()),
  ];
  for (const first of ways) {
    for (const second of ways) {
      const scene = new Scene();
      const { disk, storage } = scene.folder;
      const { own } = scene.acknowledged(5);
      storage.syncDirectory(ROOT);
      const written = () => storage.readWhole(PLAIN)!;
      const before = written();
      disk.faults = { failedSync: 1 };
      await assertRejects(() => first(own!), StorageError);
      disk.faults = {};
      await second(own!);
      const again = written();
      assertNotEquals(again, before);
      await second(own!);
      assertEquals(written(), again);
      disk.powerCut();
      assertEquals(scene.stored?.nextId, 5);
    }
  }
});
