// Rights and topic settings that were changed at the broker, while events were pushed and read. Errors named neither the
// missing right nor, for a push without it, the topic: its producer id is refused first, by a right on the cluster. A
// reader whose right to its group was taken went on without a word, as one whom the coordinator takes for dead. What a
// topic that was made compacted, or limits timestamps, refuses was an unknown error. And one topic whose documents may
// not be read kept all topics from being listed.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ResponseError } from "@platformatic/kafka";
import { EventEmitter } from "node:events";
import { BrokerError } from "../../src/errors.ts";
import { positionsOfAll } from "../../src/drivers/kafka/admin/all_positions.ts";
import { failureOf, isFault } from "../../src/drivers/kafka/client/failure.ts";
import { Group } from "../../src/drivers/kafka/consume/group.ts";
import type { Offsets } from "../../src/drivers/kafka/offsets/offsets.ts";
import { trimPartitions } from "../../src/drivers/kafka/admin/trim.ts";
import { test } from "../harness.ts";
import { clusterOfGroup } from "../drivers/kafka/cluster_of_group.ts";
import { clusterOfGroups, TOPIC } from "../drivers/kafka/cluster_of_groups.ts";

const PRODUCE = 0;
const FETCH = 1;
const OFFSET_COMMIT = 8;
const INIT_PRODUCER_ID = 22;
const TOPIC_REFUSED = 29;
const GROUP_REFUSED = 30;
const CLUSTER_REFUSED = 31;
const JOIN_GROUP = 11;
const OTHER_PROTOCOL = 23;
const GROUP_NOT_FOUND = 69;
const INVALID_RECORD = 87;
const UNKNOWN = -1;

/** The error of the client for an answer. */
function refusal(api: number, errors: Record<string, [number, string | null]>): ResponseError {
  return new ResponseError(api, 1, errors, undefined);
}

function brokerErrorOf(error: unknown, identity = 'as "app" by PLAIN'): BrokerError {
  return failureOf(error, 'use topic "t"', { servers: "a:1", identity }, 0) as BrokerError;
}

for (
  const [api, code, right] of [
    [PRODUCE, TOPIC_REFUSED, '"Write" on the topic'],
    [INIT_PRODUCER_ID, CLUSTER_REFUSED, '"Write" on the topic'],
    [FETCH, TOPIC_REFUSED, '"Read" on the topic'],
    [OFFSET_COMMIT, TOPIC_REFUSED, '"Read" on the topic'],
    [OFFSET_COMMIT, GROUP_REFUSED, '"Read" on the group'],
  ] as const
) {
  test(`a request (${api}) that the broker does not allow (${code}) names ${right}`, () => {
    const error = brokerErrorOf(refusal(api, { "/responses/0/partitions/0": [code, null] }));
    assertStringIncludes(error.message, 'Kafka at "a:1" does not allow it as "app" by PLAIN: ');
    assertStringIncludes(error.message, `; grant ${right}`);
    assertEquals(error.canRetry, false);
  });
}

test("a group of programs that share partitions in another way says what to change", () => {
  const error = brokerErrorOf(refusal(JOIN_GROUP, { "": [OTHER_PROTOCOL, null] }));
  assertStringIncludes(error.message, "answers INCONSISTENT_GROUP_PROTOCOL");
  assertStringIncludes(error.message, 'do not have "roundrobin" in their "partition.assignment.strategy"');
});

test("what the broker says about a record is the reason of its batch", () => {
  const refused = refusal(PRODUCE, {
    "/responses/0/partition_responses/0/record_errors/0": [UNKNOWN, "no message without key"],
    "/responses/0/partition_responses/0": [INVALID_RECORD, "One or more records have been rejected"],
  });
  const error = brokerErrorOf(refused);
  assertEquals([error.reason, error.canRetry], ["INVALID_RECORD", false]);
  assertStringIncludes(error.message, 'Kafka at "a:1" answers INVALID_RECORD (no message without key)');
  assertEquals([isFault(refused, "UNKNOWN_SERVER_ERROR"), isFault(refused, "INVALID_RECORD")], [false, true]);
});

