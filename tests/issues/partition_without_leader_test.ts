// While one partition had no leader, looking for its topic took 29 seconds and failed: the client throws such an answer
// away, though its error carries it. The topic is there, its other partitions are well, and the answer says which is not.
import { assertEquals, assertRejects } from "@std/assert";
import { MultipleErrors, ResponseError } from "@platformatic/kafka";
import type { Admin } from "../../src/drivers/kafka/client.ts";
import type { Cluster } from "../../src/drivers/kafka/cluster.ts";
import { findTopic } from "../../src/drivers/kafka/metadata.ts";
import { test } from "../harness.ts";

const METADATA = 3;
const LEADER_NOT_AVAILABLE = 5;
const UNKNOWN_TOPIC = 3;

/** A cluster that answers about topic "t" with these errors by path, in the client's way. */
function clusterWith(errors: Record<string, number>): Cluster {
  const response = {
    topics: [{
      name: "t",
      topicId: "id",
      errorCode: 0,
      partitions: [2, 0, 1].map((partitionIndex) => ({
        partitionIndex,
        leaderId: partitionIndex === 1 ? -1 : 7,
        replicaNodes: [7, 8],
      })),
    }],
  };
  const byPath = Object.fromEntries(Object.entries(errors).map(([path, code]) => [path, [code, null]]));
  const fault = new ResponseError(METADATA as never, 12 as never, byPath as never, response);
  const admin = { metadata: () => Promise.reject(new MultipleErrors("Cannot get metadata", [fault])) };
  const run = (_: string, ask: (admin: Admin) => unknown) => ask(admin as unknown as Admin);
  return { run } as unknown as Cluster;
}

test("a topic of which one partition has no leader is found at once, with the others' leaders", async () => {
  const found = await findTopic(clusterWith({ "/topics/0/partitions/2": LEADER_NOT_AVAILABLE }), "t");
  assertEquals(found, { id: "id", numPartitions: 3, replicationFactor: 2, leaders: [7, -1, 7] });
});

test("a topic that is missing, or in doubt for another reason, is not taken for one", async () => {
  assertEquals(await findTopic(clusterWith({ "/topics/0": UNKNOWN_TOPIC }), "t"), undefined);
  await assertRejects(() => findTopic(clusterWith({ "/topics/0": LEADER_NOT_AVAILABLE }), "t"));
  const mixed = { "/topics/0": 29, "/topics/0/partitions/2": LEADER_NOT_AVAILABLE };
  await assertRejects(() => findTopic(clusterWith(mixed), "t"));
});
