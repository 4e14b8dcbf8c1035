import type { CursorSteps } from "../../log/mod.ts";
import { PositionFiles } from "./layout.ts";

/** What the cursor of one partition is to do. */
export interface PartitionSteps<T> {
  partition: number;
  steps: CursorSteps<T>;
}

/**
 * Goes through the steps of several partitions' cursors side by side; `list` lists their files, and is called once for
 * each step of all. Returns what became of each, in the same order.
 */
export function sideBySide<T>(
  all: readonly PartitionSteps<T>[],
  list: () => PositionFiles,
): PromiseSettledResult<T>[] {
  const results: PromiseSettledResult<T>[] = [];
  let listed = new PositionFiles([]);
  let running = [...all.keys()];
  for (;;) {
    running = running.filter((index) => {
      const { partition, steps } = all[index]!;
      try {
        const step = steps.next(listed.of(partition));
        if (step.done !== true) return true;
        results[index] = { status: "fulfilled", value: step.value };
      } catch (reason) {
        results[index] = { status: "rejected", reason };
      }
      return false;
    });
    if (running.length === 0) break;
    try {
      listed = list();
    } catch (reason) {
      for (const index of running) results[index] = { status: "rejected", reason };
      break;
    }
  }
  return results;
}
