// A coordinator that took longer than 2 seconds to store or tell a position was taken for one that had been replaced,
// although it was the same: the driver looked for the address that it had asked where the form of the request with the
// topic's id has none. Acknowledgements were then sent once more by the topic's name, and positions were asked by it.
import { assert, assertEquals } from "@std/assert";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { commitPositions } from "../../src/drivers/kafka/offsets/commit.ts";
import { findCoordinator, leaveMovedCoordinators } from "../../src/drivers/kafka/client/moved_coordinator.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { FakeBroker, TOPIC_ID } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

test("a slow coordinator that is still the same is waited for, also if it is asked by a topic's id", async () => {
  await using broker = await FakeBroker.start(1);
  broker.commitVersion = { said: 10, known: 10 };
  broker.positionsMs = 50;
  const cluster = await Cluster.connect(readSettings({ "bootstrap.servers": broker.address }));
  const client = cluster.producer();
  const find = (group: string) =>
    cluster.run("look", (admin) => findCoordinator(admin, cluster.module, group));
  let looks = 0;
  const look = (group: string) => {
    looks++;
    return find(group);
  };
  leaveMovedCoordinators(client, cluster.module, look, 1);
  try {
    const coordinator = (await find("reader"))!;
    await commitPositions(
      cluster,
      {
        group: "reader",
        member: { generation: -1, id: "", instance: null },
        topic: { name: "t", kafkaName: "t", id: TOPIC_ID },
        positions: new Map([[0, 5]]),
        epochBefore: () => -1,
      },
      (request) => cluster.request(client, coordinator, request),
    );
    assert(looks > 0);
    assertEquals(broker.commits, [[10, 0, 5]]);
  } finally {
    await client.close();
    await cluster.close();
  }
});
