// Partitions were added to a Kafka topic while a group read it from "latest". Whatever was stored there before the group
// noticed, up to five minutes later, was never delivered: "latest" meant the end at that moment. A consumer without a
// group never noticed at all, and `describe` and `lag` of an open topic left the new partitions out.
import { assertEquals } from "@std/assert";
import { LoneAssignment, type Reassignment } from "../../src/drivers/kafka/consume/assignment.ts";
import type { ConsumerTopic } from "../../src/drivers/kafka/consume/consumer_topic.ts";
import { HighWatermarks, KnownPartitions } from "../../src/drivers/kafka/offsets/known_partitions.ts";
import { StartPositions } from "../../src/drivers/kafka/consume/start_positions.ts";
import type { StartPosition } from "../../src/contract.ts";
import { test } from "../harness.ts";

const FIRST = 3;
const END = 9;

/** The starts of a consumer that was opened when there was one partition, in that one and in one added later. */
async function startsFrom(from: StartPosition): Promise<{ known: (number | undefined)[]; found: unknown }> {
  const partitions = new KnownPartitions(1);
  const offsets = {
    known: (wanted: number[], end: string) =>
      Promise.resolve(new Map(wanted.map((partition) => [partition, end === "latest" ? END : FIRST]))),
    resolveKnown: (wanted: number[], to: StartPosition) =>
      Promise.resolve(new Map(wanted.map((partition) => [partition, to === "earliest" ? FIRST : END]))),
  };
  const starts = new StartPositions(
    { offsets, partitions, highWatermarks: new HighWatermarks() } as never,
    from,
  );
  await starts.open();
  partitions.see(2);
  const of = await starts.of([0, 1]);
  return { known: [of.get(0), of.get(1)], found: await starts.find(1) };
}

test("an added partition is read from its first event, also by a consumer from the latest one on", async () => {
  assertEquals(await startsFrom("latest"), { known: [END, FIRST], found: FIRST });
  assertEquals(await startsFrom("earliest"), { known: [FIRST, FIRST], found: FIRST });
  assertEquals(await startsFrom({ time: new Date() }), { known: [END, undefined], found: END });
});

test("a consumer without a group gets added partitions, but none of another topic of that name", async () => {
  const answers = [
    { id: "one", numPartitions: 2 },
    { id: "another", numPartitions: 9 },
    { id: "one", numPartitions: 4 },
  ];
  const changes: Reassignment[] = [];
  const partitions = new KnownPartitions(2);
  const cluster = {
    settings: { client: { metadataMaxAge: 0 } },
    run: () => Promise.resolve(answers.shift() ?? { id: "one", numPartitions: 4 }),
    ask: () => Promise.resolve(new Map()),
  };
  const topic = { cluster, name: "t", kafkaName: "t", id: "one", partitions } as unknown as ConsumerTopic;
  const changed = new Promise<void>((resolve) => {
    const assignment = new LoneAssignment("reader", topic, () => -1, (change) => {
      changes.push(change);
      resolve(assignment.close());
    });
    void assignment.open();
  });
  await changed;
  assertEquals(changes, [{ kept: [0, 1], gained: [2, 3], lost: [] }]);
  assertEquals(partitions.numbers, [0, 1, 2, 3]);
});
