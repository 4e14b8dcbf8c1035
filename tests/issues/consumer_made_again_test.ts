// A consumer had made the file for its positions and was about to open it. Just then another process deleted the name and
// used it again: the path was that of its file now. Both wrote into the same two slots, over each other's positions. And
// where the deleted folder could not be removed, what a consumer stored in it was taken for stored, because there was a file
// of that name: the other one's.
import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ConsumerDeletedError } from "../../mod.ts";
import { ConsumerRegistry } from "../../src/drivers/files/consumer_registry.ts";
import type { CursorFile } from "../../src/log/mod.ts";
import { decodeSlots } from "../../src/log/positions/position_slot.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";
import { interrupted } from "../log/interrupted_storage.ts";
import { memoryFolder } from "../memory_folder.ts";

function inTopic(body: (registry: (storage: Storage) => ConsumerRegistry, folder: string) => void): void {
  const root = mkdtempSync(join(memoryFolder, "diaspora-again-"));
  try {
    mkdirSync(join(root, "consumers"));
    body((storage) => new ConsumerRegistry(storage, root, "topic", 1), join(root, "consumers", "reader"));
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Whether it is stored: not if the name was deleted. */
function acknowledge(cursor: CursorFile, nextId: number): boolean {
  try {
    cursor.acknowledge({ nextId, time: 0 });
    return true;
  } catch (error) {
    if (error instanceof ConsumerDeletedError) return false;
    throw error;
  }
}

test("two consumers never write into one file, whenever the name is deleted and used again", () => {
  let moments = 0;
  for (let isInTime = true; isInTime; moments++) {
    inTopic((registry, folder) => {
      let other: CursorFile | undefined;
      let calls = 0;
      const storage = interrupted(nodeStorage, () => {
        if (calls++ !== moments) return;
        registry(nodeStorage).remove("reader");
        other = registry(nodeStorage).consumer("reader").cursor(0);
        acknowledge(other, 5);
      });
      const cursor = registry(storage).consumer("reader").cursor(0);
      for (const nextId of [3, 4]) acknowledge(cursor, nextId);
      isInTime = other !== undefined;
      for (const name of readdirSync(folder).filter((name) => name.endsWith(".pos"))) {
        const slots = decodeSlots(readFileSync(join(folder, name)), name);
        const owners = new Set(slots.flatMap((slot) => slot === undefined ? [] : [slot.owner]));
        assertEquals(owners.size, 1, `${name}, moment ${moments}`);
      }
      if (isInTime) assertEquals(registry(nodeStorage).consumer("reader").cursor(0).read()?.nextId, 5);
      cursor.close();
      other?.close();
    });
  }
  assertGreater(moments, 10);
});

test("a position in a deleted folder that could not be removed is not stored, though the name is used again", () => {
  inTopic((registry) => {
    const cursor = registry(nodeStorage).consumer("reader").cursor(0);
    acknowledge(cursor, 3);
    registry({ ...nodeStorage, removeTree: () => {} }).remove("reader");
    const other = registry(nodeStorage).consumer("reader").cursor(0);
    acknowledge(other, 1);
    assertThrows(() => cursor.acknowledge({ nextId: 4, time: 0 }), ConsumerDeletedError);
    other.close();
  });
});
