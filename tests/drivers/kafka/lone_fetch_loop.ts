import { FetchLoop, type FetchLoopSettings } from "../../../src/drivers/kafka/fetch/fetch_loop.ts";
import type { PartitionQueue } from "../../../src/drivers/kafka/fetch/partition_queue.ts";

/** A loop that fetches for the queues of a topic from one broker; `fetch` answers for it. */
export function loneFetchLoop(
  queues: readonly PartitionQueue[],
  fetch: (partitions: number[]) => Promise<unknown>,
  callbacks: Partial<Pick<FetchLoopSettings, "place" | "replace">>,
): FetchLoop {
  const client = {
    metadata: () =>
      Promise.resolve({
        brokers: new Map([[1, {}]]),
        topics: new Map([["t", { id: "id", partitions: queues.map(() => ({ leader: 1 })) }]]),
      }),
    fetch: ({ topics: [{ partitions }] }: { topics: [{ partitions: { partition: number }[] }] }) =>
      fetch(partitions.map(({ partition }) => partition)),
  };
  class ConnectionPool {
    close(): Promise<void> {
      return Promise.resolve();
    }
  }
  return new FetchLoop({
    client,
    cluster: {
      module: { ConnectionPool },
      settings: { client: { clientId: "test" }, fetch: { bufferedBytesMax: 1, waitMsMax: 500 } },
      pauseBefore: () => Promise.resolve(),
    },
    topic: { name: "t", kafkaName: "t", id: "id" },
    consumer: "reader",
    queues,
    responsesMax: 1,
    requestsBefore: 0,
    onResponse: () => {},
    onUnavailable: () => {},
    place: () => Promise.resolve(),
    replace: () => Promise.resolve(),
    onFailure: () => Promise.resolve(),
    ...callbacks,
  } as unknown as FetchLoopSettings);
}
