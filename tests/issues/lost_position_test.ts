// A position file that said nothing any more (emptied by a power cut, blanked, or damaged in all its slots) was taken for
// a consumer that had stored nothing: with `from: "latest"` it skipped all that it had not yet acknowledged. And a position
// without the frame before it, as one at the first event left by a trim, was believed of any log: after an older copy had
// been restored and written on, events below it that no one had seen were skipped.
import { assertEquals } from "@std/assert";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Topic } from "../../mod.ts";
import { CursorFile } from "../../src/log/positions/cursor.ts";
import { encodeSlot } from "../../src/log/positions/position_slot.ts";
import { type ClockStore, NOON, withClock } from "../drivers/files/stepping_clock.ts";
import { test } from "../harness.ts";

/** The ids that a consumer gets. */
async function delivered(topic: Topic, options: { group: boolean }): Promise<number[]> {
  await using consumer = topic.consumer("c", { ...options, from: "latest" });
  const ids: number[] = [];
  for await (const { id } of consumer.events({ until: "end" })) ids.push(id);
  return ids;
}

const positionFile = ({ folder }: ClockStore) => join(folder, "../../consumers/c/00000000.pos");

/** Each bit that tells a slot from others is wrong. */
function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => index % 64 === 30 ? byte ^ 1 : byte);
}

const LOSSES: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  "is empty": () => new Uint8Array(0),
  "is cut short": (bytes) => bytes.subarray(0, 10),
  "has zeros alone": (bytes) => new Uint8Array(bytes.byteLength),
  "is damaged everywhere": flipped,
};

for (const [what, lose] of Object.entries(LOSSES)) {
  for (const group of [false, true]) {
    test(`a consumer${group ? " in a group" : ""} whose position file ${what} misses nothing`, () =>
      withClock({}, async (scene) => {
        await scene.push(scene.topic, 6);
        await scene.topic.seekConsumer("c", { id: 3 });
        writeFileSync(positionFile(scene), lose(readFileSync(positionFile(scene))));
        assertEquals(await delivered(await scene.reopen(), { group }), [0, 1, 2, 3, 4, 5]);
      }));
  }
}

test("a lost position is at the first event that is left, and the next acknowledgement is stored", () =>
  withClock({}, async (scene) => {
    await scene.push(scene.topic, 12);
    const [{ firstId }] = await scene.topic.trim({ beforeId: 6 });
    await scene.topic.seekConsumer("c", { id: 10 });
    writeFileSync(positionFile(scene), new Uint8Array(0));
    const topic = await scene.reopen();
    {
      await using consumer = topic.consumer("c", { from: "latest" });
      const ids: number[] = [];
      for await (const event of consumer.events({ until: { id: firstId + 1 } })) {
        ids.push(event.id);
        await event.acknowledge();
      }
      assertEquals(ids, [firstId]);
    }
    assertEquals((await topic.lag("c"))[0].position, firstId + 1);
  }));

test("a consumer for which a seek was prepared, and never decided, begins where it says", () =>
  withClock({}, async (scene) => {
    await scene.push(scene.topic, 6);
    await scene.topic.seekConsumer("c", { id: 3 });
    rmSync(positionFile(scene));
    new CursorFile(scene.storage, positionFile(scene)).nextGeneration();
    assertEquals(readFileSync(positionFile(scene)).byteLength, 256);
    assertEquals(await delivered(await scene.reopen(), { group: false }), []);
  }));

test("a position without the frame before it is believed only where that frame is gone", () =>
  withClock({}, async (scene) => {
    await scene.push(scene.topic, 12);
    await scene.topic.seekConsumer("c", { id: 3 });
    // As a consumer at the first event after a trim stores it.
    const slot = { owner: 1, sequence: 1, generation: 9, nextId: 8, time: 0, written: NOON };
    writeFileSync(positionFile(scene), encodeSlot(slot));
    const ids = await delivered(await scene.reopen(), { group: false });
    assertEquals(ids, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    await scene.topic.trim({ beforeId: 8 });
    const [{ firstId }] = await scene.topic.describe();
    writeFileSync(positionFile(scene), encodeSlot({ ...slot, nextId: firstId }));
    assertEquals((await delivered(await scene.reopen(), { group: false }))[0], firstId);
  }));