/** A member's client. */
class MemberClient extends EventEmitter {
  readonly groupId = "name";
  readonly topics = { track: () => {} };
  joinGroup = () => Promise.resolve();
  leaveGroup = () => Promise.resolve();
  close = () => Promise.resolve();
}

test("a member whose heartbeats are not allowed fails, and one that misses an answer does not", async () => {
  const client = new MemberClient();
  const cluster = clusterOfGroup(client);
  const failures: unknown[] = [];
  const listener = {
    onReassigned: () => {},
    onFailure: (error: unknown) => failures.push(error),
    epochBefore: () => -1,
  };
  const topic = { name: "t", kafkaName: "t", numPartitions: 1 };
  const group = new Group(cluster, "name", topic, listener, undefined);
  await group.open();
  const refused = refusal(12, { "": [GROUP_REFUSED, null] });
  client.emit("consumer:heartbeat:error", { error: new Error("Connection closed") });
  client.emit("consumer:heartbeat:error", { error: refused });
  await group.close();
  client.emit("consumer:heartbeat:error", { error: refused });
  assertEquals(failures, [refused]);
  assertStringIncludes(brokerErrorOf(failures[0]).message, 'grant "Read" on the group');
});

test("consumers that may not be described are named, and the others are listed", async () => {
  const refused = { b: GROUP_REFUSED, d: GROUP_REFUSED, gone: GROUP_NOT_FOUND };
  const cluster = clusterOfGroups({ groups: { one: ["a", "b", "c", "gone", "d", "e"] }, refused });
  const found = await positionsOfAll(cluster, TOPIC);
  assertEquals([...found.known.keys()], ["a", "c", "e"]);
  assertEquals([...found.refused.keys()], ["b", "d"]);
  const { message } = found.refused.get("d")!;
  assertStringIncludes(
    message,
    'Cannot read the positions of "d": Kafka at "a:1" does not allow it as "app"',
  );
  assertStringIncludes(message, '; grant "Describe" on the group');
});

const WITHOUT_DESCRIBE = 1 << 9;
/** The answer of a broker that does not tell what is allowed. */
const NOT_TOLD = -(2 ** 31);

// Brokers leave out of their lists, without a word, what the user may not describe: trimming by what all consumers had
// acknowledged removed what those had not read.
for (const allowed of [0, WITHOUT_DESCRIBE]) {
  test(`where brokers may leave out consumers (${allowed}), nothing is removed by what all acknowledged`, async () => {
    const cluster = clusterOfGroups({ groups: { one: ["a"], two: [] }, allowed });
    const { known, unnamed } = await positionsOfAll(cluster, TOPIC);
    assertEquals([...known.keys()], ["a"]);
    assertEquals(
      [unnamed?.message, unnamed?.canRetry, unnamed?.reason],
      [
        'Cannot list all consumers as "app" by PLAIN: Kafka at "a:1" leaves out those that it does not allow to ' +
        'describe; grant "Describe" on the cluster',
        false,
        "CLUSTER_AUTHORIZATION_FAILED",
      ],
    );
    const removing = trimPartitions(cluster, {} as Offsets, {
      topic: TOPIC,
      partitions: [{ partition: 0, firstId: 0, nextId: 9, bytes: 9, segments: 0 }],
      request: { acknowledged: true },
    });
    assertEquals((await assertRejects(() => removing, BrokerError)).message, unnamed?.message);
  });
}

test("brokers that do not tell what is allowed name all consumers", async () => {
  const cluster = clusterOfGroups({ groups: { one: ["a"] }, allowed: NOT_TOLD });
  assertEquals((await positionsOfAll(cluster, TOPIC)).unnamed, undefined);
});

test("what such a consumer may not have acknowledged is not removed", async () => {
  const cluster = clusterOfGroups({ groups: { one: ["a", "b"] }, refused: { b: GROUP_REFUSED } });
  const description = { partition: 0, firstId: 0, nextId: 9, bytes: 9, segments: 0 };
  const error = await assertRejects(
    () =>
      trimPartitions(cluster, {} as Offsets, {
        topic: TOPIC,
        partitions: [description],
        request: { acknowledged: true },
      }),
    Error,
  );
  assertStringIncludes(error.message, 'Cannot read the positions of "b"');
});
