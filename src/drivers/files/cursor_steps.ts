import type { CursorSteps, OwnCursorFile } from "../../log/mod.ts";
import { PositionFiles } from "./layout.ts";

/** What the cursor of one partition is to do. */
interface PartitionSteps<T> {
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

  /** `list` as for {@linkcode sideBySide}. */
  constructor(private readonly list: () => PositionFiles) {}

  /** Resolves or rejects as the steps do. */
  async add(partition: number, steps: CursorSteps<void>): Promise<void> {
    const index = this.#waiting.push({ partition, steps }) - 1;
    const result = (await (this.#results ??= Promise.resolve().then(() => this.#run())))[index]!;
    if (result.status === "rejected") throw result.reason;
  }

  #run(): PromiseSettledResult<void>[] {
    const all = this.#waiting;
    this.#waiting = [];
    this.#results = undefined;
    return sideBySide(all, this.list);
  }
}

/** Syncs of files with first positions: those that begin in the same turn go side by side, and share one of the names. */
export class SyncsOfTurn {
  readonly #waiting: Set<OwnCursorFile> = new Set();
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  /** `syncNames` syncs the folder of the files. */
  constructor(private readonly syncNames: () => Promise<void>) {}

  /** Resolves when the file and its name are on the disk. */
  add(file: OwnCursorFile): Promise<void> {
    this.#waiting.add(file);
    // One after the other: of two syncs of a file at once, a failure would be reported to one of them only.
    const syncing = this.#next ??= this.#last = this.#last.catch(() => {}).then(() => this.#run());
    file.keepOpenDuring(syncing);
    return syncing;
  }

  async #run(): Promise<void> {
    const files = [...this.#waiting];
    this.#waiting.clear();
    this.#next = undefined;
    for (const result of await Promise.allSettled(files.map((file) => file.sync()))) {
      if (result.status === "rejected") throw result.reason;
    }
    await this.syncNames();
    for (const file of files) file.isSyncDue = false;
  }
}
