// A position that an owner takes over: from what it goes on, what happens to the owner before, and to two at once.
import { assertEquals, assertThrows } from "@std/assert";
import { StorageError } from "../../../mod.ts";
import { encodeSlot, POSITION_SLOT_BYTES } from "../../../src/log/positions/position_slot.ts";
import { test } from "../../harness.ts";
import { PLAIN, Scene } from "./cursor_scene.ts";

test("an owner begins where the position is stored, in a generation of its own, and the one before is refused", () => {
  const scene = new Scene();
  const [one, two] = [scene.cursor(), scene.cursor()];
  assertEquals(one.take((stored) => ({ nextId: stored === undefined ? 3 : -1, time: 7 })).nextId, 3);
  assertEquals(scene.stored, { nextId: 3, time: 7, generation: 1 });
  one.acknowledgeHeld({ nextId: 5, time: 8 }, () => {
    throw new Error("not asked for");
  });
  // What is acknowledged already changes nothing.
  const before = scene.files;
  for (const nextId of [4, 5]) one.acknowledgeHeld({ nextId, time: 9 }, () => {});
  assertEquals(scene.files, before);
  const begins: number[] = [];
  const begun = two.take((stored) => {
    begins.push(stored!.nextId);
    return stored!;
  });
  assertEquals([begins, begun.nextId], [[5], 5]);
  assertEquals(scene.stored?.generation, 2);
  const refusal = new Error("moved");
  const refuse = () => {
    throw refusal;
  };
  assertEquals(assertThrows(() => one.acknowledgeHeld({ nextId: 6, time: 9 }, refuse)), refusal);
  two.acknowledgeHeld({ nextId: 6, time: 9 }, refuse);
  assertEquals(scene.stored?.nextId, 6);
  one.close();
  two.close();
  assertEquals(scene.openFiles.size, 0);
});

test("an owner without a file asks before it takes the position over, and after that", () => {
  const scene = new Scene();
  const one = scene.cursor();
  let checks = 0;
  assertThrows(
    () =>
      one.acknowledgeHeld({ nextId: 3, time: 5 }, () => {
        if (++checks === 2) throw new Error("moved meanwhile");
      }),
    Error,
    "moved meanwhile",
  );
  assertEquals(scene.stored, { nextId: 0, time: 0, generation: 1 });
  const two = scene.cursor();
  two.acknowledgeHeld({ nextId: 3, time: 5 }, () => checks++);
  assertEquals([scene.stored, checks], [{ nextId: 3, time: 5, generation: 2 }, 4]);
  one.close();
  two.close();
});

test("of two that take a position over at once one sees the other's, and goes on from there", () => {
  const scene = new Scene();
  const [one, two] = [scene.cursor(), scene.cursor()];
  one.take(() => ({ nextId: 1, time: 0 }));
  const three = scene.cursor();
  const begins: (number | undefined)[] = [];
  scene.folder.before = (name, path) => {
    if (name !== "publish" || !path.endsWith(".pos")) return;
    scene.folder.before = () => {};
    two.take(() => ({ nextId: 7, time: 0 }));
  };
  const begun = three.take((stored) => {
    begins.push(stored?.nextId);
    return stored!;
  });
  assertEquals([begins, begun.nextId, scene.stored?.nextId], [[1, 7], 7, 7]);
  let isAsked = false;
  two.acknowledgeHeld({ nextId: 8, time: 0 }, () => isAsked = true);
  assertEquals(isAsked, true);
  for (const cursor of [one, two, three]) cursor.close();
});

