// The files of several consumers of one name: what is stored again when others come between, and which files are
// folded into one.
import { assertEquals, assertThrows } from "@std/assert";
import { StorageError } from "../../../mod.ts";
import { encodeSlot, POSITION_SLOT_BYTES } from "../../../src/log/positions/position_slot.ts";
import { ROOT } from "../../drivers/files/simulated_folder.ts";
import { test } from "../../harness.ts";
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

test("of two seeks at once, the one that is done last counts", () => {
  const scene = new Scene();
  scene.acknowledged(5).close();
  const one = scene.cursor();
  scene.beforeNext("publish", () => scene.cursor().seek({ nextId: 50, time: 0 }));
  one.seek({ nextId: 10, time: 0 });
  assertEquals(scene.stored, { nextId: 10, time: 0, generation: 9 });
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
  const scene = withFiles(5, false);
  const before = scene.files.map(({ path }) => path);
  scene.retire(...before);
  const one = scene.cursor();
  scene.beforeNext("stat", () => {
    const own = scene.files.map(({ path }) => path).filter((path) => !before.includes(path));
    scene.retire(...own);
    scene.folder.storage.publish(
      PLAIN.replace(".pos", ".0000000a.pos"),
      scene.folder.storage.readWhole(own[0])!,
    );
    for (const path of own) scene.folder.storage.remove(path);
  }, (path) => !before.includes(path));
  one.acknowledge({ nextId: 7, time: 0 });
  assertEquals(scene.stored?.nextId, 7);
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
