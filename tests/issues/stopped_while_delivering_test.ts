// Members of a group checked their lease once for 32 events, and the clock once for eight checks, unless the event
// loop had turned. One that was stopped in between, for longer than its timeout, and then continued, delivered the
// next events of what it had read before: up to 255 that another member had handled and acknowledged meanwhile.
import { assertEquals, assertRejects } from "@std/assert";
import { Consumer, DefaultSerializer, PartitionMovedError } from "../../mod.ts";
import { during, pass, TIMEOUT_MS } from "../drivers/files/group_machines.ts";
import { test } from "../harness.ts";

/** Longer than what events take that share a reading of the clock. */
const HANDLING_MS = 0.003;

test("a member that was stopped between two events of a batch does not deliver the next one", async () => {
  await during(async (machines) => {
    const [one, two] = [await machines.open(1, { host: "there" }), await machines.open(2)];
    const producer = one.topic.producer("boss");
    await producer.append(0, { count: 100, metadata: Array(100).fill("{}"), dataBytes: 0 });
    await producer.close();
    const components = { serializer: new DefaultSerializer() };
    const options = { group: true, groupTimeoutMs: TIMEOUT_MS };
    const consumer = new Consumer("workers", one.topic, components, options);
    const opening = setInterval(() => machines.look(), 3);
    let last = await consumer.pull().wait(10_000);
    clearInterval(opening);
    for (let id = 1; id < 20; id++) {
      machines.nowMs += HANDLING_MS;
      last = await consumer.pull().wait(0);
      assertEquals(last?.id, id);
    }

    machines.gone.add(1);
    const second = await two.join();
    pass(machines, TIMEOUT_MS * 3, two);
    assertEquals(second.assigned, [0]);
    while (second.read(0, 1000) !== undefined);
    await second.acknowledge(0, 105);

    machines.gone.delete(1);
    assertEquals(await consumer.pull().wait(0), undefined);
    await assertRejects(async () => await last!.acknowledge(), PartitionMovedError);
    await consumer.close();
    await second.close();
  }, 1);
});
