// Members that came and went all the time, on a machine with much else to do: the new owner of a partition looked which
// position was stored, and then had to wait with its own until partitions had moved once more. Meanwhile the owner before
// stored a later one. The new owner's was stored nevertheless: 4,097 events were delivered again although their
// acknowledgements had been confirmed.
import { assertEquals } from "@std/assert";
import { EventEmitter } from "node:events";
import type { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import type { Offsets } from "../../src/drivers/kafka/offsets/offsets.ts";
import { PositionStore } from "../../src/drivers/kafka/consume/position_store.ts";
import { memberOn } from "../drivers/kafka/cluster_of_group.ts";
import { test } from "../harness.ts";

/** The client of a member that gets the only partition in each rebalance. */
class MemberClient extends EventEmitter {
  readonly groupId = "name";
  readonly memberId = "member";
  readonly topics = { track: () => {} };
  readonly assignments = [{ topic: "t", partitions: [0] }];
  generationId = 0;
  joinGroup = () => {
    this.generationId++;
    this.emit("consumer:group:join");
    return Promise.resolve();
  };
  findGroupCoordinator = () => Promise.resolve(1);
  metadata = () => Promise.resolve({ brokers: new Map([[1, {}]]) });
  leaveGroup = () => Promise.resolve();
  close = () => Promise.resolve();
}

interface Committed {
  partitions: { committedOffset: bigint }[];
}

/** What a member stores that acknowledged 5, while another member stores a position before partitions have moved. */
async function storedBeside(other: number): Promise<[sent: number[], stored: number]> {
  const client = new MemberClient();
  const sent: number[] = [];
  let stored = 3;
  const cluster = {
    settings: { group: {}, client: { metadataMaxAge: 300_000 } },
    servers: "test",
    consumer: () => client,
    run: (_: string, work: () => Promise<void>) => work(),
    within: (_: number, committing: Promise<void>) => committing,
    request: async (_: unknown, __: unknown, { parameters }: { parameters: unknown[] }) => {
      const [{ partitions: [partition] }] = parameters[4] as [Committed];
      sent.push(Number(partition!.committedOffset));
      await undefined;
      if (sent.length === 1) {
        throw Object.assign(new Error("partitions are moving"), { apiId: "REBALANCE_IN_PROGRESS" });
      }
      stored = sent.at(-1)!;
    },
  } as unknown as Cluster;
  const storedWithEpochs = () => Promise.resolve(new Map([[0, { position: stored, epoch: -1 }]]));
  const group = memberOn(cluster);
  const store = new PositionStore("name", { storedWithEpochs } as unknown as Offsets, group);
  await group.open();
  store.markReassigned([0]);
  const acknowledged = store.acknowledge(0, 5);
  while (sent.length === 0) await new Promise((resolve) => setTimeout(resolve));
  stored = other;
  await client.joinGroup();
  await acknowledged;
  await store.close();
  await group.close();
  return [sent, stored];
}

test("a later position that another member stored before partitions moved stays", async () => {
  assertEquals(await storedBeside(9), [[5], 9]);
});

test("a position that is still the latest one after partitions moved is stored", async () => {
  assertEquals(await storedBeside(3), [[5, 5], 5]);
});
