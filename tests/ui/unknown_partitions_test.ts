// What the page shows of a topic while nothing is known of one of its partitions, such as one without a leader in Kafka.
import { assertEquals } from "@std/assert";
import { Driver } from "../../mod.ts";
import { ratesOf } from "../../src/ui/rates.ts";
import { lagTotals } from "../../src/ui/totals.ts";
import { test } from "../harness.ts";
import { pushMany } from "./served.ts";

const fault = "partition 1 has no leader";

test("a consumer's lag is that in the partitions where it is known, with the reason for the others", () => {
  const known = { partition: 0, position: 3, acknowledged: true, events: 5, bytes: 70, seconds: 2 };
  const unknown = { partition: 1, position: 9, acknowledged: true, events: 0, bytes: 0, seconds: 0, fault };
  assertEquals(lagTotals([known]), { events: 5, bytes: 70, seconds: 2 });
  assertEquals(lagTotals([known, unknown]), { events: 5, bytes: 70, seconds: 2, fault });
  assertEquals(lagTotals([unknown]), { events: 0, bytes: 0, seconds: 0, fault });
});

test("rates are those of the partitions that can be asked", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", { num_partitions: 2 });
  await using topic = await driver.openTopic("t");
  await pushMany(topic, 20);
  const described = await topic.describe();
  const span = { from: Date.now() - 60_000, to: Date.now() + 60_000 };
  const pushed = async (faulty: readonly number[]): Promise<number | undefined> => {
    topic.describe = () =>
      Promise.resolve(described.map((one) => faulty.includes(one.partition) ? { ...one, fault } : one));
    const { events, unavailable } = await ratesOf(topic, span);
    return unavailable ? undefined : events.reduce((sum, count) => sum + count, 0);
  };
  assertEquals([await pushed([]), await pushed([1]), await pushed([0, 1])], [20, 10, undefined]);
});
