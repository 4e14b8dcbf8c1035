import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver } from "../../mod.ts";
import type { ConsumeSettings } from "../../src/ctl/bench/consume.ts";
import { type Job, runJob } from "../../src/ctl/bench/job.ts";
import { type Measured, together } from "../../src/ctl/bench/stopwatch.ts";
import { test } from "../harness.ts";

const WAY: ConsumeSettings = {
  parse: true,
  dataInterest: 1,
  dataSelectivity: 1,
  by: "batches",
  consumer: {},
};
const SHAPE = { events: 300, dataBytes: 100, metadataBytes: 100 };
const open = async (): Promise<void> => {};

/** Makes measurements with a driver that stores its topics in memory. */
async function withTopic(
  options: { num_partitions: number },
  use: (measure: (job: Omit<Job, "target">) => Promise<Measured>, driver: Driver) => Promise<void>,
): Promise<void> {
  await using driver = await Driver.open("memory", {});
  for (const topic of ["bench", "warm-up"]) await driver.createTopic(topic, options);
  const target = { driver: "memory", options: {}, topic: "bench", warmUp: "warm-up" };
  await use((job) => runJob({ ...job, target } as Job, open, driver), driver);
}

test("measuring produce pushes each event once, and warms up in another topic", async () => {
  await withTopic({ num_partitions: 3 }, async (measure, driver) => {
    const settings = { ...SHAPE, form: "object", producer: { batchSize: 7 }, flushInterval: 50 };
    const measured = await measure({ kind: "produce", settings } as Omit<Job, "target">);
    assertEquals([measured.events, measured.bytes], [300, 300 * 200]);
    assert(measured.seconds > 0 && measured.cpuSeconds > 0 && measured.memoryBytes > 0);
    for (const name of ["bench", "warm-up"]) {
      await using topic = await driver.openTopic(name);
      const counts = (await topic.describe()).map(({ nextId }) => nextId);
      assertEquals([name, ...counts], [name, 100, 100, 100]);
    }
  });
});

test("measuring consume counts what it read, for every way of reading", async () => {
  await withTopic({ num_partitions: 2 }, async (measure) => {
    await measure(
      { kind: "produce", settings: { ...SHAPE, form: "text", producer: {} } } as Omit<Job, "target">,
    );
    const consume = async (over: Partial<ConsumeSettings>): Promise<number[]> => {
      const { events, bytes } = await measure(
        { kind: "consume", settings: { ...WAY, ...over } } as Omit<Job, "target">,
      );
      return [events, bytes];
    };
    for (const by of ["batches", "events", "pull"] as const) {
      assertEquals(await consume({ by }), [300, 30_000]);
    }
    assertEquals(await consume({ dataInterest: 0 }), [300, 0]);
    assertEquals(await consume({ dataInterest: 0.5, dataSelectivity: 0.25 }), [300, 150 * 25]);
    assertEquals(await consume({ consumer: { partitions: [1] } }), [150, 15_000]);
    assertEquals(await consume({ by: "events", events: 10 }), [10, 1000]);
    assertEquals(await consume({ events: 1_000_000 }), [300, 30_000]);
  });
});

test("measuring latency times every event after the warm-up", async () => {
  await withTopic({ num_partitions: 1 }, async (measure) => {
    const settings = { events: 100, rate: 1000, dataBytes: 10 };
    const [pulled, pushed] = await Promise.all([
      measure({ kind: "paced pull", settings } as Omit<Job, "target">),
      measure({ kind: "paced push", settings } as Omit<Job, "target">),
    ]);
    assertEquals([pulled.timings!.latency.length, pushed.timings!.late.length], [50, 100]);
    assert(pulled.timings!.latency.every((ms) => ms >= 0 && ms < 10_000));
    assert(pushed.seconds > 0.09);
  });
});

test("measuring durable pushes alternates them with plain writes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-bench-test-"));
  try {
    await withTopic({ num_partitions: 1 }, async (measure) => {
      const settings = { events: 8, concurrent: 4, metadataBytes: 100, path: join(folder, "bare") };
      const { timings } = await measure({ kind: "durable", settings } as Omit<Job, "target">);
      const counts = Object.entries(timings!).map(([name, values]) => [name, values.length]);
      assertEquals(counts, [["blocking", 8], ["awaited", 8], ["push", 8], ["together", 1]]);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the baselines write and read as many bytes as the events have", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-bench-test-"));
  try {
    const path = join(folder, "floor");
    for (const kind of ["raw", "plain"] as const) {
      const written = await runJob({ kind: `${kind} write`, path, settings: SHAPE }, open);
      const read = await runJob({ kind: `${kind} read`, path, settings: SHAPE }, open);
      assertEquals([written.events, written.bytes, read.events], [300, 60_000, 300]);
      // Lines have a line break, which events do not.
      assert(read.bytes >= 60_000 && read.bytes <= 60_300);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("concurrent processes are timed from the first start to the last end", () => {
  const one = {
    events: 10,
    bytes: 5,
    seconds: 2,
    cpuSeconds: 1,
    memoryBytes: 7,
    begunAt: 1000,
    endedAt: 3000,
  };
  const other = { ...one, memoryBytes: 9, begunAt: 2000, endedAt: 5000 };
  assertEquals(together([one, other]), {
    events: 20,
    bytes: 10,
    seconds: 4,
    cpuSeconds: 2,
    memoryBytes: 9,
    begunAt: 1000,
    endedAt: 5000,
  });
});
