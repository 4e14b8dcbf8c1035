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

/** Steps of cursors that begin in the same turn of the program: they go side by side when it ends. */
export class StepsOfTurn {
  #waiting: PartitionSteps<void>[] = [];
  #results: Promise<PromiseSettledResult<void>[]> | undefined;
  readonly #partitions: Set<number> = new Set();

  /** `list` as for {@linkcode sideBySide}. */
  constructor(private readonly list: () => PositionFiles) {}

  /** Whether there are steps of a partition already. */
  has(partition: number): boolean {
    return this.#partitions.has(partition);
  }

  /** Resolves or rejects as the steps do. */
  async add(partition: number, steps: CursorSteps<void>): Promise<void> {
    const index = this.#waiting.push({ partition, steps }) - 1;
    this.#partitions.add(partition);
    const result = (await (this.#results ??= Promise.resolve().then(() => this.#run())))[index]!;
    if (result.status === "rejected") throw result.reason;
  }

  #run(): PromiseSettledResult<void>[] {
    const all = this.#waiting;
    this.#waiting = [];
    this.#results = undefined;
    this.#partitions.clear();
    return sideBySide(all, this.list);
  }
}
