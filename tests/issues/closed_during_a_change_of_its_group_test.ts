// A program listened to the channel of assignments, and closed its consumer when that had lost its partitions to
// another member, or had been given those of a dead one. The consumer left its group in the middle of its own poll,
// which went on, did not find itself among the members, and joined again. So a closed consumer stood in the group, under
// the process of a living one: its partitions were read by no one until its heartbeats had been missing for ten seconds.
import { assertEquals } from "@std/assert";
import type { ConsumerInterface } from "../../src/contract.ts";
import { MemoryDriver } from "../../src/drivers/memory/driver.ts";
import {
  COMPONENTS,
  during,
  type Machines,
  pass,
  REQUEST,
  TIMEOUT_MS,
} from "../drivers/files/group_machines.ts";
import { test } from "../harness.ts";

/** Two members; the first one closes when it learns of an assignment from now on. */
async function withClosing(
  body: (machines: Machines, consumers: { closing: ConsumerInterface; other: ConsumerInterface }) => void,
): Promise<void> {
  await during(async (machines) => {
    const [one, two] = [await machines.open(1), await machines.open(2)];
    const closed: Promise<void>[] = [];
    let isOpen = false;
    const closing: ConsumerInterface = await one.join({
      onAssigned: () => void (isOpen && closed.push(closing.close())),
    });
    const other = await two.join();
    machines.look();
    assertEquals([closing.assigned, other.assigned], [[0], [1]]);
    isOpen = true;
    body(machines, { closing, other });
    await Promise.all(closed);
    assertEquals(closed.length > 0, true);
    machines.gone.clear();
    const present = (await two.topic.members!("workers")).map(({ pid }) => pid);
    assertEquals(present.includes(1), false);
    await other.close();
  });
}

test("a consumer that is closed because it lost its partitions does not join its group again", () =>
  withClosing((machines, { closing, other }) => {
    pass(machines, TIMEOUT_MS * 2, ...machines.programs.slice(1));
    assertEquals(other.assigned, [0, 1]);
    assertEquals(closing.assigned, []);
    machines.look();
    assertEquals(other.assigned, [0, 1]);
  }));

test("a consumer that is closed because it was given a dead member's partitions does not join its group again", () =>
  withClosing((machines) => {
    machines.gone.add(2);
    machines.look();
  }));

// In memory the change went on as it was planned: a partition that the closed consumer would have had was taken from the
// one that had it by then, and given to no one, or one was given to a member a second time.
test("in memory, the partitions of a consumer that is closed while its group changes belong to the others, once", async () => {
  for (const closing of ["the one that gains", "the one that loses"] as const) {
    const driver = new MemoryDriver({});
    await driver.createTopic("t", { options: { num_partitions: 4 }, ...COMPONENTS });
    const topic = await driver.openTopic("t");
    let isOpen = false;
    const [loser, gainer] = [0, 1].map((): ConsumerInterface => {
      const consumer: ConsumerInterface = topic.consumer("workers", {
        ...REQUEST,
        onAssigned: () => {
          const isClosing = consumer === (closing === "the one that gains" ? gainer : loser);
          if (isOpen && isClosing) void consumer.close();
        },
      });
      return consumer;
    });
    await loser!.open();
    isOpen = true;
    await gainer!.open();
    const left = (closing === "the one that gains" ? loser : gainer)!;
    assertEquals(left.assigned, [0, 1, 2, 3], closing);
    assertEquals((await topic.members!("workers")).map(({ partitions }) => partitions), [[0, 1, 2, 3]]);
    await left.close();
    await topic.close();
  }
});