test("a file that goes as soon as it is made is made again, and one that goes later is an error", () => {
  const scene = new Scene();
  const one = scene.cursor();
  scene.beforeNext("stat", () => scene.folder.storage.remove(PLAIN));
  one.acknowledge({ nextId: 2, time: 0 });
  assertEquals([scene.stored?.nextId, scene.openFiles.size], [2, 1]);
  for (const removed of [undefined, () => new Error("deleted")]) {
    const other = new Scene();
    const cursor = other.cursor(removed === undefined ? {} : { removed });
    cursor.acknowledge({ nextId: 2, time: 0 });
    other.folder.storage.remove(PLAIN);
    // One that has its name is not this one.
    if (removed !== undefined) other.acknowledged(1).close();
    const error = assertThrows(() => cursor.acknowledge({ nextId: 3, time: 0 }));
    assertEquals([error instanceof StorageError, other.openFiles.size], [removed === undefined, 0]);
    // It may go on: with a file of its own again.
    cursor.acknowledge({ nextId: 4, time: 0 });
    assertEquals([other.stored?.nextId, other.openFiles.size], [4, 1]);
  }
  one.close();
});

test("the next seek begins a later generation, and its file is there before", () => {
  const scene = new Scene();
  const one = scene.cursor();
  const first = one.nextGeneration();
  // It says nothing yet, nor if others make its owner leave it.
  assertEquals([first > 0, scene.stored, scene.folder.names()], [true, undefined, ["0.pos"]]);
  const retired = new Scene();
  retired.cursor().nextGeneration();
  retired.retire(PLAIN);
  assertEquals(retired.stored, undefined);
  one.seek({ nextId: 4, time: 0 });
  const { generation } = scene.stored!;
  const second = one.nextGeneration();
  assertEquals([generation, second - generation], [first, first]);
  assertEquals(scene.folder.names(), ["0.pos"]);
  const two = scene.cursor();
  assertEquals(two.nextGeneration([]) >= first, true);
  one.close();
  two.close();
});

test("a file that is there for the next seek keeps the position before, in case the log loses the event before the seek", () => {
  const scene = new Scene();
  const mark = (salt: number) => ({ salt, nonce: 7, sequence: 1 });
  const one = scene.cursor();
  one.acknowledge({ nextId: 5, time: 0, mark: mark(1) });
  one.close();
  const two = scene.cursor();
  const generation = two.nextGeneration();
  scene.apply(two, { nextId: 9, time: 0, mark: mark(2), generation });
  two.close();
  // As one does that folds files.
  scene.folder.storage.remove(PLAIN);
  const { nextId, earlier } = scene.cursor().read()!;
  assertEquals([nextId, earlier?.map(({ nextId }) => nextId)], [9, [5]]);
});

test("an owner that goes on where the position is knows the one before it, in case the log loses the event before", () => {
  const scene = new Scene();
  const mark = { salt: 1, nonce: 7, sequence: 1 };
  const one = scene.cursor();
  for (const nextId of [5, 7]) one.acknowledge({ nextId, time: 0, mark });
  const two = scene.cursor();
  two.take((stored) => stored!);
  scene.folder.storage.remove(PLAIN);
  const { nextId, earlier } = scene.cursor().read()!;
  assertEquals([nextId, earlier?.map(({ nextId }) => nextId)], [7, [5]]);
});

test("the next seek is later than one that was made while its file was removed", () => {
  const scene = new Scene();
  scene.acknowledged(1).close();
  const others = scene.folder.names();
  scene.beforeNext("stat", () => {
    for (const path of scene.unretired) if (path !== PLAIN) scene.folder.storage.remove(path);
    scene.cursor().seek({ nextId: 3, time: 0 });
  });
  const next = scene.cursor().nextGeneration(others);
  assertEquals([scene.stored?.generation, next, scene.files.length], [5, 9, 3]);
});

test("a seek that was planned is left out if another one was stored since, also of the same generation", () => {
  for (const [planned, stored] of [[3, 5], [4, 5], [5, 9]]) {
    const scene = new Scene();
    scene.cursor().seek({ nextId: 5, time: 0 });
    scene.apply(scene.cursor(), { nextId: 9, time: 0, generation: planned });
    assertEquals(scene.stored?.nextId, stored);
  }
});

