// A position that an owner takes over: from what it goes on, what happens to the owner before, and to two at once.
import { assertEquals, assertThrows } from "@std/assert";
import { StorageError } from "../../../mod.ts";
import { CursorFile } from "../../../src/log/positions/cursor.ts";
import type { StoredPosition } from "../../../src/log/positions/position_slot.ts";
import { withOpenFiles } from "../../drivers/files/counted_files.ts";
import { ROOT, SimulatedFolder } from "../../drivers/files/simulated_folder.ts";
import { test } from "../../harness.ts";

/** The consumers of one name in one partition. */
class Scene {
  readonly folder = new SimulatedFolder();
  readonly #counted = withOpenFiles(this.folder.storage);
  readonly openFiles = this.#counted.openFiles;

  cursor(removed?: () => Error): CursorFile {
    return new CursorFile(this.#counted.storage, `${ROOT}/0.pos`, removed === undefined ? {} : { removed });
  }

  get stored(): Pick<StoredPosition, "nextId" | "time" | "generation"> | undefined {
    const stored = this.cursor().read();
    if (stored === undefined) return undefined;
    const { nextId, time, generation } = stored;
    return { nextId, time, generation };
  }
}

test("an owner begins where the position is stored, in a generation of its own, and the one before is refused", () => {
  const scene = new Scene();
  const [one, two] = [scene.cursor(), scene.cursor()];
  assertEquals(one.take((stored) => ({ nextId: stored === undefined ? 3 : -1, time: 7 })).nextId, 3);
  assertEquals(scene.stored, { nextId: 3, time: 7, generation: 1 });
  one.acknowledgeHeld({ nextId: 5, time: 8 }, () => {
    throw new Error("not asked for");
  });
  // What is acknowledged already changes nothing.
  one.acknowledgeHeld({ nextId: 4, time: 9 }, () => {});
  assertEquals(scene.stored, { nextId: 5, time: 8, generation: 1 });
  assertEquals(two.take((stored) => stored!).nextId, 5);
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
  scene.folder.before = (name, path) => {
    if (name !== "open" || !path.endsWith(".pos")) return;
    scene.folder.before = () => {};
    scene.folder.storage.remove(path);
  };
  one.acknowledge({ nextId: 2, time: 0 });
  assertEquals(scene.stored?.nextId, 2);
  for (const removed of [undefined, () => new Error("deleted")]) {
    const other = new Scene();
    const cursor = other.cursor(removed);
    cursor.acknowledge({ nextId: 2, time: 0 });
    other.folder.storage.remove(`${ROOT}/0.pos`);
    const error = assertThrows(() => cursor.acknowledge({ nextId: 3, time: 0 }));
    assertEquals([error instanceof StorageError, other.openFiles.size], [removed === undefined, 0]);
  }
  one.close();
});

test("the next seek begins a later generation, and its file is there before", () => {
  const scene = new Scene();
  const one = scene.cursor();
  const first = one.nextGeneration();
  // It says nothing yet.
  assertEquals([first > 0, scene.stored, scene.folder.names()], [true, undefined, ["0.pos"]]);
  one.seek({ nextId: 4, time: 0 });
  const { generation } = scene.stored!;
  const second = one.nextGeneration();
  assertEquals([generation, second - generation], [first, first]);
  const two = scene.cursor();
  assertEquals(two.nextGeneration([]) >= first, true);
  one.close();
  two.close();
});
