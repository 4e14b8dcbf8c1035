// With `group.instance.id`, the consumers of one name on two topics had the same id: brokers mistook the second
// for the first one rejoining, and one of the two got nothing, without an error. Two on one topic got events
// twice. Each has its own id now; tests/kafka/static_members_test.ts tries it with a broker. Two processes with the same
// id, as from a file of settings that was copied, took it from each other again and again, and each read everything,
// without an error: the client joins again when a broker says that another member has its id.
import { assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import * as client from "@platformatic/kafka";
import { EventEmitter } from "node:events";
import type { ConsumerRequest } from "../../src/contract.ts";
import type { BrokerError } from "../../src/errors.ts";
import {
  type AnyClient,
  type Api,
  type ClientConnection,
  FENCED,
  stayFenced,
} from "../../src/drivers/kafka/client/client_internals.ts";
import { KafkaConsumer } from "../../src/drivers/kafka/consume/consumer.ts";
import type { ConsumerTopic } from "../../src/drivers/kafka/consume/consumer_topic.ts";
import { Group } from "../../src/drivers/kafka/consume/group.ts";
import { takeInstanceId } from "../../src/drivers/kafka/consume/instance_id.ts";
import { HighWatermarks, KnownPartitions } from "../../src/drivers/kafka/offsets/known_partitions.ts";
import { clusterOfGroup } from "../drivers/kafka/cluster_of_group.ts";
import { test } from "../harness.ts";

const HEARTBEAT = 12;
const FENCED_CODE = 82;
const UNKNOWN_MEMBER_CODE = 25;

function refusal(code: number): client.ResponseError {
  return new client.ResponseError(HEARTBEAT, 4, { "": [code, null] }, undefined);
}

const PLACE = { servers: "instance-id-test:9092", group: "g", kafkaName: "t" };

test("every member of a process has its own id, by topic and by number", () => {
  const members = ["t", "t", "u"].map((kafkaName) => takeInstanceId("host", { ...PLACE, kafkaName }));
  assertEquals(members.map(({ id }) => id), ["host-1-t", "host-2-t", "host-1-u"]);
  for (const { release } of members) release();
});

test("a member that returns has the same id", () => {
  const first = takeInstanceId("back", PLACE);
  const second = takeInstanceId("back", PLACE);
  first.release();
  const again = takeInstanceId("back", PLACE);
  assertEquals([again.id, second.id], [first.id, "back-2-t"]);
  again.release();
  second.release();
});

test("ids too long for a broker are shortened, and stay distinct", () => {
  const long = takeInstanceId("x".repeat(200), { ...PLACE, kafkaName: "t".repeat(200) });
  const other = takeInstanceId("x".repeat(200), { ...PLACE, kafkaName: `${"t".repeat(199)}u` });
  assertEquals([long.id.length, other.id.length], [249, 249]);
  assertNotEquals(long.id, other.id);
  long.release();
  other.release();
});

/** Which of its errors for a request the client takes as a reason to join again. */
function errorsToJoinAgain(name: string, code: number): string[] {
  const api: Api = Object.assign(
    (_connection: ClientConnection, callback: unknown) => (callback as (error: Error) => void)(refusal(code)),
    { version: 4 },
  );
  const rig = {
    [client.kGetApi]: (_name: string, callback: (error: null, api: Api) => void) => callback(null, api),
  };
  stayFenced(rig as unknown as AnyClient, client);
  const found: string[] = [];
  rig[client.kGetApi](name, (_, wrapped) =>
    wrapped({} as ClientConnection, (error: client.ResponseError) => {
      for (const one of error.errors as { apiId: string; needsRejoin: boolean }[]) {
        found.push(`${one.apiId}: ${one.needsRejoin}`);
      }
    }));
  return found;
}

for (const name of ["Heartbeat", "JoinGroup", "SyncGroup"]) {
  test(`a member whose id another one has does not take it back (${name})`, () => {
    assertEquals(errorsToJoinAgain(name, FENCED_CODE), [`${FENCED}: false`]);
    assertEquals(errorsToJoinAgain(name, UNKNOWN_MEMBER_CODE), ["UNKNOWN_MEMBER_ID: true"]);
  });
}

/** A member's client, with both partitions. */
class MemberClient extends EventEmitter {
  readonly groupId = "reader";
  readonly topics = { track: () => {} };
  readonly memberId = "m";
  readonly generationId = 1;
  assignments = [{ topic: "t", partitions: [0, 1] }];
  joinGroup = () => Promise.resolve(this.emit("consumer:group:join"));
  leaveGroup = () => Promise.resolve();
  close = () => Promise.resolve();
}

test("it has no partitions any more, and says why at each heartbeat", async () => {
  const member = new MemberClient();
  const failures: BrokerError[] = [];
  const lost: (readonly number[])[] = [];
  const listener = {
    onReassigned: (change: { lost: readonly number[] }) => lost.push(change.lost),
    onFailure: (error: unknown) => failures.push(error as BrokerError),
    epochBefore: () => -1,
  };
  const topic = { name: "t", kafkaName: "t", numPartitions: 2 };
  const group = new Group(clusterOfGroup(member), "reader", topic, listener, undefined);
  await group.open();
  assertEquals(group.assigned, [0, 1]);
  for (let n = 0; n < 2; n++) member.emit("consumer:heartbeat:error", { error: refusal(FENCED_CODE) });
  assertEquals([group.assigned, lost], [[], [[], [0, 1]]]);
  assertEquals(failures.map(({ reason, canRetry }) => [reason, canRetry]), [[FENCED, false], [
    FENCED,
    false,
  ]]);
  assertStringIncludes(
    failures[0].message,
    'Cannot read topic "t" as "reader": another process has the same "group.instance.id", and took the partitions',
  );
  await group.close();
});

// Nothing was thrown, since there was no partition to read; and as there was something to report, the wait for events
// ended at once, again and again.
test("a consumer that waits, and has no partitions, gets the errors of its group", async () => {
  const member = new MemberClient();
  member.assignments = [];
  const topic = {
    ...{
      name: "t",
      kafkaName: "t",
      numPartitions: 2,
      partitions: new KnownPartitions(2),
      highWatermarks: new HighWatermarks(),
    },
    cluster: { ...clusterOfGroup(member), failure: (error: unknown) => error },
    offsets: { known: () => Promise.resolve(new Map()), storedWithEpochs: () => Promise.resolve(new Map()) },
  } as unknown as ConsumerTopic;
  const request = { from: "earliest", onCorruption: "throw" } as ConsumerRequest;
  const consumer = new KafkaConsumer(topic, "reader", request);
  await consumer.open();
  const { signal } = new AbortController();
  const waiting = assertRejects(() => consumer.waitForEvents(signal), Error, "group.instance.id");
  member.emit("consumer:heartbeat:error", { error: refusal(FENCED_CODE) });
  await waiting;
  assertEquals(consumer.assigned, []);
  await consumer.close();
});
