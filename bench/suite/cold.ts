import { rmSync } from "node:fs";
import { join } from "node:path";
import { runTogether, type Starter } from "../../src/ctl/bench/worker_process.ts";
import { METADATA_BYTES, type Shape } from "../../src/ctl/bench/workload.ts";
import { median, type Row, type Section } from "./report.ts";
import { withStore } from "./store.ts";

/** Numbers of events after which a cold process is measured. */
const COUNTS = [1000, 10_000, 100_000, 300_000];

/**
 * The cost before a process is warm: small events pushed and read by cold processes, compared with plain
 * files with the same JSON in such processes.
 */
export async function cold(
  runtime: string,
  { starter, folder, scale, rounds }: { starter: Starter; folder: string; scale: number; rounds: number },
): Promise<Section> {
  const rows: Row[] = [];
  const path = join(folder, "floor");
  for (const count of COUNTS) {
    const shape: Shape = { events: Math.ceil(count * scale), dataBytes: 0, metadataBytes: METADATA_BYTES };
    const settings = { ...shape, cold: true };
    const measured = { write: [], produce: [], read: [], consume: [] } as Record<string, Row["measured"][]>;
    for (let round = 0; round < rounds; round++) {
      measured.write.push(await runTogether([{ kind: "plain write", path, settings }], starter));
      measured.read.push(await runTogether([{ kind: "plain read", path, settings }], starter));
      await withStore(folder, { num_partitions: 1 }, async ({ warmUp: _, ...target }) => {
        measured.produce.push(
          await runTogether([{
            kind: "produce",
            target,
            settings: { ...shape, form: "object", producer: {} },
          }], starter),
        );
        measured.consume.push(
          await runTogether([{
            kind: "consume",
            target,
            settings: { parse: true, dataInterest: 0, dataSelectivity: 1, by: "batches", consumer: {} },
          }], starter),
        );
      });
    }
    const row = (what: string, name: string, floor: string): Row => {
      const middle = median(measured[name]);
      return {
        what: `${shape.events.toLocaleString("en")} events, ${what}`,
        measured: middle,
        toFloor: middle.cpuSeconds / median(measured[floor]).cpuSeconds,
      };
    };
    rows.push(
      row("plain writes", "write", "write"),
      row("produce, objects", "produce", "write"),
      row("plain reads", "read", "read"),
      row("consume, parsed", "consume", "read"),
    );
  }
  rmSync(path);
  return { title: `Fresh processes on ${runtime}: events of ${METADATA_BYTES} B without data`, rows };
}
