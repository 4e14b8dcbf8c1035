// Topics were created with a small quota for that (`controller_mutation_rate`): the broker said so, and then read
// nothing for a minute, so that the next attempt timed out. The error was "no answer … Request timed out".
import { assertEquals, assertRejects } from "@std/assert";
import { ProtocolError, TimeoutError } from "@platformatic/kafka";
import { BrokerError } from "../../src/errors.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { FakeBroker } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

const QUOTA = "THROTTLING_QUOTA_EXCEEDED";

/** The reason of the error after answers of a broker, the last of which is given a while later. */
async function reasonAfter(...answers: Error[]): Promise<string | undefined> {
  await using broker = await FakeBroker.start(1);
  const settings = readSettings({ "bootstrap.servers": broker.address, "retry.backoff.ms": 1 });
  const cluster = await Cluster.connect(settings);
  try {
    const operation = async (): Promise<void> => {
      const answer = answers.shift()!;
      if (answers.length === 0) await new Promise((resolve) => setTimeout(resolve, 60));
      throw answer;
    };
    const { reason } = await assertRejects(() => cluster.run("create a topic", operation, 50), BrokerError);
    return reason;
  } finally {
    await cluster.close();
  }
}

test("an attempt that is not answered because of a quota is said to have failed for it", async () => {
  assertEquals(await reasonAfter(new ProtocolError(QUOTA), new TimeoutError("Request timed out")), QUOTA);
  assertEquals(await reasonAfter(new TimeoutError("Request timed out")), undefined);
  const refused = new ProtocolError("TOPIC_ALREADY_EXISTS");
  assertEquals(await reasonAfter(new ProtocolError(QUOTA), refused), "TOPIC_ALREADY_EXISTS");
});
