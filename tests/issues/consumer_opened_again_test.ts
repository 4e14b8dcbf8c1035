// A consumer that could not be opened, because there were too many open files, a broker did not answer or its name was
// in use, repeated that error to every pull for ever, although its `canRetry` was true: only another consumer helped. Now
// the callers that wait get the error, and the next one opens the consumer again.
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BrokerError,
  Consumer,
  ConsumerInUseError,
  DefaultSerializer,
  Driver,
  StorageError,
} from "../../mod.ts";
import type { ConsumerRequest } from "../../src/contract.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { KafkaConsumer } from "../../src/drivers/kafka/consume/consumer.ts";
import { HighWatermarks, KnownPartitions } from "../../src/drivers/kafka/offsets/known_partitions.ts";
import type { ConsumerTopic } from "../../src/drivers/kafka/consume/consumer_topic.ts";
import { ScriptedSource } from "../consumer/scripted_consumer.ts";
import { withOpenFiles } from "../drivers/files/counted_files.ts";
import { ROOT, SimulatedFolder } from "../drivers/files/simulated_folder.ts";
import { CASE_STEP, test } from "../harness.ts";
import { turn } from "../waiting.ts";

const passing = () => new StorageError("EMFILE", "Cannot open: simulated", { canRetry: true });
const final = () => new StorageError("EACCES", "Cannot open: simulated");

/** What the call throws. */
async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return await call.then(() => undefined, (error) => error);
}

/** What waits for a consumer to be open. */
const CALLS: Record<string, (consumer: Consumer<unknown>) => Promise<unknown>> = {
  "a pull": async (consumer) => await consumer.pull(),
  "a wait": (consumer) => consumer.pull().wait(60_000),
  "ready()": (consumer) => consumer.ready(),
  "seek()": (consumer) => consumer.seek("earliest"),
  "an iteration": (consumer) => consumer.events().next(),
  "an iteration to the end": (consumer) => consumer.events({ until: "end" }).next(),
  "process()": (consumer) => consumer.process(() => {}, { maxEvents: 1 }),
};

for (const [name, call] of Object.entries(CALLS)) {
  test(`after an error that can be retried, ${name} opens the consumer again`, async () => {
    const source = new ScriptedSource();
    source.store(1);
    const error = source.openError = passing();
    await using consumer = source.consumer();
    await turn();
    assertStrictEquals(await errorOf(call(consumer)), error);
    assertEquals(source.opens, 1, "it was opened again before the error was reported");
    assertStrictEquals(await errorOf(call(consumer)), error);
    assertEquals(source.opens, 2);
    source.openError = undefined;
    await call(consumer);
    await consumer.ready();
    assertEquals(source.opens, 3);
  });

  test(`after any other error, ${name} repeats it`, async () => {
    const source = new ScriptedSource();
    const error = source.openError = final();
    await using consumer = source.consumer();
    assertStrictEquals(await errorOf(call(consumer)), error);
    source.openError = undefined;
    assertStrictEquals(await errorOf(call(consumer)), error);
    assertEquals(source.opens, 1);
  });
}

test("an iteration to the end whose consumer could not be opened goes on with the next call", async () => {
  const source = new ScriptedSource();
  source.store(1);
  const error = source.openError = passing();
  await using consumer = source.consumer();
  const events = consumer.events({ until: "end" });
  assertStrictEquals(await errorOf(events.next()), error);
  source.openError = undefined;
  assertEquals((await events.next()).value?.id, 0);
  assertEquals((await events.next()).done, true);
});

test("calls at once share an attempt to open the consumer, and a closed one is not opened again", async () => {
  const source = new ScriptedSource();
  const error = source.openError = passing();
  const consumer = source.consumer();
  const failing = [consumer.pull().wait(), consumer.ready(), consumer.pull().wait()];
  assertEquals(await Promise.all(failing.map(errorOf)), [error, error, error]);
  assertEquals(source.opens, 1);
  await consumer.close();
  await assertRejects(() => consumer.ready(), Error, "closed");
  assertEquals(source.opens, 1);
});

const DEFINITION = {
  options: { num_partitions: 2 },
  validator: { type: "default" },
  partitionSelector: { type: "default" },
  serializer: { type: "default" },
};

/** A topic in a simulated folder whose calls can be made to fail. */
async function simulatedTopic() {
  const folder = new SimulatedFolder();
  const { storage, openFiles } = withOpenFiles(folder.storage);
  const driver = new FilesDriver({ root_path: ROOT }, storage);
  await driver.createTopic("t", DEFINITION);
  return { folder, openFiles, driver, topic: await driver.openTopic("t") };
}

