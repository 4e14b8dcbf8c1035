// Where the command's consumers begin: never elsewhere because a position could not be read.
import { assertEquals, assertRejects } from "@std/assert";
import { BrokerError, Driver, type PartitionLag } from "../../mod.ts";
import { openConsumer } from "../../src/ctl/consume/open_consumer.ts";
import { test } from "../harness.ts";

test("consume --from -2 moves no position that is unknown while a broker does not answer", async () => {
  await using driver = await Driver.open("memory");
  await driver.createTopic("t", { num_partitions: 1 });
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  for (let n = 0; n < 5; n++) producer.push({ n });
  await producer.flush();
  await topic.seekConsumer("app", { id: 1 });
  const lag = topic.lag.bind(topic);
  const fault = "no answer in 2 s";
  topic.lag = (name) =>
    lag(name).then((lags) =>
      lags.map((one): PartitionLag => ({ ...one, position: 0, acknowledged: false, fault }))
    );
  await assertRejects(() => openConsumer(topic, "app", { last: 2 }, {}), BrokerError, fault);
  topic.lag = lag;
  await using consumer = await openConsumer(topic, "app", { last: 2 }, {});
  assertEquals((await consumer.pull()).id, 1);
});
