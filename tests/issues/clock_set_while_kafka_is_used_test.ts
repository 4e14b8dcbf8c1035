// A clock that was set forward by an hour, as after a virtual machine was resumed, while a broker was asked: the request
// was not tried again, and failed after "3600.0 s". Set back, it made a partition without a leader look available.
import { assertEquals } from "@std/assert";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { leaderless } from "../../src/drivers/kafka/client/failure.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { FakeBroker } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

const HOUR_MS = 3_600_000;

test("a request is tried again although the clock was set meanwhile", async () => {
  await using broker = await FakeBroker.start(1);
  const cluster = await Cluster.connect(readSettings({
    "bootstrap.servers": broker.address,
    "retry.backoff.ms": 1,
  }));
  const now = Date.now;
  let attempts = 0;
  try {
    const answer = await cluster.run("ask", () => {
      if (attempts++ > 0) return Promise.resolve("an answer");
      const setMs = now() + HOUR_MS;
      Date.now = () => setMs;
      return Promise.reject(leaderless(broker.address, "ask", 0));
    });
    assertEquals([answer, attempts], ["an answer", 2]);
  } finally {
    Date.now = now;
    await cluster.close();
  }
});
