// What the lag of a consumer says while brokers restart: what is known of each partition, and why the rest is not.
import { assertEquals, assertRejects } from "@std/assert";
import type { PartitionDescription } from "../../../../mod.ts";
import { BrokerError } from "../../../../mod.ts";
import { lagOf } from "../../../../src/drivers/kafka/admin/describe.ts";
import { test } from "../../../harness.ts";

const NOW = 10_000;
const described: PartitionDescription[] = [0, 1].map((partition) => ({
  partition,
  firstId: 0,
  nextId: 10,
  bytes: 100,
  segments: 0,
}));
const silent = new BrokerError("localhost:9092", "no answer in 2 s", { canRetry: true });

test("kafka: lag of a partition whose broker does not say when its events were stored is a fault of it alone", async () => {
  const lag = await lagOf({
    described,
    stored: new Map([[0, 4], [1, 4]]),
    timeOf: (partition) => partition === 1 ? Promise.reject(silent) : Promise.resolve(NOW - 2000),
    now: NOW,
  });
  assertEquals(lag, [
    { partition: 0, position: 4, acknowledged: true, events: 6, bytes: 60, seconds: 2 },
    { partition: 1, position: 4, acknowledged: true, events: 0, bytes: 0, seconds: 0, fault: silent.message },
  ]);
});

test("kafka: lag says why it is unknown while no broker knows the positions of a consumer", async () => {
  const lag = await lagOf({ described, stored: silent, timeOf: () => Promise.resolve(NOW), now: NOW });
  assertEquals(lag.map(({ fault }) => fault), [silent.message, silent.message]);
});

test("kafka: lag that may not be read is refused as a whole", async () => {
  const refused = new BrokerError("localhost:9092", "does not allow it", {});
  const stored = new Map<number, number>();
  const asking = lagOf({ described, stored, timeOf: () => Promise.reject(refused), now: NOW });
  await assertRejects(() => asking, BrokerError, refused.message);
});
