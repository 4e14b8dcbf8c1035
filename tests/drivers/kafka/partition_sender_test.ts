import { assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { PartitionSender, Shipment } from "../../../src/drivers/kafka/partition_sender.ts";
import { test } from "../../harness.ts";

/** A sender, and what happened: "1" is the encoding of the first shipment, "sent 1" its request. */
function senderOf(bytes: number) {
  const log: string[] = [];
  const answers: ((baseId: number) => void)[] = [];
  const sender = new PartitionSender({ bytesMax: 100_000, isMerging: false }, (values) => {
    log.push(`sent ${values}`);
    return new Promise((resolve) => answers.push(resolve));
  });
  const enqueue = (name: string) =>
    sender.enqueue(
      new Shipment(1, bytes, () => {
        log.push(name);
        return [Buffer.from(name)];
      }),
    );
  return { sender, enqueue, log, answers };
}

for (
  const [what, bytes, expected] of [
    ["small records are encoded while those before them are on their way", 1000, ["1", "sent 1", "2"]],
    ["large records are encoded when it is their turn", 50_000, ["1", "sent 1"]],
  ] as const
) {
  test(`${what}, and once`, async () => {
    const { enqueue, log, answers } = senderOf(bytes);
    const pushed = ["1", "2", "3"].map(enqueue);
    await setImmediate();
    await setImmediate();
    assertEquals(log, [...expected]);
    for (let n = 0; n < 3; n++) {
      while (answers.length <= n) await setImmediate();
      answers[n](n);
    }
    assertEquals(await Promise.all(pushed), [0, 1, 2]);
    assertEquals(log.filter((one) => one.startsWith("sent")), ["sent 1", "sent 2", "sent 3"]);
    assertEquals(log.filter((one) => !one.startsWith("sent")), ["1", "2", "3"]);
  });
}

test("records that cannot be encoded fail alone, also among others that are sent together", async () => {
  const sent: string[][] = [];
  const sender = new PartitionSender({ bytesMax: 100_000, isMerging: true }, (values) => {
    sent.push(values.map(String));
    return Promise.resolve(10);
  });
  const shipments = ["a", "b", undefined, "c"].map((text) =>
    new Shipment(1, 100, () => {
      if (text === undefined) throw new Error("its data is gone");
      return [Buffer.from(text)];
    })
  );
  const pushed = shipments.map((shipment) => sender.enqueue(shipment));
  await assertRejects(() => pushed[2], Error, "its data is gone");
  assertEquals([await pushed[0], await pushed[1], await pushed[3]], [10, 11, 12]);
  assertEquals(sent, [["a", "b", "c"]]);
  const empty = new Shipment(1, 100, () => []);
  assertEquals([await sender.enqueue(empty), sent.length], [0, 1], "nothing is left of it to be sent");
  const alone = new Shipment(1, 100, () => {
    throw new Error("nothing is left");
  });
  await assertRejects(() => sender.enqueue(alone), Error, "nothing is left");
  await sender.idle();
});
