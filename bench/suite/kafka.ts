import { Driver } from "../../mod.ts";
import type { ConsumeSettings } from "../../src/ctl/bench/consume.ts";
import type { Job } from "../../src/ctl/bench/job.ts";
import type { Measured } from "../../src/ctl/bench/stopwatch.ts";
import { runTogether } from "../../src/ctl/bench/worker_process.ts";
import { scaled, WORKLOADS } from "../../src/ctl/bench/workload.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";
import type { BareJob } from "../kafka/bare_client.ts";
import { median } from "./report.ts";
import { commandOn, starterOn } from "./runtimes.ts";
import { counted } from "../../src/text/counted.ts";

/** What to measure. */
export interface KafkaSettings {
  workloads: string[];
  partitions: number[];
  scale: number;
  rounds: number;
}

/** The driver compared with the client library that it is built on, on the same broker. */
export interface KafkaComparison {
  what: string;
  driver: Measured;
  bare: Measured;
  /** Events/s relative to the bare client: the median of the rounds. */
  share: number;
  /** Events per second of processor time, in the same way. */
  cpuShare: number;
}

/**
 * Measures both alternately, round after round, on a dedicated broker; yields each line as soon as it is
 * done.
 */
export async function* kafka(
  runtime: string,
  { workloads, partitions, scale, rounds }: KafkaSettings,
): AsyncGenerator<KafkaComparison> {
  if (brokerMissing !== false) throw new Error(`Cannot measure Kafka: ${brokerMissing}`);
  await using cluster = await Cluster.start({ heap: "1g" });
  await using driver = await Driver.open("octopus", { kafka: { "bootstrap.servers": cluster.servers } });
  for (const workload of workloads) {
    for (const count of partitions) {
      const found = new Map<string, { driver: Measured; bare: Measured }[]>();
      for (let round = 0; round < rounds; round++) {
        const measured = await measureRound(runtime, { cluster, driver, workload, count, scale, round });
        for (const [what, both] of measured) found.set(what, [...found.get(what) ?? [], both]);
      }
      for (const [what, all] of found) {
        yield {
          what: `${workload}, ${counted(count, "partition")}: ${what}`,
          driver: median(all.map((both) => both.driver)),
          bare: median(all.map((both) => both.bare)),
          share: shareOf(all, ({ seconds }) => seconds),
          cpuShare: shareOf(all, ({ cpuSeconds }) => cpuSeconds),
        };
      }
    }
  }
}

/** A line as text. */
export function kafkaText({ what, driver, bare, share, cpuShare }: KafkaComparison): string {
  return [
    what.padEnd(28),
    rate(driver).padStart(12),
    rate(bare).padStart(12),
    share.toFixed(2).padStart(8),
    micros(driver).padStart(11),
    micros(bare).padStart(12),
    cpuShare.toFixed(2).padStart(11),
  ].join("");
}

const COLUMNS: readonly (readonly [string, number])[] = [
  ["", 28],
  ["driver/s", 12],
  ["bare/s", 12],
  ["share", 8],
  ["µs CPU", 11],
  ["bare µs CPU", 12],
  ["CPU share", 11],
];

/** The heading of the lines. */
export const KAFKA_HEAD: string = COLUMNS.map(([text, width]) => text.padStart(width)).join("");

interface RoundSettings {
  cluster: Cluster;
  driver: Driver;
  workload: string;
  count: number;
  scale: number;
  round: number;
}

async function measureRound(
  runtime: string,
  { cluster, driver, workload, count, scale, round }: RoundSettings,
): Promise<Map<string, { driver: Measured; bare: Measured }>> {
  const shape = scaled(WORKLOADS[workload], scale);
  const names = ["ours", "ours-warm", "bare", "bare-warm"].map((name) => `${name}-${workload}-${count}`);
  for (const name of names) {
    await driver.createTopic(name, {
      num_partitions: count,
      disable_info_topic: true,
      kafka: { "max.message.bytes": 16_000_000 },
    });
  }
  const [topic, warmUp, bareTopic, bareWarmUp] = names;
  const target = {
    driver: "octopus",
    options: { kafka: { "bootstrap.servers": cluster.servers }, disable_info_topic: true },
    topic,
    warmUp,
  };
  const consuming: ConsumeSettings = {
    parse: true,
    dataInterest: shape.dataBytes === 0 ? 0 : 1,
    dataSelectivity: 1,
    by: "batches",
    consumer: {},
  };
  const ours = (job: Job): Promise<Measured> => runTogether([job], starterOn(runtime));
  const bare = (kind: BareJob["kind"]): Promise<Measured> =>
    runTogether<BareJob>([{
      kind,
      servers: cluster.servers,
      topic: bareTopic,
      warmUp: bareWarmUp,
      shape,
      partitions: count,
    }], { command: commandOn(runtime, "bench/kafka/run_job.ts") });
  const ways: [string, () => Promise<Measured>, () => Promise<Measured>][] = [
    [
      "produce",
      () => ours({ kind: "produce", target, settings: { ...shape, form: "object", producer: {} } }),
      () => bare("produce"),
    ],
    ["consume", () => ours({ kind: "consume", target, settings: consuming }), () => bare("consume")],
  ];
  const measured = new Map<string, { driver: Measured; bare: Measured }>();
  for (const [what, one, other] of ways) {
    // The second one finds the broker warmer, so they alternate.
    const first = round % 2 === 0 ? await one() : undefined;
    const bareMeasured = await other();
    measured.set(what, { driver: first ?? await one(), bare: bareMeasured });
  }
  for (const name of names) await driver.deleteTopic(name);
  return measured;
}

/** How much of the bare client's rate the driver reaches, by one way of counting time. */
function shareOf(
  all: readonly { driver: Measured; bare: Measured }[],
  time: (measured: Measured) => number,
): number {
  const shares = all.map(({ driver, bare }) => driver.events / time(driver) / (bare.events / time(bare)));
  return shares.sort((one, other) => one - other)[shares.length >> 1];
}

function rate({ events, seconds }: Measured): string {
  return Math.round(events / seconds).toLocaleString("en");
}

function micros({ events, cpuSeconds }: Measured): string {
  return (cpuSeconds / events * 1e6).toPrecision(3);
}