test("of two that begin where nothing is stored, the one that makes the first file decides where", () => {
  const scene = new Scene();
  const [one, two] = [scene.cursor(), scene.cursor()];
  scene.beforeNext("publish", () => void two.take(() => ({ nextId: 7, time: 0 })));
  assertEquals(one.take((stored) => stored ?? { nextId: 100, time: 0 }).nextId, 7);
  assertEquals(scene.stored, { nextId: 7, time: 0, generation: 2 });
  // A seek that did not store its position yet does not hinder the next one.
  const other = new Scene();
  other.cursor().nextGeneration();
  assertEquals(other.cursor().take(() => ({ nextId: 3, time: 0 })).nextId, 3);
});

test("an owner that takes a position over again leaves no file open, and goes on if that failed", () => {
  const scene = new Scene();
  const one = scene.cursor();
  one.take(() => ({ nextId: 1, time: 0 }));
  one.take((stored) => stored!);
  assertEquals(scene.openFiles.size, 1);
  scene.beforeNext("list", () => {
    throw new StorageError("EIO", "cannot list");
  });
  assertThrows(() => one.take((stored) => stored!), StorageError, "cannot list");
  assertEquals(scene.openFiles.size, 0);
  let checks = 0;
  one.acknowledgeHeld({ nextId: 9, time: 0 }, () => checks++);
  assertEquals([scene.stored?.nextId, checks], [9, 2]);
});

test("an owner whose new file was retired at once takes the position over again", () => {
  const scene = new Scene();
  const one = scene.cursor();
  scene.beforeNext("stat", () => scene.retire(PLAIN));
  one.take((stored) => stored ?? { nextId: 4, time: 0 });
  one.acknowledgeHeld({ nextId: 5, time: 0 }, () => {
    throw new Error("not asked for");
  });
  assertEquals([scene.stored?.nextId, scene.unretired.length], [5, 1]);
});

test("an owner whose new file is gone, with its folder, learns that", () => {
  const scene = new Scene();
  const one = scene.cursor({ removed: () => new Error("deleted") });
  scene.beforeNext("list", () => scene.beforeNext("list", () => scene.folder.storage.remove(PLAIN)));
  assertThrows(() => one.take(() => ({ nextId: 4, time: 0 })), Error, "deleted");
  assertEquals(scene.openFiles.size, 0);
});

test("an owner reads the position after it retired the files of others, and goes on from what they stored until then", () => {
  const scene = new Scene();
  const [one, two] = [scene.cursor(), scene.cursor()];
  one.take(() => ({ nextId: 5, time: 0 }));
  scene.beforeNext("open", () => one.acknowledgeHeld({ nextId: 6, time: 0 }, () => {}));
  const begins: (number | undefined)[] = [];
  two.take((stored) => {
    begins.push(stored?.nextId);
    return stored!;
  });
  assertEquals([begins, scene.stored], [[6], { nextId: 6, time: 0, generation: 2 }]);
});

test("an owner goes on from a seek that was stored while it made its file, also if the seek's file is retired", () => {
  for (const isRetired of [false, true]) {
    const scene = new Scene();
    scene.acknowledged(5).close();
    const two = scene.cursor();
    scene.beforeNext("publish", () => {
      scene.cursor().seek({ nextId: 50, time: 0 });
      if (isRetired) scene.retire(...scene.unretired);
    });
    assertEquals(two.take((stored) => stored!).nextId, 50);
    two.acknowledgeHeld({ nextId: 51, time: 0 }, () => {});
    assertEquals([scene.stored?.nextId, scene.unretired.length], [51, 1]);
  }
});

