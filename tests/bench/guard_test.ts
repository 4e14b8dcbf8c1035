// A regression shows as a ratio to the cost of plain files in the same minute on the same machine: absolute
// times would depend on the machine. The limits are about 1.5 times what was measured, beside many other
// programs too, so that only a real regression exceeds them. The files are in memory: what a disk's file system
// does at the same time for other programs is not part of it.
import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { providePageCache } from "../../bench/suite/page_cache.ts";
import { starterOn } from "../../bench/suite/runtimes.ts";
import { withStore } from "../../bench/suite/store.ts";
import type { ConsumeSettings } from "../../src/ctl/bench/consume.ts";
import type { Job } from "../../src/ctl/bench/job.ts";
import { runTogether } from "../../src/ctl/bench/worker_process.ts";
import { scaled, type Shape, WORKLOADS } from "../../src/ctl/bench/workload.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

/** On a disk the limits are twice as high. */
const DISK_FACTOR = memoryFolder === tmpdir() ? 2 : 1;
/**
 * The best of at most that many measurements, since every disturbance makes them longer. One is enough if it
 * is within its limits.
 */
const ROUNDS_MAX = 6;

/** Processor time of each way, as a multiple of the floor it is compared with. */
interface Limits {
  /** Objects pushed, relative to `JSON.stringify` and plain writes. */
  produce: number;
  /** Metadata parsed, relative to plain reads and `JSON.parse`. */
  parsed: number;
  /** Metadata not accessed, relative to the same. */
  untouched: number;
  /** Data delivered in new memory, relative to the same. */
  withData?: number;
  /** Data delivered into one buffer, relative to the same. */
  oneBuffer?: number;
}

const WAY: ConsumeSettings = {
  parse: true,
  dataInterest: 0,
  dataSelectivity: 1,
  by: "batches",
  consumer: {},
};

async function checkRatios(shape: Shape, limits: Limits): Promise<void> {
  const folder = mkdtempSync(join(memoryFolder, "diaspora-bench-guard-"));
  const starter = starterOn("deno");
  const best: Record<string, number> = {};
  const keep = async (what: string, job: Job): Promise<void> => {
    const { cpuSeconds } = await runTogether([job], starter);
    best[what] = Math.min(best[what] ?? Infinity, cpuSeconds);
  };
  try {
    for (let round = 0; round < ROUNDS_MAX && (round === 0 || excess(best, limits).length > 0); round++) {
      const path = join(folder, "floor");
      providePageCache(folder, shape);
      await keep("write", { kind: "plain write", path, settings: shape });
      await keep("read", { kind: "plain read", path, settings: shape });
      rmSync(path);
      await withStore(folder, { num_partitions: 1 }, async (target) => {
        providePageCache(folder, shape);
        await keep("produce", {
          kind: "produce",
          target,
          settings: { ...shape, form: "object", producer: {} },
        });
        await keep("parsed", { kind: "consume", target, settings: WAY });
        await keep("untouched", { kind: "consume", target, settings: { ...WAY, parse: false } });
        if (limits.withData === undefined) return;
        const oneBuffer: ConsumeSettings = { ...WAY, dataInterest: 1, by: "events", ownBuffer: true };
        await keep("oneBuffer", { kind: "consume", target, settings: oneBuffer });
        await keep("withData", { kind: "consume", target, settings: { ...WAY, dataInterest: 1 } });
      });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  assertEquals(excess(best, limits), []);
}

/** The measurements that exceed their limits. */
function excess(best: Record<string, number>, limits: Limits): string[] {
  return Object.entries(limits).flatMap(([what, limit]) => {
    const allowed = limit * DISK_FACTOR;
    const ratio = best[what] / best[what === "produce" ? "write" : "read"];
    return ratio <= allowed
      ? []
      : [`${what}: ${ratio.toFixed(2)} times the floor, at most ${allowed} allowed`];
  });
}

test("pushing and reading small events costs little more than plain files with the same JSON", async () => {
  await checkRatios(scaled(WORKLOADS.W1, 0.3), { produce: 2.2, parsed: 1.5, untouched: 0.6 });
});

test("pushing and reading events with 64 KiB of data costs little more than plain files", async () => {
  await checkRatios(scaled(WORKLOADS.W3, 0.15), {
    produce: 2.3,
    parsed: 0.6,
    untouched: 0.5,
    withData: 2.8,
    oneBuffer: 2.3,
  });
});

test("pushing and reading events with 1 MiB of data costs little more than plain files", async () => {
  await checkRatios(scaled(WORKLOADS.W4, 0.1), {
    produce: 2.2,
    parsed: 0.6,
    untouched: 0.5,
    withData: 3.2,
    oneBuffer: 2,
  });
});
