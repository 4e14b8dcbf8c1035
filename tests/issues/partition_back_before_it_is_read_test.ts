// A member of a group that was stopped for longer than its timeout lost a partition and had it again while it was about
// to read it. It dropped what it read then, as if that was from before, and went on after it: events that no member
// handled, and that the next acknowledgement covered.
import { assertEquals } from "@std/assert";
import { DefaultSerializer } from "../../mod.ts";
import { EventSource } from "../../src/consumer/event_source.ts";
import type { ConsumerInterface } from "../../src/contract.ts";
import { test } from "../harness.ts";

const EVENTS = 10;

/** What is delivered if the partition is lost and assigned again when the driver is asked for the nth time. */
function delivered(lostAt: number): number[] {
  const assigned = [0];
  // The source asks once when it is made.
  let [position, asked] = [0, -1];
  const ask = (): void => {
    if (asked++ === lostAt) position = source.release(0);
  };
  const driver: Partial<ConsumerInterface> = {
    get assigned() {
      ask();
      return assigned;
    },
    checkOwnership: () => {
      ask();
      return 1;
    },
    position: () => position,
    read: (partition, eventsMax) => {
      const [baseId, count] = [position, Math.min(eventsMax, EVENTS - position)];
      position += count;
      return count === 0 ? undefined : {
        partition,
        baseId,
        count,
        timestamp: 1000,
        metadataText: String,
        metadataBytes: () => new Uint8Array(),
        dataSize: () => 0,
        readData: () => {},
      };
    },
  };
  const source = new EventSource(driver as ConsumerInterface, {
    topic: "t",
    consumer: "c",
    serializer: new DefaultSerializer(),
    delivery: undefined,
    eventsMax: 3,
    onDataDamage: undefined,
    acknowledge: () => {
      throw new Error("not acknowledged here");
    },
  });
  const ids: number[] = [];
  for (;;) {
    const head = source.head();
    if (head === undefined || head instanceof Promise) return ids;
    ids.push(head.id);
    source.take();
  }
}

test("no event is left out if its partition is lost and returns, at whatever moment", () => {
  for (let lostAt = 0; lostAt < 50; lostAt++) {
    assertEquals(delivered(lostAt), Array.from({ length: EVENTS }, (_, id) => id), `lost at ${lostAt}`);
  }
});
