// Waiting for what another process pushes.
import { assertEquals, assertLess } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver } from "../../mod.ts";
import { test } from "../harness.ts";
import { Child } from "./child_process.ts";
import { RUNTIMES } from "./runtimes.ts";

const ROUNDS = 200;
/** The share of a processor that waiting may take. */
const SHARE_MAX = 0.03;

/** Round-trip times of an event to another process, in milliseconds, sorted. */
async function roundTrips(folder: string, runtime: string): Promise<number[]> {
  await using driver = await Driver.open("files", { root_path: folder });
  await driver.createTopic(runtime, { num_partitions: 2 });
  await using topic = await driver.openTopic(runtime);
  const child = new Child(runtime, "echo", [folder, runtime]);
  const tookMs: number[] = [];
  try {
    await child.line();
    await using producer = topic.producer("test");
    await using consumer = topic.consumer("test", { partitions: [1] });
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now();
      await producer.push({ round }, undefined, { partition: 0 });
      const event = await consumer.pull();
      tookMs.push(performance.now() - began);
      assertEquals(event.metadata, { round });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    }
  } finally {
    await child.kill();
  }
  return tookMs.sort((a, b) => a - b);
}

for (const runtime of RUNTIMES) {
  test(`a waiting consumer notices at once what a ${runtime} process pushes, and vice versa`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "diaspora-waiting-"));
    try {
      const tookMs = await roundTrips(folder, runtime);
      const [half, most] = [0.5, 0.99].map((share) => tookMs[Math.floor(share * ROUNDS)] / 2);
      console.log(`${runtime}: one way p50 ${half.toFixed(2)} ms, p99 ${most.toFixed(2)} ms`);
      // The slow poll in addition to the watch takes 250 ms on average: then no signal arrived.
      assertLess(half, 150);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test(`an idle waiting consumer costs hardly any CPU in ${runtime}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "diaspora-idle-"));
    try {
      await using driver = await Driver.open("files", { root_path: folder });
      await driver.createTopic("idle", { num_partitions: 4 });
      const child = new Child(runtime, "idle", [folder, "idle", String(SHARE_MAX)]);
      const [, share] = (await child.line()).split(" ").map(Number);
      await child.finish();
      console.log(`${runtime}: ${(share * 100).toFixed(2)} % of a CPU`);
      assertLess(share, SHARE_MAX);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  // On Node the program was over, with exit code 13 if it awaited the event at its top level: a member that had no
  // partitions, because there were more members or another one had them for now, kept nothing running.
  test(`a ${runtime} process waits for partitions of its group, also where nothing can be watched`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "diaspora-member-"));
    try {
      await using driver = await Driver.open("files", { root_path: folder });
      await driver.createTopic("t");
      await using topic = await driver.openTopic("t");
      const owner = topic.consumer("waiting", { group: true });
      await owner.ready();
      const child = new Child(runtime, "wait", [folder, "t", folder]);
      assertEquals(await child.line(), "has 0");
      await owner.close();
      await topic.producer().push({ n: 1 });
      assertEquals(await child.line(), "event 0");
      await child.finish();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
