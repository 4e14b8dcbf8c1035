// Brokers may lose the end of a log: a replica that lacked it was made the leader, or a disk was replaced. A reader that
// was further on went on at the new end, and said nothing: what was stored between the two was never seen.
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { BrokerError } from "../../mod.ts";
import type { Cluster } from "../../src/drivers/kafka/cluster.ts";
import { Fetcher } from "../../src/drivers/kafka/fetcher.ts";
import type { Offsets } from "../../src/drivers/kafka/offsets.ts";
import { PartitionQueue } from "../../src/drivers/kafka/partition_queue.ts";
import { test } from "../harness.ts";

const TOPIC = { name: "t", kafkaName: "t", id: "the id" };

/** A cluster whose only partition ends at `end`; it refuses to give anything from beyond that. */
function clusterOf(end: number): Cluster {
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
      { topics: [{ partitions: [{ fetchOffset }] }] }: {
        topics: { partitions: { fetchOffset: bigint }[] }[];
      },
    ) {
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
  return {
    servers: "a:1",
    settings: { client: {}, fetch },
    module: { ConnectionPool },
    consumer: () => client,
    run: (_: string, ask: (admin: unknown) => unknown) => ask(client),
    pauseBefore: () => Promise.resolve(),
  } as unknown as Cluster;
}

test("a reader that is beyond the end of a log learns once that events were lost, and goes on at the end", async () => {
  const ends = { earliest: 0, latest: 5 };
  const known = (_: unknown, end: "earliest" | "latest") => Promise.resolve(new Map([[0, ends[end]]]));
  const queue = new PartitionQueue(0, 20, { hasTextLength: true }, () => {
    throw new Error("nothing is damaged");
  });
  const fetcher: Fetcher = await new Promise((resolve) => {
    const made: Fetcher = new Fetcher({
      cluster: clusterOf(ends.latest),
      offsets: { known } as unknown as Offsets,
      topic: TOPIC,
      consumer: "c",
      responsesMax: 4,
      onNews: () => resolve(made),
      place: () => Promise.resolve(),
    });
    made.restart([queue]);
    made.start();
  });
  const fault = fetcher.takeFault();
  assertInstanceOf(fault, BrokerError);
  assertEquals([fault.reason, fault.canRetry], ["OFFSET_OUT_OF_RANGE", true]);
  assertStringIncludes(fault.message, 'topic "t" partition 0 from event 20 on');
  assertStringIncludes(fault.message, "reading continues at 5");
  assertEquals([fetcher.takeFault(), queue.fetchOffset], [undefined, 5]);
  await fetcher.close();
});
