// Beside a broker that hangs the list of consumers took as long as the cluster needs to replace it, 10 seconds and more,
// though all the others had answered; then trimming by what all have acknowledged did so, too. Groups of the new
// protocol (KIP-848), which brokers leave out unless they are asked for, were missing: what they had not acknowledged
// was trimmed.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BrokerError } from "../../src/errors.ts";
import { positionsOfAll } from "../../src/drivers/kafka/admin/all_positions.ts";
import type { Offsets } from "../../src/drivers/kafka/offsets/offsets.ts";
import { trimPartitions } from "../../src/drivers/kafka/admin/trim.ts";
import { isUnfinished, UNFINISHED_CONSUMER } from "../../src/topic/draft.ts";
import { clusterOfGroups, TOPIC } from "../drivers/kafka/cluster_of_groups.ts";
import { test } from "../harness.ts";

const HUNG = { groups: { one: ["a", "b"], hung: undefined, three: ["c"] } };

test("consumers of the other brokers are listed, and the broker that hangs is named", async () => {
  const { known, silent } = await positionsOfAll(clusterOfGroups(HUNG), TOPIC);
  assertEquals([...known.keys()], ["a", "b", "c"]);
  assertEquals([...silent.keys()], ["hung:9092"]);
  assertStringIncludes(silent.get("hung:9092")!.message, "Cannot list consumers: no answer");
});

test("if no broker answers there is no list", async () => {
  const cluster = clusterOfGroups({ groups: { one: undefined, two: undefined } });
  const { canRetry } = await assertRejects(() => positionsOfAll(cluster, TOPIC), BrokerError);
  assertEquals(canRetry, true);
});

test("nothing is removed while it is unknown what some consumers have acknowledged", async () => {
  const description = { partition: 0, firstId: 0, nextId: 9, bytes: 9, segments: 0 };
  await assertRejects(
    () =>
      trimPartitions(clusterOfGroups(HUNG), {} as Offsets, {
        topic: TOPIC,
        partitions: [description],
        request: { acknowledged: true },
      }),
    BrokerError,
    "no answer",
  );
});

test("consumers of groups of the new protocol have positions, too, and those of other kinds have none", async () => {
  const types = { new: "consumer", old: "", shared: "share", streaming: "streams" };
  const cluster = clusterOfGroups({ groups: { one: ["old", "new", "shared", "streaming"] }, types });
  const { known } = await positionsOfAll(cluster, TOPIC);
  assertEquals([...known.keys()], ["old", "new"]);
});

test("whether an import was completed is not answered while the mark's broker hangs", async () => {
  const lag = { partition: 0, position: 0, events: 0, bytes: 0, seconds: 0 };
  const asked: string[] = [];
  const topicOf = (acknowledged: boolean, fault?: string) => ({
    lag: (name: string) => {
      asked.push(name);
      return Promise.resolve([{ ...lag, acknowledged, ...fault === undefined ? {} : { fault } }]);
    },
  });
  assertEquals([await isUnfinished(topicOf(true)), await isUnfinished(topicOf(false))], [true, false]);
  await assertRejects(() => isUnfinished(topicOf(false, "hung")), BrokerError, "hung");
  assertEquals(new Set(asked), new Set([UNFINISHED_CONSUMER]));
});