for (const group of [false, true]) {
  const how = group ? "in a group" : "alone";
  test(`a consumer of files ${how} is opened again after each call that failed, and leaves no file open`, async () => {
    for (let moment = 0, failures = 0;; moment += 3 * CASE_STEP) {
      const { folder, openFiles, driver, topic } = await simulatedTopic();
      const producer = topic.producer("p");
      for (const partition of [0, 1]) {
        await producer.append(partition, { count: 1, metadata: ["1"], dataBytes: 0 });
      }
      await producer.close();
      let calls = 0;
      folder.before = () => {
        if (calls++ === moment) throw passing();
      };
      const consumer = new Consumer("c", topic, { serializer: new DefaultSerializer() }, { group });
      const error = await errorOf(consumer.ready());
      folder.before = () => {};
      const partitions = new Set<number>();
      let errors = 0;
      while (partitions.size < 2 && errors < 3) {
        try {
          partitions.add((await consumer.pull()).partition);
        } catch (later) {
          // A member of a group reports afterwards what failed while it joined.
          assert(later instanceof StorageError && later.errno === "EMFILE", `at call ${moment}: ${later}`);
          errors++;
        }
      }
      await consumer.close();
      await topic.close();
      await driver.close();
      assertEquals([partitions.size, openFiles.size], [2, 0], `after call ${moment} failed with ${error}`);
      if (error !== undefined) failures++;
      if (calls > moment) continue;
      assert(failures > 1, `only ${failures} attempts failed`);
      return;
    }
  });
}

test("a producer of files whose partition could not be opened stores the next push, whichever call failed", async () => {
  for (let moment = 0;; moment += CASE_STEP) {
    const { folder, openFiles, driver, topic } = await simulatedTopic();
    const producer = topic.producer("p");
    const push = async () => await producer.append(0, { count: 1, metadata: ["1"], dataBytes: 0 });
    let calls = 0;
    folder.before = () => {
      if (calls++ === moment) throw passing();
    };
    const error = await errorOf(push());
    folder.before = () => {};
    const isStored = error === undefined || (error as StorageError).mayBeStored;
    assertEquals(await push(), isStored ? 1 : 0, `after call ${moment} failed with ${error}`);
    await producer.close();
    await topic.close();
    await driver.close();
    assertEquals(openFiles.size, 0);
    if (calls > moment) continue;
    assert(moment > 3, `only ${moment} calls failed`);
    return;
  }
});

for (const name of ["files", "memory"]) {
  test(`a consumer whose name was in use starts at its own "latest" once it is free (${name})`, async () => {
    const root_path = await mkdtemp(join(tmpdir(), "diaspora-opened-again-"));
    try {
      await using driver = await Driver.open(name, name === "files" ? { root_path } : {});
      await driver.createTopic("t", { num_partitions: 1 });
      await using topic = await driver.openTopic("t");
      await using producer = topic.producer();
      await producer.push(0);
      for (const group of [true, false]) {
        const user = topic.consumer(`c${group}`, { group });
        await user.ready();
        await using consumer = topic.consumer(`c${group}`, { group: !group, from: "latest" });
        await assertRejects(async () => await consumer.pull(), ConsumerInUseError);
        const id = await producer.push(1);
        await user.close();
        const event = await consumer.pull();
        // The members of a group store where they started.
        assertEquals(event.id, group ? 0 : id);
      }
    } finally {
      await rm(root_path, { recursive: true });
    }
  });
}

/** A Kafka topic whose brokers do not answer once, when they are asked for something. */
function kafkaTopic(failing: string, log: string[]): ConsumerTopic {
  const asked = <R>(what: string, answer: () => R): Promise<R> => {
    log.push(what);
    if (what === failing && log.filter((one) => one === what).length === 1) {
      return Promise.reject(new BrokerError("test", `Cannot ${what}`, { canRetry: true }));
    }
    return Promise.resolve(answer());
  };
  let ends = 5;
  const offsets = {
    known: () => asked("find the ends", () => new Map([[0, ends]])),
    resolveKnown: () => asked("find the start", () => new Map([[0, ends++]])),
    storedWithEpochs: () => asked("find the positions", () => new Map()),
  };
  const listeners = new Map<string, () => void>();
  const client = {
    groupId: "c",
    memberId: "m",
    generationId: 1,
    topics: { track: () => {} },
    assignments: [{ topic: "t", partitions: [0] }],
    on: (event: string, listener: () => void) => listeners.set(event, listener),
    joinGroup: () => asked("join", () => listeners.get("consumer:group:join")?.()),
    leaveGroup: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const cluster = {
    servers: "test",
    settings: { group: {}, client: { metadataMaxAge: 300_000 }, consumer: {} },
    consumer: () => client,
    run: (_what: string, work: (admin: unknown) => Promise<unknown>) => work(undefined),
    ask: () => asked("find the members", () => new Map()),
    failure: (error: unknown) => error,
    pauseBefore: () => Promise.resolve(),
  };
  return {
    ...{ cluster, offsets, name: "t", kafkaName: "t", numPartitions: 1, partitions: new KnownPartitions(1) },
    ...{ highWatermarks: new HighWatermarks(), format: "default" },
  } as unknown as ConsumerTopic;
}

for (const group of [false, true]) {
  for (
    const failing of [
      "find the ends",
      "find the start",
      group ? "join" : "find the members",
      "find the positions",
    ]
  ) {
    test(`a consumer of Kafka ${group ? "in a group" : "alone"} that could not ${failing} is opened again`, async () => {
      const log: string[] = [];
      const request = { from: "latest", onCorruption: "throw", dataWanted: false, group } as ConsumerRequest;
      const consumer = new KafkaConsumer(kafkaTopic(failing, log), "c", request);
      await assertRejects(() => consumer.open(), BrokerError, failing);
      await consumer.open();
      assertEquals([consumer.assigned, consumer.position(0)], [[0], 5]);
      assertEquals(log.filter((what) => what === "join").length, !group ? 0 : failing === "join" ? 2 : 1);
      await consumer.close();
    });
  }
}
