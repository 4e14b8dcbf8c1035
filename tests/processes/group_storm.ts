/**
 * Kills group members while events are pushed, and reports the result: events that were lost, or handled
 * twice, and how long the partitions of a killed process had no owner.
 *
 *     npm run storm                                           8 members, 16 partitions, 30 kills in 60 s, 200,000 events
 *     npm run storm -- --members 4 --kills 10 --seconds 20    a smaller one
 *     npm run storm -- --partitions 64 --events 1000000 --seed 7
 *
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Driver, type Topic } from "../../mod.ts";
import { taskArguments } from "../../tools/arguments.ts";
import { until } from "../waiting.ts";
import { randomFrom } from "./content.ts";
import { outcomeOf, Worker } from "./group_workers.ts";
import { RUNTIMES } from "./runtimes.ts";

/** Events that are pushed at once. */
const BURST = 64;
/** How often the owners of the partitions are checked. */
const LOOK_MS = 5;
/** Time after the last event was pushed. */
const PATIENCE_MS = 600_000;
const TIMEOUT_MS = 10_000;

const { members = 8, partitions = 16, kills = 30, seconds = 60, events = 200_000, seed = 1 } = taskArguments({
  number: ["members", "partitions", "kills", "seconds", "events", "seed"],
}).numbers;
const random = randomFrom(seed);

/** Pushes all events, spread over the whole time; returns their names. */
async function pushAll(topic: Topic): Promise<string[]> {
  const pushed: string[] = [];
  const begunMs = performance.now();
  await using producer = topic.producer("boss");
  for (let n = 0; n < events; n++) {
    const partition = n % partitions;
    void producer.push({ n }, undefined, { partition }).then((id) => pushed.push(`${partition} ${id}`));
    if (n % BURST !== BURST - 1) continue;
    await sleep(Math.max(0, begunMs + (n / events) * seconds * 1000 - performance.now()));
  }
  await producer.flush();
  return pushed;
}

/** Kills a member that has partitions; returns how long it took until each of them had a new owner. */
async function killOne(topic: Topic, living: Worker[], killed: Worker[]): Promise<number> {
  let victim: { worker: Worker; had: readonly number[] } | undefined;
  await until("there is a member with partitions", async () => {
    const listed = await topic.members("workers");
    const worker = living[Math.floor(random() * living.length)];
    const had = listed.find(({ pid }) => pid === worker.pid)?.partitions ?? [];
    if (had.length > 0) victim = { worker, had };
    return victim !== undefined;
  });
  const { worker, had } = victim!;
  living.splice(living.indexOf(worker), 1);
  killed.push(worker);
  const begunMs = performance.now();
  process.kill(worker.pid, "SIGKILL");
  for (;; await sleep(LOOK_MS)) {
    const owned = (await topic.members("workers")).filter(({ pid }) => pid !== worker.pid)
      .flatMap((member) => member.partitions);
    if (had.every((partition) => owned.includes(partition))) return performance.now() - begunMs;
  }
}

function quantile(sorted: readonly number[], part: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0);
}

const rootPath = await mkdtemp(join(tmpdir(), "diaspora-storm-"));
const all: Worker[] = [];
const living: Worker[] = [];
const killed: Worker[] = [];
const start = (): Worker => {
  const runtime = RUNTIMES[all.length % RUNTIMES.length];
  const worker = new Worker(runtime, rootPath, join(rootPath, `${all.length}.log`), TIMEOUT_MS);
  all.push(worker);
  living.push(worker);
  return worker;
};
let isRight = false;
try {
  await using driver = await Driver.open("files", { root_path: rootPath });
  await driver.createTopic("jobs", { num_partitions: partitions });
  await using topic = await driver.openTopic("jobs");
  await Promise.all(Array.from({ length: members }, () => start().ready()));
  const begunMs = performance.now();
  const pushing = pushAll(topic);
  const takeovers: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const at = begunMs + (kill + random()) / kills * seconds * 1000;
    await sleep(Math.max(0, at - performance.now()));
    takeovers.push(await killOne(topic, living, killed));
    start();
  }
  const killedIn = (performance.now() - begunMs) / 1000;
  const pushed = await pushing;
  await until(
    "every event is acknowledged",
    async () => (await topic.lag("workers")).every(({ events }) => events === 0),
    PATIENCE_MS,
  );
  const tookS = (performance.now() - begunMs) / 1000;
  const { lost, acknowledgedAgain, twice, underWay, disorder } = outcomeOf(all, killed, pushed);
  const sorted = takeovers.sort((one, other) => one - other);
  console.log(`${pushed.length} events in ${tookS.toFixed(1)} s, ${kills} kills in ${killedIn.toFixed(1)} s`);
  console.log(
    `lost: ${lost.length}; acknowledged twice: ${acknowledgedAgain.length}; out of order: ${disorder.length}`,
  );
  console.log(`handled twice: ${twice}; not acknowledged at the kills: ${underWay}`);
  console.log(
    `takeover: median ${quantile(sorted, 0.5)} ms, 99 % ${quantile(sorted, 0.99)} ms, longest ${
      quantile(sorted, 1)
    } ms`,
  );
  isRight = lost.length + acknowledgedAgain.length + disorder.length === 0 && twice <= underWay;
} finally {
  await Promise.all(living.map((worker) => worker.kill()));
  await rm(rootPath, { recursive: true, force: true });
}
process.exit(isRight ? 0 : 1);
