// Processes are killed at any moment: what their futures completed is stored, and no other process misses
// anything.
import { assert, assertEquals, assertGreater, assertGreaterOrEqual } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { MISSING } from "./runtimes.ts";
import { type KilledRun, logLines, storm } from "./storm.ts";
import { readStored, type StoredPartition } from "./stored_events.ts";

const PARTITIONS = 3;
const NAMES = ["one", "two", "three"];

/** Every event that a producer logged is stored under the id it logged. */
function checkProducer(run: KilledRun, stored: readonly StoredPartition[]): number {
  const lines = logLines(run);
  for (const [partition, id, seq] of lines) {
    const found = stored[Number(partition)][Number(id)];
    assert(
      found !== undefined && found.run === run.run && found.seq === Number(seq),
      `run ${run.run} (${run.runtime}): its event ${seq} is not event ${id} of partition ${partition}`,
    );
  }
  return lines.length;
}

/** No event is stored twice, and each producer's events are in the order of the pushes. */
function checkOrder(stored: readonly StoredPartition[]): void {
  for (const partition of stored) {
    const last = new Map<number, number>();
    for (const { run, seq } of partition) {
      assertGreater(seq, last.get(run) ?? -1);
      last.set(run, seq);
    }
  }
  const seen = new Set(stored.flat().map(({ run, seq }) => `${run} ${seq}`));
  assertEquals(seen.size, stored.flat().length);
}

/** Each run begins after the previous one's last acknowledgement; returns where the next one may begin. */
function checkConsumer(runs: readonly KilledRun[]): { nextIds: Set<number>[]; acknowledged: number } {
  const nextIds = Array.from({ length: PARTITIONS }, () => new Set([0]));
  let acknowledged = 0;
  for (const run of runs) {
    for (const [what, partition, id] of logLines(run)) {
      const possible = nextIds[Number(partition)];
      if (what === "first") {
        assert(
          possible.has(Number(id)),
          `run ${run.run} (${run.runtime}) of "${run.name}" begins partition ${partition} at ${id}, not at ${[
            ...possible,
          ]}`,
        );
      } else if (what === "begin") {
        // Killed now, it may or may not have stored it.
        possible.add(Number(id));
      } else if (what === "done") {
        nextIds[Number(partition)] = new Set([Number(id)]);
        acknowledged++;
      } else {
        throw new Error(
          `run ${run.run} (${run.runtime}) of "${run.name}": ${[what, partition, id].join(" ")}`,
        );
      }
    }
  }
  return { nextIds, acknowledged };
}

/** A consumer with that name begins where it may, and reads everything that is left. */
async function checkRestart(
  topic: Topic,
  name: string,
  nextIds: Set<number>[],
  ends: number[],
): Promise<void> {
  await using consumer = topic.consumer(name);
  await consumer.ready();
  const positions = nextIds.map((_, partition) => consumer.position(partition));
  for (const [partition, position] of positions.entries()) {
    assert(
      nextIds[partition].has(position),
      `"${name}" goes on at ${position}, not at ${[...nextIds[partition]]}`,
    );
  }
  for await (const event of consumer.events({ until: "end" })) {
    assertEquals(event.id, positions[event.partition]++);
  }
  assertEquals(positions, ends);
}

test("a storm of kill -9 on producers and consumers loses no completed and no unacknowledged event", {
  limitMs: 900_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "diaspora-storm-"));
  try {
    await using driver = await Driver.open("files", { root_path: `${folder}/data` });
    await driver.createTopic("storm", { num_partitions: PARTITIONS, segment_bytes: 8 << 20 });
    const seed = Math.floor(Math.random() * 2 ** 31);
    const began = performance.now();
    const killed = await storm({
      rootPath: `${folder}/data`,
      topic: "storm",
      logs: folder,
      producers: 45,
      consumers: 25,
      names: NAMES,
      parallel: 4,
      seed,
    });
    const seconds = (performance.now() - began) / 1000;
    await using topic = await driver.openTopic("storm");
    const stored = await readStored(topic);
    const completed = killed.filter(({ name }) => name === undefined)
      .map((run) => ({ ...run, events: checkProducer(run, stored) }));
    checkOrder(stored);
    let acknowledged = 0;
    for (const name of NAMES) {
      const checked = checkConsumer(killed.filter((run) => run.name === name));
      acknowledged += checked.acknowledged;
      await checkRestart(topic, name, checked.nextIds, stored.map((partition) => partition.length));
    }

    const events = stored.flat().length;
    const large = stored.flat().filter(({ size }) => size > 1 << 20).length;
    console.log(
      `seed ${seed}: ${killed.length} processes killed in ${
        seconds.toFixed(0)
      } s; ${events} events stored, ` +
        `${large} of them large; ${acknowledged} acknowledgements`,
    );
    assertGreaterOrEqual(killed.length, 70);
    assertGreater(large, 0);
    assertGreater(acknowledged, 0);
    // A storm in which no process accomplishes anything would prove nothing.
    const fruitful = completed.filter((run) => run.events > 0);
    assertGreater(fruitful.length, completed.length * 0.4);
    await using producer = topic.producer("after the storm");
    assertEquals(await producer.push({}, undefined, { partition: 0 }), stored[0].length);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the processes are of Deno, Node and Bun", { skip: MISSING }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "diaspora-storm-"));
  try {
    await using driver = await Driver.open("files", { root_path: `${folder}/data` });
    await driver.createTopic("storm", { num_partitions: PARTITIONS });
    const plan = { rootPath: `${folder}/data`, topic: "storm", logs: folder, consumers: 0, names: [] };
    const killed = await storm({ ...plan, producers: 5, parallel: 5, seed: 1 });
    assertEquals(killed.map(({ runtime }) => runtime), ["deno", "bun", "deno", "bun", "node"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
