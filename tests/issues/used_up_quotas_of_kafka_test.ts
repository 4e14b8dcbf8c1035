// A client with a low quota for reading: the broker answers, but with nothing, and then not at all for many seconds. A
// read said that there was "no answer" after 20 seconds, as if no broker could be reached; it also failed for a
// partition that had to wait for its turn while events of others arrived. A read fails now when nothing arrived at all
// for that time, and then it names the quota.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { BrokerError } from "../../src/errors.ts";
import type { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { Fetcher } from "../../src/drivers/kafka/fetch/fetcher.ts";
import type { Offsets } from "../../src/drivers/kafka/offsets/offsets.ts";
import { PartitionQueue } from "../../src/drivers/kafka/fetch/partition_queue.ts";
import { valuesOf } from "../drivers/kafka/values.ts";
import { INTACT } from "../drivers/kafka/intact.ts";
import { test } from "../harness.ts";

const WAIT_MS = 20_000;

/** Fetches from a broker that gives these answers, one after the other, and then none. */
async function fetchFrom(answers: { count: number; throttleTimeMs: number }[]): Promise<Fetcher> {
  const coming = [...answers];
  const [value] = valuesOf({ count: 1, metadata: ["{}"], dataBytes: 0 }, { hasTextLength: true });
  let stop: (error: Error) => void = () => {};
  let onLast = () => {};
  const last = new Promise<void>((resolve) => onLast = resolve);
  const client = {
    topics: { track: () => {} },
    metadata: () =>
      Promise.resolve({
        topics: new Map([["t", { id: "id", partitions: [{ leader: 1 }] }]]),
        brokers: new Map([[1, { host: "a", port: 1 }]]),
      }),
    fetch: ({ topics: [{ partitions: [{ fetchOffset }] }] }: {
      topics: { partitions: { fetchOffset: bigint }[] }[];
    }) => {
      const answer = coming.shift();
      if (answer === undefined) {
        onLast();
        return new Promise((_, reject) => stop = reject);
      }
      const { count, throttleTimeMs } = answer;
      const records = Array.from(
        { length: count },
        (_, offsetDelta) => ({ offsetDelta, timestampDelta: 0n, value }),
      );
      const batch = {
        firstOffset: fetchOffset,
        lastOffsetDelta: count - 1,
        length: 100,
        attributes: 0,
        firstTimestamp: 0n,
        partitionLeaderEpoch: 0,
        records,
      };
      const partition = { partitionIndex: 0, highWatermark: 100n, records: count === 0 ? null : [batch] };
      return Promise.resolve({ throttleTimeMs, responses: [{ partitions: [partition] }] });
    },
    close: () => Promise.resolve(stop(new Error("closed"))),
  };
  const ConnectionPool = class {
    close = () => Promise.resolve();
  };
  const fetcher = new Fetcher({
    cluster: {
      servers: "a:1",
      settings: { client: {}, fetch: { waitMsMax: 500, bytesMax: 1e6, bufferedBytesMax: 1e6 } },
      module: { ConnectionPool },
      consumer: () => client,
      pauseBefore: () => Promise.resolve(),
    } as unknown as Cluster,
    offsets: {} as Offsets,
    topic: { name: "t", kafkaName: "t", id: "id" },
    consumer: "c",
    responsesMax: 10,
    onNews: () => {},
    place: () => Promise.resolve(),
    onCutOff: () => {},
  });
  const queue = new PartitionQueue(INTACT);
  fetcher.restart([queue]);
  fetcher.start();
  await last;
  await fetcher.close();
  return fetcher;
}

function silenceOf(fetcher: Fetcher): { received: boolean; reason: string | undefined; message: string } {
  const error = fetcher.silence('read topic "t"', WAIT_MS);
  return {
    received: fetcher.hasReceivedWithin(WAIT_MS),
    reason: error instanceof BrokerError ? error.reason : undefined,
    message: (error as Error).message,
  };
}

test("a broker that sends nothing because of a quota is not taken for one that does not answer", async () => {
  const { received, reason, message } = silenceOf(await fetchFrom([{ count: 0, throttleTimeMs: 41_000 }]));
  assertEquals([received, reason], [false, "THROTTLING_QUOTA_EXCEEDED"]);
  assertStringIncludes(
    message,
    'Kafka at "a:1" has sent nothing for 20 s, because a quota of this client is used up',
  );
});

test("a reader waits on while events arrive, with a quota or without", async () => {
  const answers = [{ count: 3, throttleTimeMs: 0 }, { count: 0, throttleTimeMs: 0 }];
  const { received, reason } = silenceOf(await fetchFrom(answers));
  assertEquals([received, reason], [true, undefined]);
  assertEquals(silenceOf(await fetchFrom([...answers, { count: 0, throttleTimeMs: 9000 }])).received, true);
});

test("a broker that has nothing to send is not said to hold anything back", async () => {
  const { received, message } = silenceOf(await fetchFrom([{ count: 0, throttleTimeMs: 0 }]));
  assertEquals([received, message], [false, "no answer"]);
});
