// Brokers may lose the end of a log: a replica that lacked it was made the leader, or a disk was replaced. A reader that
// was further on went on at the new end, and said nothing: what was stored between the two was never seen. If the log had
// grown again by then, the reader noticed nothing at all. The epochs of leaders show it, also after a restart, for which
// consumers without a group stored none.
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { BrokerError } from "../../mod.ts";
import { type Assignment, ManualAssignment } from "../../src/drivers/kafka/consume/assignment.ts";
import type { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { Fetcher } from "../../src/drivers/kafka/fetch/fetcher.ts";
import type { Offsets } from "../../src/drivers/kafka/offsets/offsets.ts";
import type { FetchedPartition } from "../../src/drivers/kafka/format/fetched.ts";
import { type ConsumerTopic, queueOf } from "../../src/drivers/kafka/consume/consumer_topic.ts";
import { PartitionQueue } from "../../src/drivers/kafka/fetch/partition_queue.ts";
import { PositionStore } from "../../src/drivers/kafka/consume/position_store.ts";
import { valuesOf } from "../drivers/kafka/values.ts";
import { INTACT } from "../drivers/kafka/intact.ts";
import { test } from "../harness.ts";

const TOPIC = { name: "t", kafkaName: "t", id: "the id" };

/** What the leader of the only partition has: the events below `end`, those from `epochAt` on of a later epoch. */
interface Log {
  end: number;
  /** Epoch 3 ends here. */
  epochAt?: number;
}

/** A cluster that returns no events, and whose leader compares epochs as Kafka does. */
function clusterOf({ end, epochAt }: Log): Cluster {
  let stop: (error: Error) => void = () => {};
  const partitions = [{ leader: 1, replicas: [1] }];
  const client = {
    topics: { track: () => {} },
    metadata: () =>
      Promise.resolve({
        topics: new Map([["t", { id: TOPIC.id, partitions, partitionsCount: 1 }]]),
        brokers: new Map([[1, { host: "a", port: 1 }]]),
      }),
    fetch(
      { topics: [{ partitions: [{ fetchOffset, lastFetchedEpoch }] }] }: {
        topics: { partitions: { fetchOffset: bigint; lastFetchedEpoch: number }[] }[];
      },
    ) {
      if (lastFetchedEpoch === 3 && epochAt !== undefined && epochAt < Number(fetchOffset)) {
        const divergingEpoch = { epoch: 3, endOffset: BigInt(epochAt) };
        const partition = { partitionIndex: 0, highWatermark: BigInt(end), records: null, divergingEpoch };
        return Promise.resolve({ responses: [{ partitions: [partition] }] });
      }
      if (Number(fetchOffset) <= end) return new Promise((_, reject) => stop = reject);
      const errors = [{ path: "/responses/0/partitions/0", apiId: "OFFSET_OUT_OF_RANGE" }];
      const response = { responses: [{ partitions: [{ partitionIndex: 0 }] }] };
      return Promise.reject(Object.assign(new Error("out of range"), { errors, response }));
    },
    close() {
      stop(new Error("closed"));
      return Promise.resolve();
    },
  };
  const ConnectionPool = class {
    close = () => Promise.resolve();
  };
  const fetch = { waitMsMax: 500, bytesMax: 1e6, bufferedBytesMax: 1e6 };
  const answer = { leaderEpoch: 3, endOffset: BigInt(epochAt ?? end) };
  return {
    servers: "a:1",
    settings: { client: {}, fetch },
    module: { ConnectionPool },
    consumer: () => client,
    run: (_: string, ask: (admin: unknown) => unknown) => ask(client),
    requestAdmin: () => Promise.resolve({ topics: [{ partitions: [answer] }] }),
    pauseBefore: () => Promise.resolve(),
  } as unknown as Cluster;
}

function queueAt(position: number): PartitionQueue {
  return new PartitionQueue({ ...INTACT, position });
}

/** Events of one epoch that were fetched. */
function fetched(epoch: number, first: number, count: number): FetchedPartition {
  const [value] = valuesOf({ count: 1, metadata: ["{}"], dataBytes: 0 }, { hasTextLength: true });
  const records = Array.from(
    { length: count },
    (_, offsetDelta) => ({ offsetDelta, timestampDelta: 0n, value }),
  );
  const batch = { firstOffset: BigInt(first), lastOffsetDelta: count - 1, attributes: 0, firstTimestamp: 0n };
  return {
    highWatermark: BigInt(first + count),
    records: [{ ...batch, partitionLeaderEpoch: epoch, records }],
  } as unknown as FetchedPartition;
}

/** The error that a reader gets, and where it was cut off. */
async function reportOf(queue: PartitionQueue, log: Log): Promise<{ fault: BrokerError; cuts: number[] }> {
  const known = (_: unknown, end: "earliest" | "latest") =>
    Promise.resolve(new Map([[0, end === "earliest" ? 0 : log.end]]));
  const cuts: number[] = [];
  const fetcher: Fetcher = await new Promise((resolve) => {
    const made: Fetcher = new Fetcher({
      cluster: clusterOf(log),
      offsets: { known } as unknown as Offsets,
      topic: TOPIC,
      consumer: "c",
      responsesMax: 4,
      onNews: () => made.hasFault && resolve(made),
      place: () => Promise.resolve(),
      onCutOff: (_, id) => void cuts.push(id),
    });
    made.restart([queue]);
    made.start();
  });
  const fault = fetcher.takeFault();
  assertEquals(fetcher.takeFault(), undefined);
  await fetcher.close();
  assertInstanceOf(fault, BrokerError);
  assertEquals([fault.reason, fault.canRetry], ["LOG_TRUNCATED", true]);
  return { fault, cuts };
}

test("a reader that is beyond the end of a log learns once that events were lost, and goes on at the end", async () => {
  const queue = queueAt(20);
  const { fault, cuts } = await reportOf(queue, { end: 5 });
  assertStringIncludes(fault.message, 'topic "t" partition 0 from event 20 on');
  assertStringIncludes(fault.message, "reading continues at 5");
  assertEquals([queue.fetchOffset, cuts], [5, [5]]);
});

for (const end of [15, 30]) {
  test(`a reader of a log that was cut off and has ${end} events again goes on where they differ`, async () => {
    const queue = queueAt(0);
    queue.accept(fetched(2, 0, 4));
    queue.accept(fetched(3, 4, 16));
    assertEquals([queue.take(100)?.count, queue.take(100)?.count, queue.position], [4, 16, 20]);
    const { fault, cuts } = await reportOf(queue, { end, epochAt: 10 });
    assertStringIncludes(fault.message, "has lost the events from 10 on");
    assertStringIncludes(fault.message, "reading continues at 10");
    assertEquals([queue.position, queue.fetchOffset, queue.fetchedEpoch, cuts], [10, 10, 3, [10]]);
    assertEquals([10, 11, 20, 21].map((id) => queue.hasLost(id)), [false, true, true, false]);
  });
}

test("events that were fetched but not read are dropped, and those that are still there are fetched again", async () => {
  const queue = queueAt(0);
  queue.accept(fetched(3, 0, 20));
  queue.take(6);
  const { cuts } = await reportOf(queue, { end: 15, epochAt: 10 });
  assertEquals([queue.position, queue.fetchOffset, queue.hasNews, cuts], [6, 6, false, [10]]);
});

test("a replica that lags is not taken for a log that was cut off: the leader's answer counts", async () => {
  const queue = queueAt(0);
  queue.accept(fetched(3, 0, 20));
  const cluster = clusterOf({ end: 20, epochAt: 10 });
  const answer = { topics: [{ partitions: [{ leaderEpoch: 3, endOffset: 25n }] }] };
  const asked: number[] = [];
  const client = cluster.consumer("c");
  const { fetch } = client;
  const again = new Promise<void>((resolve) => {
    Object.assign(client, {
      fetch(request: { topics: { partitions: { lastFetchedEpoch: number }[] }[] }) {
        if (asked.push(request.topics[0].partitions[0].lastFetchedEpoch) === 2) resolve();
        return (fetch as unknown as (request: unknown) => Promise<unknown>)(request);
      },
    });
  });
  Object.assign(cluster, { requestAdmin: () => Promise.resolve(answer) });
  const fetcher = new Fetcher(
    {
      cluster,
      offsets: {
        known: (_: unknown, end: string) => Promise.resolve(new Map([[0, end === "latest" ? 25 : 0]])),
      },
      topic: TOPIC,
      consumer: "c",
      responsesMax: 4,
      onNews: () => {},
      place: () => Promise.resolve(),
      onCutOff: () => {
        throw new Error("nothing was cut off");
      },
    } as unknown as ConstructorParameters<typeof Fetcher>[0],
  );
  fetcher.restart([queue]);
  fetcher.start();
  await again;
  assertEquals([asked, fetcher.hasFault, queue.fetchOffset], [[3, -1], false, 20]);
  queue.accept(fetched(3, 20, 5));
  assertEquals(queue.fetchedEpoch, 3);
  await fetcher.close();
});

test("a reader that starts after a stored position compares the epoch that was stored with it", async () => {
  const topic = { cluster: clusterOf({ end: 0 }), ...TOPIC, format: { hasTextLength: true } };
  const queue = queueOf(topic as unknown as ConsumerTopic, 0, { position: 20, epoch: 3 });
  assertEquals((await reportOf(queue, { end: 30, epochAt: 10 })).cuts, [10]);
  const unknown = queueOf(topic as unknown as ConsumerTopic, 0, { position: 20, epoch: -1 });
  assertEquals([unknown.fetchedEpoch, unknown.position], [-1, 20]);
});

test("after a cut, what is read again can be acknowledged, and the position before it is not taken for another's", async () => {
  const commits: [number, number][][] = [];
  const assignment = {
    assigned: [0],
    commit: (positions: Map<number, number>) => Promise.resolve(void commits.push([...positions])),
  } as unknown as Assignment;
  const storedWithEpochs = () => Promise.resolve(new Map([[0, { position: 20, epoch: 3 }]]));
  const store = new PositionStore(
    "c",
    { storedWithEpochs } as unknown as Offsets,
    assignment,
  );
  // As after a change of the group, when others may have stored positions.
  store.markReassigned([0]);
  await store.load([0]);
  await store.acknowledge(0, 12);
  assertEquals(commits, []);
  store.cutOff(0, 10);
  await store.acknowledge(0, 12);
  await store.acknowledge(0, 11);
  assertEquals(commits, [[[0, 12]]]);
});

test("a consumer without a group stores with its positions which leaders stored the events before them", async () => {
  const requests: unknown[] = [];
  const coordinator = { key: "c", nodeId: 1, host: "a", port: 1 };
  const cluster = {
    module: { FindCoordinatorKeyTypes: { GROUP: 0 } },
    ask: (_: string, ask: (admin: unknown) => unknown) =>
      ask({ findCoordinator: () => Promise.resolve([coordinator]) }),
    requestAdmin: (broker: unknown, { name, parameters }: { name: string; parameters: unknown[] }) =>
      Promise.resolve(void requests.push([broker, name, parameters])),
  } as unknown as Cluster;
  const queue = queueAt(0);
  queue.accept(fetched(2, 0, 4));
  queue.accept(fetched(3, 4, 16));
  const assignment = new ManualAssignment(
    "c",
    { cluster, name: "t", kafkaName: "t" },
    [0, 7],
    (partition, id) => {
      return partition === 0 ? queue.epochs.before(id) : -1;
    },
  );
  await assignment.commit(new Map([[0, 4], [7, 9]]));
  await assignment.commit(new Map([[0, 5]]));
  const committed = (partitionIndex: number, offset: number, committedLeaderEpoch: number) => ({
    partitionIndex,
    committedOffset: BigInt(offset),
    committedLeaderEpoch,
    committedMetadata: null,
  });
  const request = (...partitions: unknown[]) => [coordinator, "OffsetCommit", ["c", -1, "", null, [{
    name: "t",
    partitions,
  }]]];
  assertEquals(requests, [request(committed(0, 4, 2), committed(7, 9, -1)), request(committed(0, 5, 3))]);
});
