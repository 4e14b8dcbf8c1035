// A machine that accepts connections and answers nothing: a broker that hangs, or another program at its port. If it was
// the only address, opening a driver failed after 12 s more than the timeout that was set. If it was the first of
// several, opening failed all the same, though the others worked; and a broker that hung later, while it was the first
// one asked, made topics, settings and positions wait for a minute, and then fail. Moving a consumer's position from
// outside failed after a minute if a leader hung, long after the cluster had another one.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BrokerError } from "../../mod.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { findTopic } from "../../src/drivers/kafka/client/metadata.ts";
import { Offsets } from "../../src/drivers/kafka/offsets/offsets.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { FakeBroker, TOPIC_ID } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

function connect(setupMs: number, ...brokers: FakeBroker[]): Promise<Cluster> {
  return Cluster.connect(readSettings({
    "bootstrap.servers": brokers.map(({ address }) => address),
    "socket.connection.setup.timeout.ms": setupMs,
    "retry.backoff.ms": 20,
  }));
}

async function silentBroker(): Promise<FakeBroker> {
  const broker = await FakeBroker.start(1);
  broker.isSilent = true;
  return broker;
}

test("a machine that answers nothing is reported soon after the timeout, with what to check", async () => {
  await using silent = await silentBroker();
  const beganMs = performance.now();
  const { message } = await assertRejects(() => connect(1000, silent), BrokerError);
  assert(performance.now() - beganMs < 8000, "it does not take much longer than the timeout");
  assertStringIncludes(message, `Cannot connect: no answer from Kafka at "${silent.address}" in `);
  assertStringIncludes(
    message,
    'it accepts connections, but answers nothing: check the port, and "security.',
  );
});

test("a broker that answers is found after others that do not", async () => {
  await using first = await silentBroker();
  await using second = await silentBroker();
  await using third = await FakeBroker.start(1);
  const cluster = await connect(2000, first, second, third);
  try {
    assertEquals((await findTopic(cluster, "t"))?.id, TOPIC_ID);
  } finally {
    await cluster.close();
  }
});

test("a broker that stops answering holds nothing up if there is another one", async () => {
  await using first = await FakeBroker.start(1);
  await using second = await FakeBroker.start(1);
  const cluster = await connect(1000, first, second);
  try {
    first.isSilent = true;
    const beganMs = performance.now();
    for (let again = 0; again < 3; again++) assertEquals((await findTopic(cluster, "t"))?.id, TOPIC_ID);
    assert(performance.now() - beganMs < 20_000, "it is not waited for as long as for an answer");
  } finally {
    await cluster.close();
  }
});

test("what is only read is asked for again when a broker hangs, as it changes nothing", async () => {
  await using broker = await FakeBroker.start(1);
  const cluster = await connect(1000, broker);
  const within = cluster.within.bind(cluster);
  const allowedMs: number[] = [];
  cluster.within = (ms, awaited) => {
    allowedMs.push(ms);
    return within(20, awaited);
  };
  try {
    let attempts = 0;
    const answer = await cluster.ask(
      "read",
      () => attempts++ === 0 ? new Promise(() => {}) : Promise.resolve("it"),
    );
    assertEquals([answer, attempts, allowedMs], ["it", 2, [10_000, 10_000]]);
  } finally {
    await cluster.close();
  }
});

test("a leader that hangs is replaced while its offsets are asked for, not waited for", async () => {
  await using first = await FakeBroker.start(1);
  await using second = await FakeBroker.start(1);
  Object.assign(first.partitions[0], { leader: 2 });
  Object.assign(second.partitions[0], { end: 70 });
  first.otherPort = Number(second.address.split(":")[1]);
  const cluster = await connect(1000, first);
  const within = cluster.within.bind(cluster);
  const allowedMs: number[] = [];
  cluster.within = (ms, awaited) => {
    allowedMs.push(ms);
    // The one that hangs loses its partition meanwhile.
    if (second.isSilent) Object.assign(first.partitions[0], { leader: 1, end: 70 });
    return within(50, awaited);
  };
  try {
    second.isSilent = true;
    assertEquals(await new Offsets(cluster, "t").resolve([0], { id: 90 }), new Map([[0, 70]]));
    assertEquals(new Set(allowedMs), new Set([10_000]));
  } finally {
    await cluster.close();
  }
});
