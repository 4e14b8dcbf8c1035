// Steady writers, one that opens a new producer for each push, and readers that follow the end: without any
// fault, a third of the events were delivered under wrong ids, because a frame that became complete between two
// reads was skipped.
import { assert, assertEquals, assertGreater } from "@std/assert";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, type JsonObject } from "../../mod.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import { Partition } from "../../src/log/partition.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { test } from "../harness.ts";
import { Child } from "./child_process.ts";
import { RUNTIMES } from "./runtimes.ts";

interface Storm {
  /** The event with an id, as everyone sees it: `RUN SEQ`. */
  events: Map<number, string>;
  /** Events whose pushes completed. */
  pushed: Set<string>;
  /** The ids each reader saw, in order. */
  seen: number[][];
  faults: string[];
}

/** Runs writers and readers at the same time for a while. */
async function storm(
  folder: string,
  plan: { topic: string; writers: ("one" | "new")[]; readers: number; ms: number },
): Promise<Storm> {
  const runtimeOf = (index: number): string => RUNTIMES[index % RUNTIMES.length];
  const logOf = (name: string): string => `${folder}/${plan.topic}-${name}.log`;
  const readers = Array.from(
    { length: plan.readers },
    (_, index) =>
      new Child(runtimeOf(index), "tail", [
        `${folder}/data`,
        plan.topic,
        `reader ${index}`,
        logOf(`r${index}`),
      ]),
  );
  const writers = plan.writers.map((producers, index) =>
    new Child(runtimeOf(index), "steady", [
      `${folder}/data`,
      plan.topic,
      String(index),
      logOf(`w${index}`),
      String(plan.ms),
      producers,
    ])
  );
  for (const child of [...readers, ...writers]) await child.line();
  const pushed = await Promise.allSettled(writers.map(async (writer) => {
    const line = await writer.line();
    await writer.finish();
    return line;
  }));
  for (const reader of readers) reader.end();
  await Promise.all(readers.map((reader) => reader.finish()));

  const result: Storm = { events: new Map(), pushed: new Set(), seen: [], faults: [] };
  for (const outcome of pushed) if (outcome.status === "rejected") result.faults.push(String(outcome.reason));
  const linesOf = (name: string) => readFileSync(logOf(name), "utf8").split("\n").slice(0, -1);
  const note = (line: string): number => {
    const [, id, run, seq] = line.split(" ");
    const [event, known] = [`${run} ${seq}`, result.events.get(Number(id))];
    if (line.startsWith("fault")) result.faults.push(line);
    else if (known !== undefined && known !== event) result.faults.push(`id ${id} is ${known} and ${event}`);
    else result.events.set(Number(id), event);
    return Number(id);
  };
  for (const index of writers.keys()) {
    for (const line of linesOf(`w${index}`)) {
      note(line);
      result.pushed.add(line.split(" ").slice(2).join(" "));
    }
  }
  for (const index of readers.keys()) result.seen.push(linesOf(`r${index}`).map(note));
  return result;
}

async function damageIn(directory: string): Promise<string[]> {
  const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
  const damage: string[] = [];
  for await (const { severity, reason, offset, firstId } of verifyPartition(partition)) {
    if (severity !== "torn") damage.push(`${reason} at ${offset}, event ${firstId}`);
  }
  partition.close();
  return damage;
}

async function withTopic(
  options: JsonObject,
  body: (folder: string, partition: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "diaspora-readers-"));
  try {
    await using driver = await Driver.open("files", { root_path: `${folder}/data` });
    await driver.createTopic("storm", options);
    await body(folder, `${folder}/data/storm/partitions/00000000`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("while writers come and go, every reader sees each event once, in order, under one id", () =>
  withTopic({ segment_bytes: 32 << 20 }, async (folder, partition) => {
    const plan = { topic: "storm", writers: ["one", "new", "one"], readers: 3, ms: 4000 } as const;
    const { events, pushed, seen, faults } = await storm(folder, { ...plan, writers: [...plan.writers] });
    assertEquals(faults.slice(0, 5), []);
    assertEquals(events.size, pushed.size);
    assertEquals(Math.max(...events.keys()), events.size - 1);
    for (const ids of seen) assert(ids.every((id, index) => id === index), "a reader missed an event");
    assertEquals(await damageIn(partition), []);
    assertGreater(events.size, 100);
    console.log(`${events.size} events`);
  }));

test("under retention no push is refused, and readers get what was pushed", () =>
  withTopic({ segment_bytes: 200_000, retention_bytes: 600_000 }, async (folder, partition) => {
    const plan = { topic: "storm", writers: ["one", "new", "one"], readers: 3, ms: 3000 } as const;
    const { events, pushed, seen, faults } = await storm(folder, { ...plan, writers: [...plan.writers] });
    assertEquals(faults.slice(0, 5), []);
    assertEquals(events.size, pushed.size);
    for (const ids of seen) assert(ids.every((id, index) => index === 0 || id > ids[index - 1]));
    assertEquals(await damageIn(partition), []);
    assertGreater(events.size, 100);
    console.log(`${events.size} events, seen ${seen.map((ids) => ids.length)}`);
  }));
