import { readFileSync } from "node:fs";
import { Child } from "./child_process.ts";

/** A line of a worker's log. */
interface Line {
  what: string;
  event: string;
}

/** A process that is a member of the group `workers`. */
export class Worker {
  readonly #child: Child;

  constructor(readonly runtime: string, rootPath: string, readonly logFile: string, timeoutMs: number) {
    this.#child = new Child(runtime, "work", [rootPath, "jobs", "workers", String(timeoutMs), logFile]);
  }

  async ready(): Promise<void> {
    while (await this.#child.line() !== "ready");
  }

  get pid(): number {
    return this.#child.pid;
  }

  kill(): Promise<boolean> {
    return this.#child.kill();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.signal(name);
  }

  get lines(): Line[] {
    let text: string;
    try {
      text = readFileSync(this.logFile, "utf8");
    } catch {
      return [];
    }
    // A killed process may have written only a part of its last line.
    return text.split("\n").slice(0, -1).map((line) => {
      const [what, ...event] = line.split(" ");
      return { what, event: event.join(" ") };
    });
  }
}

/** How often each event follows a word in the logs. */
function countOf(workers: readonly Worker[], what: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of workers.flatMap(({ lines }) => lines)) {
    if (line.what === what) counts.set(line.event, (counts.get(line.event) ?? 0) + 1);
  }
  return counts;
}

/** What happened to the events. */
export interface Outcome {
  /** Events that were not handled. */
  lost: string[];
  /** Events whose acknowledgement was stored more than once. */
  acknowledgedAgain: string[];
  /** How often an event was handled again. */
  twice: number;
  /** Events that were being handled by interrupted processes. */
  underWay: number;
  /** Events that a process handled after a later one of their partition. */
  disorder: string[];
}

/** Compares the workers' logs with what was pushed. */
export function outcomeOf(
  workers: readonly Worker[],
  cutShort: readonly Worker[],
  pushed: readonly string[],
): Outcome {
  const done = countOf(workers, "done");
  const begun = countOf(workers, "begin");
  const underWay = cutShort.flatMap(({ lines }) => lines).reduce(
    (sum, { what }) => sum + (what === "begin" ? 1 : what === "done" ? -1 : 0),
    0,
  );
  const disorder: string[] = [];
  // Each process handles a partition in order while it owns it, and goes back only if the partition is returned
  // to it.
  for (const { lines } of workers) {
    const last = new Map<string, number>();
    for (const { what, event } of lines) {
      if (what !== "done") continue;
      const [partition, id] = event.split(" ");
      if (Number(id) <= (last.get(partition) ?? -1)) disorder.push(event);
      last.set(partition, Number(id));
    }
  }
  return {
    lost: pushed.filter((event) => !begun.has(event)),
    acknowledgedAgain: [...done].filter(([, count]) => count > 1).map(([event]) => event),
    twice: [...begun.values()].reduce((sum, count) => sum + count - 1, 0),
    underWay,
    disorder,
  };
}
