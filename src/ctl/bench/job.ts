/**
 * One measurement, described so that another process can make it: each is made in a process of its own, so that
 * none finds a heap or compiled code that another one left.
 *
 * @module
 */
import { Driver, type JsonObject } from "../../../mod.ts";
import { type ConsumeSettings, measureConsume } from "./consume.ts";
import { measurePlainRead, measurePlainWrite, measureRawRead, measureRawWrite } from "./floor.ts";
import { measureProduce, type ProduceSettings } from "./produce.ts";
import type { Measured } from "./stopwatch.ts";
import type { Shape } from "./workload.ts";

/** An engine and a topic of it. */
export interface Place {
  /** Name of the driver and its configuration. */
  driver: { name: string; options: JsonObject };
  /** Topic that is there already. */
  topic: string;
}

/** A measurement. */
export type Job =
  | { kind: "produce"; place: Place; warmUp?: string; settings: ProduceSettings }
  | { kind: "consume"; place: Place; settings: ConsumeSettings }
  | { kind: FloorKind; path: string; shape: Shape };

/** Measurements of plain files. */
export type FloorKind = "raw write" | "raw read" | "plain write" | "plain read";

const FLOORS: Record<FloorKind, (path: string, shape: Shape) => Measured> = {
  "raw write": measureRawWrite,
  "raw read": measureRawRead,
  "plain write": measurePlainWrite,
  "plain read": measurePlainRead,
};

/** Makes a measurement in this process. */
export async function runJob(job: Job): Promise<Measured> {
  if (job.kind !== "produce" && job.kind !== "consume") return FLOORS[job.kind](job.path, job.shape);
  await using driver = await Driver.open(job.place.driver.name, job.place.driver.options);
  await using topic = await driver.openTopic(job.place.topic);
  if (job.kind === "consume") return await measureConsume(topic, job.settings);
  if (job.warmUp === undefined) return await measureProduce(topic, job.settings, undefined);
  await using warmUp = await driver.openTopic(job.warmUp);
  return await measureProduce(topic, job.settings, warmUp);
}