test("an owner that begins where nothing was stored goes on from what was stored, and retired, after it made its file", () => {
  const scene = new Scene();
  const one = scene.cursor();
  const bytes = new Uint8Array(4 * POSITION_SLOT_BYTES);
  const slot = { nextId: 9, time: 0, generation: 4, owner: 3, sequence: 0, written: 1 };
  for (const at of [0, 3]) bytes.set(encodeSlot(slot), at * POSITION_SLOT_BYTES);
  const publishOther = () => scene.folder.storage.publish(PLAIN.replace(".pos", ".0000000a.pos"), bytes);
  scene.beforeNext("list", () => scene.beforeNext("list", publishOther));
  assertEquals(one.take((stored) => stored ?? { nextId: 0, time: 0 }).nextId, 9);
});

test("an owner leaves no file of others as it is, also one that is made for a seek while it takes over", () => {
  const scene = new Scene();
  scene.acknowledged(5).close();
  const [one, seeking] = [scene.cursor(), scene.cursor()];
  scene.beforeNext("publish", () => void seeking.nextGeneration());
  one.take((stored) => stored!);
  one.acknowledgeHeld({ nextId: 6, time: 0 }, () => {
    throw new Error("not asked for");
  });
  assertEquals([scene.files.length > 2, scene.unretired.length], [true, 1]);
});

test("a file of an earlier version, which cannot be retired, does not hinder an owner", () => {
  const scene = new Scene();
  const bytes = new Uint8Array(64 * POSITION_SLOT_BYTES);
  const slot = { nextId: 9, time: 0, generation: 3, owner: 3, sequence: 0, written: 1 };
  bytes.set(encodeSlot(slot), 0);
  scene.folder.storage.publish(PLAIN, bytes);
  let begins = 0;
  const one = scene.cursor();
  one.take((stored) => {
    begins++;
    return stored!;
  });
  assertEquals([begins, scene.stored], [1, { nextId: 9, time: 0, generation: 4 }]);
});

test("an owner that does not own the partition any more does not undo a seek when it acknowledges", () => {
  const scene = new Scene();
  const one = scene.cursor();
  one.take(() => ({ nextId: 5, time: 0 }));
  scene.cursor().seek({ nextId: 50, time: 0 });
  one.acknowledgeHeld({ nextId: 6, time: 0 }, () => {});
  assertEquals(scene.stored?.nextId, 50);
});

test("a takeover that others disturb all the time ends after a hundred attempts", () => {
  const scene = new Scene();
  const [one, seeking] = [scene.cursor(), scene.acknowledged(1)];
  let begins = 0;
  one.take((stored) => {
    scene.beforeNext("stat", () => seeking.seek({ nextId: ++begins, time: 0 }));
    return stored!;
  });
  assertEquals([begins, scene.stored?.nextId], [100, 100]);
  // What it acknowledges next is stored as that of any owner whose file was retired.
  scene.folder.before = () => {};
  one.acknowledgeHeld({ nextId: 200, time: 0 }, () => {});
  assertEquals(scene.stored?.nextId, 200);
});

test("a file that goes whenever it is made is made a hundred times, and another error of the system ends that at once", () => {
  const ways = {
    acknowledge: () => scene.cursor().acknowledge({ nextId: 2, time: 0 }),
    nextGeneration: () => scene.cursor().nextGeneration(),
    take: () => scene.cursor().take((stored) => stored ?? { nextId: 0, time: 0 }),
  };
  let scene = new Scene();
  for (const [what, store] of Object.entries(ways)) {
    for (const [errno, expected] of [["ENOENT", 100], ["EACCES", 1]] as const) {
      scene = new Scene();
      let made = 0;
      scene.folder.before = (name, path) => {
        if (name === "publish") made++;
        if (name === "stat" && scene.folder.disk.names.get(path) !== undefined && path.endsWith(".pos")) {
          scene.folder.storage.remove(path);
          throw new StorageError(errno, "cannot look");
        }
      };
      const error = assertThrows(store, StorageError);
      assertEquals([error.errno, made], [errno, expected], what);
    }
  }
});
