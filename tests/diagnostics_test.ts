import { assert, assertEquals, assertRejects } from "@std/assert";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CorruptedLogError, type DiagnosticChannel, diagnostics, Driver, InvalidDataError } from "../mod.ts";
import { reportDamage, ScriptedSource } from "./consumer/scripted_consumer.ts";
import { test } from "./harness.ts";
import { ScriptedTopic } from "./producer/scripted_topic.ts";

/**
 * Collects the messages of a channel about one topic while `body` runs, since other tests may run at the same
 * time.
 */
async function messages<M extends { topic: string }>(
  channel: DiagnosticChannel<M>,
  topic: string,
  body: () => Promise<void>,
): Promise<M[]> {
  const seen: M[] = [];
  const stop = channel.subscribe((message) => {
    if (message.topic === topic) seen.push(message);
  });
  try {
    await body();
  } finally {
    stop();
  }
  return seen;
}

async function withTopic(
  name: string,
  body: (topic: Awaited<ReturnType<Driver["openTopic"]>>) => Promise<void>,
): Promise<void> {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic(name, { num_partitions: 2 });
  await using topic = await driver.openTopic(name);
  await body(topic);
}

test("a message reports every batch pushed", async () => {
  await withTopic("reported-push", async (topic) => {
    const seen = await messages(diagnostics.push, "reported-push", async () => {
      await using producer = topic.producer("app");
      producer.push("1234", new Uint8Array(10), { partition: 1 });
      producer.push("56", undefined, { partition: 1 });
      await producer.flush();
    });
    assertEquals(seen.length, 1);
    const { durationMs, ...rest } = seen[0];
    assertEquals(rest, {
      topic: "reported-push",
      producer: "app",
      partition: 1,
      events: 2,
      bytes: 16,
      firstId: 0,
    });
    assert(durationMs >= 0);
  });
});

test("a push whose data lost bytes is reported as failed, and a batch that it leaves empty is not", async () => {
  await withTopic("reported-change", async (topic) => {
    const producer = topic.producer("app");
    const push = (others: number) => {
      const data = new Uint8Array(10);
      for (let n = 0; n < others; n++) producer.push("12", undefined, { partition: 1 });
      producer.push("1234", data, { partition: 1 });
      structuredClone(data.buffer, { transfer: [data.buffer] });
      return assertRejects(async () => await producer.flush());
    };
    const seen = await messages(diagnostics.push, "reported-change", async () => {
      await push(0);
      await push(3);
    });
    assertEquals(
      seen.map((
        { events, bytes, firstId, error },
      ) => [events, bytes, firstId, error instanceof InvalidDataError]),
      [[1, 14, undefined, true], [1, 14, undefined, true], [3, 6, 0, false]],
    );
    await producer.close();
  });
});

test("a message reports a failed batch, and the flush", async () => {
  const topic = new ScriptedTopic();
  const error = new Error("disk full");
  topic.answer = error;
  const producer = topic.producer();
  let flushes: unknown[] = [];
  const seen = await messages(diagnostics.push, "scripted", async () => {
    flushes = await messages(diagnostics.flush, "scripted", async () => {
      producer.push(1);
      await assertRejects(async () => await producer.flush());
      await producer.flush();
    });
  });
  assertEquals(seen.map(({ events, firstId, error }) => [events, firstId, error]), [[1, undefined, error]]);
  assertEquals(flushes.length, 2);
  const [failed, fine] = flushes as { error?: unknown; durationMs: number; producer: string }[];
  assert(failed.error instanceof Error && fine.error === undefined && fine.durationMs >= 0);
  assertEquals(fine.producer, "p");
});

