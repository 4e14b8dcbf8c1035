import type { JsonObject } from "../../json.ts";
import { absoluteReference } from "../../components/modules.ts";
import type { Invocation } from "../command.ts";
import { driverOf } from "../connect.ts";
import { UsageError } from "../usage_error.ts";
import { type Shape, WORKLOADS } from "./workload.ts";

/** What to measure. */
type Part = "produce" | "consume" | "latency";

/** The settings of `diaspora-ctl bench`. */
export interface BenchSettings extends Shape {
  parts: readonly Part[];
  driver: string;
  driverOptions: JsonObject;
  /** An existing topic; undefined for new ones, which are deleted afterwards. */
  topic?: string | undefined;
  /** Configuration of new topics. */
  topicOptions: JsonObject;
  /** Events per batch; undefined for adaptive. */
  batchSize?: number | undefined;
  flushInterval?: number | undefined;
  dataInterest: number;
  dataSelectivity: number;
  processes: number;
  /** How often to repeat pushing and reading. */
  rounds: number;
  /** Events/s for the latency measurement. */
  rate: number;
  /** Its duration in seconds. */
  duration: number;
}

const PARTS: readonly Part[] = ["produce", "consume", "latency"];
const DEFAULTS: Shape = { events: 100_000, dataBytes: 0, metadataBytes: 100 };

/** Reads the command line; throws `UsageError`. */
export function benchSettings(invocation: Invocation): BenchSettings {
  const { args } = invocation;
  const { name: driver, document } = driverOf(invocation);
  if (driver === undefined) {
    throw new UsageError('Missing option: add "--driver NAME", or set DIASPORA_DRIVER');
  }
  const { name: topic, document: topicOptions } = args.document("topic");
  const base = WORKLOADS[args.text("workload") ?? ""] ?? DEFAULTS;
  const settings: BenchSettings = {
    parts: partsOf(args.positional),
    driver: absoluteReference(driver),
    driverOptions: document,
    topic,
    topicOptions,
    events: args.number("num-events") ?? base.events,
    dataBytes: args.number("data-size") ?? base.dataBytes,
    metadataBytes: args.number("metadata-size") ?? base.metadataBytes,
    batchSize: args.number("batch-size"),
    flushInterval: args.number("flush-interval"),
    dataInterest: args.number("data-interest") ?? 1,
    dataSelectivity: args.number("data-selectivity") ?? 1,
    processes: args.number("processes") ?? 1,
    rounds: args.number("rounds") ?? 1,
    rate: args.number("rate") ?? 1000,
    duration: args.number("duration") ?? 3,
  };
  check(settings);
  return settings;
}

function partsOf(words: readonly string[]): readonly Part[] {
  if (words.length === 0) return PARTS;
  const part = PARTS.find((name) => name === words[0]);
  if (part === undefined || words.length > 1) {
    throw new UsageError(`Expected one of ${PARTS.join(", ")}, found ${JSON.stringify(words.join(" "))}`);
  }
  return [part];
}

function check(settings: BenchSettings): void {
  for (
    const [option, value] of [
      ["data-interest", settings.dataInterest],
      ["data-selectivity", settings.dataSelectivity],
    ] as const
  ) {
    if (value < 0 || value > 1) {
      throw new UsageError(`Option "--${option}" takes a share from 0 to 1, found ${value}`);
    }
  }
  for (
    const [option, value] of [
      ["num-events", settings.events],
      ["batch-size", settings.batchSize ?? 1],
      ["flush-interval", settings.flushInterval ?? 1],
      ["processes", settings.processes],
      ["rounds", settings.rounds],
      ["rate", settings.rate],
      ["duration", settings.duration],
    ] as const
  ) {
    if (value <= 0) throw new UsageError(`Option "--${option}" must be above 0`);
  }
  if (settings.driver === "memory" && settings.processes > 1) {
    throw new UsageError('Driver "memory" keeps its topics in one process: leave "--processes" out');
  }
  if (settings.topic !== undefined && Object.keys(settings.topicOptions).length > 0) {
    throw new UsageError(`Topic "${settings.topic}" already exists: leave its options out`);
  }
}
