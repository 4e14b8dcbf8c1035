/**
 * One measurement, described so that another process can run it: each runs in a process of its own, unaffected by
 * memory or compiled code of earlier ones.
 *
 * @module
 */
import type { Driver, JsonObject, Topic } from "../../../mod.ts";
import { openNamedDriver } from "../open_driver.ts";
import { type ConsumeSettings, measureConsume } from "./consume.ts";
import { type DurableSettings, measureDurable } from "./durable.ts";
import { type FloorKind, type FloorSettings, measureFloor } from "./floor.ts";
import { measurePacedPull, measurePacedPush, type PaceSettings } from "./latency.ts";
import { type Gate, measureProduce, type ProduceSettings } from "./produce.ts";
import type { Measured } from "./stopwatch.ts";

/** An engine and one of its existing topics. */
export interface BenchTopic {
  /** Name of the driver. */
  driver: string;
  /** Its configuration document. */
  options: JsonObject;
  /** Name of the topic. */
  topic: string;
  /** A topic to push to or read from first, so that the code is compiled when the clock starts. */
  warmUp?: string;
}

/** A measurement. */
export type Job =
  | { kind: "produce"; target: BenchTopic; settings: ProduceSettings }
  | { kind: "consume"; target: BenchTopic; settings: ConsumeSettings }
  | { kind: "paced push"; target: BenchTopic; settings: PaceSettings }
  | { kind: "paced pull"; target: BenchTopic; settings: PaceSettings }
  | { kind: "durable"; target: BenchTopic; settings: DurableSettings }
  | { kind: FloorKind; path: string; settings: FloorSettings };

/** Drivers whose pushes block when there is no room. */
const BLOCKING = ["files", "memory"];

type TopicJob = Extract<Job, { target: BenchTopic }>;

/**
 * Runs a measurement in this process; when everything is ready it waits at the gate before the clock starts. A
 * given driver is used instead of opening a new one.
 */
export async function runJob(job: Job, gate: Gate, open?: Driver): Promise<Measured> {
  if (!("target" in job)) {
    await gate();
    return measureFloor(job.kind, job.path, job.settings);
  }
  if (open !== undefined) return await runWith(open, job, gate);
  await using driver = await openNamedDriver(job.target.driver, job.target.options);
  return await runWith(driver, job, gate);
}

async function runWith(driver: Driver, job: TopicJob, gate: Gate): Promise<Measured> {
  await using topic = await driver.openTopic(job.target.topic);
  if (job.target.warmUp === undefined) return await measureTopic(job, topic, { gate });
  await using warmUp = await driver.openTopic(job.target.warmUp);
  return await measureTopic(job, topic, { warmUp, gate });
}

async function measureTopic(
  job: TopicJob,
  topic: Topic,
  ways: { warmUp?: Topic; gate: Gate },
): Promise<Measured> {
  switch (job.kind) {
    case "produce":
      return await measureProduce(topic, job.settings, {
        ...ways,
        blocks: BLOCKING.includes(job.target.driver),
      });
    case "consume":
      return await measureConsume(topic, job.settings, ways);
    case "paced push":
      return await measurePacedPush(topic, job.settings, ways);
    case "paced pull":
      return await measurePacedPull(topic, job.settings, ways);
    case "durable":
      return await measureDurable(topic, job.settings, ways);
  }
}
