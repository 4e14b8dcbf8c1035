import { together } from "../../src/ctl/bench/stopwatch.ts";
import { runInProcesses, type Starter } from "../../src/ctl/bench/worker_process.ts";
import type { Shape } from "../../src/ctl/bench/workload.ts";
import { median, type Section } from "./report.ts";
import { withStore } from "./store.ts";
import { counted } from "../../src/text/counted.ts";

/** Documents prepared in advance: few, so that many processes are ready at the same time. */
const DOCUMENTS = 10_000;

/** The same number of events pushed to one partition by more and more processes. */
export async function processes(
  starter: Starter,
  { folder, shape, counts, rounds }: {
    folder: string;
    shape: Shape;
    counts: readonly number[];
    rounds: number;
  },
): Promise<Section> {
  const rows = [];
  for (const count of counts) {
    const all = [];
    for (let round = 0; round < rounds; round++) {
      all.push(
        await withStore(folder, { num_partitions: 1 }, async (target) => {
          const events = Math.ceil(shape.events / count);
          const settings = { ...shape, events, documents: DOCUMENTS, form: "object" as const, producer: {} };
          const jobs = Array.from({ length: count }, () => ({ kind: "produce" as const, target, settings }));
          return together(await runInProcesses(jobs, starter));
        }),
      );
    }
    rows.push({ what: counted(count, "process", "processes"), measured: median(all) });
  }
  return {
    title: `Producer processes on one partition, ${
      counted(shape.events, "event")
    } of ${shape.dataBytes} B data in all`,
    rows,
  };
}
