// Rights were taken from a user and given back while it created, edited, listed and deleted topics. A topic that others
// deleted at that moment made listing fail, for all topics. And a topic that had been created, and then could not be
// looked for, lost its documents: it was there without its validator (tests/kafka/driver_test.ts has that).
import { assertEquals, assertRejects } from "@std/assert";
import { BrokerError } from "../../src/errors.ts";
import type { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { configsOfTopics } from "../../src/drivers/kafka/client/configs.ts";
import { test } from "../harness.ts";

/** A cluster in which some topics do not exist; it says so about all that are asked for with them. */
function clusterWithout(gone: string[], reason: string): { cluster: Cluster; asked: string[] } {
  const asked: string[] = [];
  const describeConfigs = ({ resources }: { resources: { resourceName: string }[] }) => {
    const names = resources.map(({ resourceName }) => resourceName);
    asked.push(names.join(" "));
    if (names.some((name) => gone.includes(name))) {
      return Promise.reject(new BrokerError("a:1", "no", { reason, canRetry: true }));
    }
    const configs = [{ name: "max.message.bytes", value: "7", configSource: 5 }];
    return Promise.resolve(names.map((resourceName) => ({ resourceName, configs })));
  };
  const cluster = {
    module: { ConfigResourceTypes: { TOPIC: 2 }, ConfigSources: { DYNAMIC_TOPIC_CONFIG: 1 } },
    run: (_: string, ask: (admin: unknown) => unknown) => ask({ describeConfigs }),
  };
  return { cluster: cluster as unknown as Cluster, asked };
}

test("settings are read of all topics but those that were deleted meanwhile", async () => {
  const { cluster, asked } = clusterWithout(["b", "d"], "UNKNOWN_TOPIC_OR_PARTITION");
  const found = await configsOfTopics(cluster, ["a", "b", "c", "d", "e", "f", "g", "h"]);
  assertEquals([...found.keys()], ["a", "c", "e", "f", "g", "h"]);
  assertEquals(found.get("h"), { configs: [], batchBytesMax: 7 });
  assertEquals(asked, ["a b c d e f g h", "a b c d", "a b", "a", "b", "c d", "c", "d", "e f g h"]);
  assertEquals(await configsOfTopics(cluster, ["b"]), new Map());
});

test("any other error about settings is one", async () => {
  const { cluster } = clusterWithout(["b"], "UNKNOWN_SERVER_ERROR");
  await assertRejects(() => configsOfTopics(cluster, ["a", "b"]), BrokerError);
});