test("messages report batches read and positions stored", async () => {
  await withTopic("reported-pull", async (topic) => {
    await using producer = topic.producer();
    for (let n = 0; n < 6; n++) producer.push(n);
    await producer.flush();
    let acknowledged: unknown[] = [];
    const pulls = await messages(diagnostics.pull, "reported-pull", async () => {
      acknowledged = await messages(diagnostics.acknowledge, "reported-pull", async () => {
        await using consumer = topic.consumer("reader");
        for await (const event of consumer.events({ until: "end" })) if (event.id === 2) event.acknowledge();
      });
    });
    assertEquals(
      pulls,
      [0, 1].map((partition) => (
        { topic: "reported-pull", consumer: "reader", partition, events: 3, firstId: 0 }
      )),
    );
    assertEquals(
      acknowledged.map((one) => ({ ...one as object, durationMs: 0 })),
      [0, 1].map((partition) => (
        { topic: "reported-pull", consumer: "reader", partition, nextId: 3, durationMs: 0 }
      )),
    );
  });
});

test("a message reports damage, thrown or skipped", async () => {
  const damage = { partition: 0, firstId: 0, endId: 1, file: "f", offset: 0, reason: "checksum differs" };
  const error = new CorruptedLogError(damage);
  const source = new ScriptedSource();
  source.faults.set("0:0", error);
  source.store(1);
  const seen = await messages(diagnostics.corruption, "scripted", async () => {
    await using consumer = source.consumer();
    await assertRejects(async () => await consumer.pull(), CorruptedLogError);
    reportDamage(source, error);
  });
  assertEquals(seen.filter((message) => message.damage === damage).map(({ skipped }) => skipped), [
    false,
    true,
  ]);
});

test("a message reports that a partition started a new segment", async () => {
  const root_path = await mkdtemp(join(tmpdir(), "diaspora-roll-"));
  try {
    await using driver = await Driver.open("files", { root_path });
    await driver.createTopic("reported-roll", { num_partitions: 2, segment_bytes: 4096 });
    await using topic = await driver.openTopic("reported-roll");
    const seen = await messages(diagnostics.roll, "reported-roll", async () => {
      await using producer = topic.producer("p", { batchSize: 1 });
      for (let n = 0; n < 8; n++) {
        producer.push(JSON.stringify("x".repeat(1000)), undefined, { partition: 1 });
      }
      await producer.flush();
    });
    const segments = (await topic.describe())[1].segments;
    assert(segments > 1, `${segments} segments`);
    assertEquals(
      seen,
      Array.from({ length: segments - 1 }, () => ({ topic: "reported-roll", partition: 1 })),
    );
  } finally {
    await rm(root_path, { recursive: true });
  }
});

test("the channels are those of node:diagnostics_channel, by their names", async () => {
  const seen: unknown[] = [];
  const listener = (message: unknown) => {
    if ((message as { topic: string }).topic === "by-name") seen.push(message);
  };
  subscribe("diaspora:push", listener);
  await withTopic("by-name", async (topic) => {
    await using producer = topic.producer();
    await producer.push(1);
  });
  unsubscribe("diaspora:push", listener);
  assertEquals(seen.length, 1);
  assertEquals(Object.values(diagnostics).map(({ name }) => name), [
    "diaspora:push",
    "diaspora:flush",
    "diaspora:pull",
    "diaspora:acknowledge",
    "diaspora:assignment",
    "diaspora:roll",
    "diaspora:corruption",
    "diaspora:fetch",
    "diaspora:retry",
  ]);
});

test("a message reports the partitions that a member of a group gains and loses", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("assigned-group", { num_partitions: 3 });
  await using topic = await driver.openTopic("assigned-group");
  const seen: string[] = [];
  const stop = diagnostics.assignment.subscribe(({ topic, consumer, partitions, gained, lost }) => {
    if (topic === "assigned-group") seen.push(`${consumer}: ${partitions} +${gained} -${lost}`);
  });
  const one = topic.consumer("workers", { group: true });
  await one.ready();
  const two = topic.consumer("workers", { group: true });
  await two.ready();
  await one.close();
  stop();
  await two.close();
  assertEquals(seen.at(-1), "workers: 0,1,2 +1 -");
  assertEquals(seen.includes("workers: 0,1 + -2"), true);
  assertEquals(seen.includes("workers: 2 +2 -"), true);
});
