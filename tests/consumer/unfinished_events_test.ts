// How far acknowledgements are stored while callbacks of `process` run side by side.
import { assertEquals } from "@std/assert";
import { UnfinishedEvents } from "../../src/consumer/unfinished_events.ts";
import { test } from "../harness.ts";
import { Random } from "../simulation/disk/random.ts";

test("an acknowledgement is stored up to the first unfinished event, and the rest as callbacks end, in any order", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed);
    const stored = [0, 0];
    const store = (partition: number, nextId: number) => {
      stored[partition] = Math.max(stored[partition]!, nextId);
    };
    const unfinished = new UnfinishedEvents(store);
    const delivered = [0, 0];
    const running: { partition: number; id: number; isAcknowledged: boolean }[] = [];
    // What the callbacks left unfinished, and what was acknowledged.
    const open = new Set<{ partition: number; id: number; isAcknowledged: boolean }>();
    const wanted = [0, 0];
    const expected = [0, 0];
    const acknowledge = (event: typeof running[number]) => {
      event.isAcknowledged = true;
      wanted[event.partition] = Math.max(wanted[event.partition]!, event.id + 1);
      store(event.partition, unfinished.acknowledgeable(event.partition, event.id + 1, event));
    };
    const stopped: typeof running = [];
    for (let step = 0; step < 40; step++) {
      const kind = random.below(4);
      const event = running[random.below(running.length || 1)];
      if (kind === 0 || event === undefined) {
        const partition = random.below(2);
        const added = { partition, id: delivered[partition]!++, isAcknowledged: false };
        running.push(added);
        open.add(added);
        unfinished.add(added);
      } else if (kind === 1) acknowledge(event);
      else if (kind === 2) {
        running.splice(running.indexOf(event), 1);
        const how = (["done", "done", "failed", "stopped"] as const)[random.below(4)]!;
        if (how === "done" || how === "stopped" && event.isAcknowledged) open.delete(event);
        else if (how === "stopped") stopped.push(event);
        unfinished.end(event, how);
      } else if (stopped.length > 0) {
        // It may be acknowledged later, by who stopped the processing.
        const late = stopped.pop()!;
        open.delete(late);
        acknowledge(late);
      }
      for (const partition of [0, 1]) {
        const ids = [...open].filter((each) => each.partition === partition).map(({ id }) => id);
        const limit = Math.min(wanted[partition]!, ...ids);
        expected[partition] = Math.max(expected[partition]!, limit);
      }
      assertEquals(stored, expected, `seed ${seed}, step ${step}`);
    }
  }
});

test("an acknowledgement in a partition of which nothing was delivered is stored whole", () => {
  const stored: string[] = [];
  const unfinished = new UnfinishedEvents((partition, nextId) => stored.push(`${partition}:${nextId}`));
  unfinished.add({ partition: 0, id: 3 });
  assertEquals(unfinished.acknowledgeable(1, 7, { partition: 1, id: 6 }), 7);
  assertEquals(unfinished.acknowledgeable(2, 9, undefined), 9);
  assertEquals(stored, []);
});

test("an event whose callback failed stays unfinished, also if it is acknowledged later", () => {
  const stored: string[] = [];
  const unfinished = new UnfinishedEvents((partition, nextId) => stored.push(`${partition}:${nextId}`));
  const [failed, after] = [{ partition: 0, id: 3 }, { partition: 0, id: 4 }];
  unfinished.add(failed);
  unfinished.add(after);
  unfinished.end(failed, "failed");
  unfinished.end(after, "done");
  assertEquals(unfinished.acknowledgeable(0, 4, failed), 3);
  assertEquals(unfinished.acknowledgeable(0, 5, after), 3);
  assertEquals(stored, []);
});
