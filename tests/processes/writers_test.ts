// Many processes push to one partition at the same time.
import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver } from "../../mod.ts";
import { test } from "../harness.ts";
import { Child } from "./child_process.ts";
import { RUNTIMES } from "./runtimes.ts";
import { readStored, type StoredPartition } from "./stored_events.ts";

const EVENTS = 40_000;
const WRITERS = 8;

/** What one writer's futures returned, and when it worked. */
interface Flood {
  runtime: string;
  began: number;
  ended: number;
  ids: Float64Array;
}

/** Floods a partition from several processes at once, which all start at the same moment. */
async function floodFrom(runtimes: readonly string[], folder: string, topic: string): Promise<Flood[]> {
  const file = (run: number): string => `${folder}/${topic}-${run}.ids`;
  const children = runtimes.map((runtime, run) =>
    new Child(runtime, "flood", [`${folder}/data`, topic, String(run), String(EVENTS), file(run)])
  );
  for (const child of children) await child.line();
  for (const child of children) child.say("go");
  return await Promise.all(children.map(async (child, run) => {
    const [, began, ended] = (await child.line()).split(" ").map(Number);
    await child.finish();
    const bytes = readFileSync(file(run));
    const ids = new Float64Array(new Uint8Array(bytes).buffer);
    return { runtime: child.runtime, began, ended, ids };
  }));
}

/** Events/s of all writers, from the first start to the last end. */
function rateOf(floods: readonly Flood[]): number {
  const began = Math.min(...floods.map((flood) => flood.began));
  const ended = Math.max(...floods.map((flood) => flood.ended));
  return floods.length * EVENTS / ((ended - began) / 1000);
}

/** Each event of each writer is stored under the id that its future returned, in the order of its pushes. */
function checkIds(floods: readonly Flood[], stored: StoredPartition): void {
  assertEquals(stored.length, floods.length * EVENTS);
  for (const [run, { ids }] of floods.entries()) {
    let previous = -1;
    for (let seq = 0; seq < EVENTS; seq++) {
      const id = ids[seq];
      const found = stored[id];
      if (found?.run !== run || found.seq !== seq || id <= previous) {
        throw new Error(`Writer ${run}: its event ${seq} is not event ${id}, which follows ${previous}`);
      }
      previous = id;
    }
  }
}

test("8 processes push 40,000 events each into one partition: ids are dense and unique", async () => {
  const folder = await mkdtemp(join(tmpdir(), "diaspora-writers-"));
  try {
    await using driver = await Driver.open("files", { root_path: `${folder}/data` });
    for (const name of ["alone", "together"]) await driver.createTopic(name, { num_partitions: 1 });
    const alone: number[] = [];
    for (const runtime of RUNTIMES) {
      // In separate topics, so that each run begins with an empty one.
      await driver.deleteTopic("alone");
      await driver.createTopic("alone", { num_partitions: 1 });
      alone.push(rateOf(await floodFrom([runtime], folder, "alone")));
    }
    const runtimes = Array.from({ length: WRITERS }, (_, index) => RUNTIMES[index % RUNTIMES.length]);
    const floods = await floodFrom(runtimes, folder, "together");
    await using topic = await driver.openTopic("together");
    const [stored] = await readStored(topic);
    checkIds(floods, stored);

    const million = (rate: number): string => `${(rate / 1e6).toFixed(2)} M/s`;
    console.log(
      `${WRITERS} processes together ${million(rateOf(floods))}; one alone ` +
        RUNTIMES.map((runtime, index) => `${runtime} ${million(alone[index])}`).join(", "),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
