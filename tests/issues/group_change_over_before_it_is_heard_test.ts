// A member of a Kafka group tried to commit a position during a rebalance. The answer, "rebalance in progress",
// arrived when the rebalance was over, and the member waited for the end of a rebalance that no longer existed:
// it read nothing for a minute.
import { assertEquals } from "@std/assert";
import { EventEmitter } from "node:events";
import type { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { Group } from "../../src/drivers/kafka/consume/group.ts";
import { test } from "../harness.ts";

/** A client that is a group member; a test makes it join. */
class FakeClient extends EventEmitter {
  groupId = "name";
  memberId = "member";
  generationId = 0;
  assignments = [{ topic: "t", partitions: [0] }];
  readonly topics = { track: () => {} };

  joinGroup(): Promise<void> {
    this.generationId++;
    this.emit("consumer:group:join");
    return Promise.resolve();
  }

  findGroupCoordinator(): Promise<number> {
    return Promise.resolve(1);
  }

  metadata(): Promise<unknown> {
    return Promise.resolve({ brokers: new Map([[1, {}]]) });
  }

  leaveGroup(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function commitsOf(
  onFirst: (client: FakeClient) => void,
  after: (client: FakeClient) => void,
): Promise<number[]> {
  const client = new FakeClient();
  const generations: number[] = [];
  const cluster = {
    settings: { group: {}, client: { metadataMaxAge: 300_000 } },
    servers: "test",
    consumer: () => client,
    run: (_: string, work: () => Promise<void>) => work(),
    within: (_: number, committing: Promise<void>) => committing,
    request: async (_: unknown, __: unknown, { parameters }: { parameters: unknown[] }) => {
      generations.push(parameters[1] as number);
      await undefined;
      if (generations.length > 1) return;
      onFirst(client);
      throw Object.assign(new Error("the group is changing"), { apiId: "REBALANCE_IN_PROGRESS" });
    },
  } as unknown as Cluster;
  const group = new Group(
    cluster,
    "name",
    { name: "t", kafkaName: "t", numPartitions: 1 },
    { onReassigned: () => {}, onFailure: () => {}, epochBefore: () => -1 },
    undefined,
  );
  await group.open();
  const committed = group.commit(new Map([[0, 5]]));
  await new Promise((resolve) => setTimeout(resolve));
  after(client);
  await committed;
  await group.close();
  return generations;
}

test(
  "a position is stored at once if the rebalance ended before the response came",
  { limitMs: 10_000 },
  async () => {
    assertEquals(await commitsOf((client) => void client.joinGroup(), () => {}), [1, 2]);
  },
);

test("a position is stored in the next generation if the group is still rebalancing", async () => {
  assertEquals(await commitsOf(() => {}, (client) => void client.joinGroup()), [1, 2]);
});
