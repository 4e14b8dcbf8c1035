import { readFileSync } from "node:fs";
import { Child } from "./child_process.ts";
import { randomFrom } from "./content.ts";
import { RUNTIMES } from "./runtimes.ts";

/** A process that was killed. */
export interface KilledRun {
  run: number;
  runtime: string;
  /** The consumer's name, or undefined for a producer. */
  name?: string;
  logFile: string;
}

/** The parameters of a storm. */
export interface StormPlan {
  rootPath: string;
  topic: string;
  /** Where to put the processes' logs. */
  logs: string;
  /** Number of producers to kill, at least. */
  producers: number;
  /** Number of consumers to kill, in total. */
  consumers: number;
  /** Consumer names; one process each at a time. */
  names: readonly string[];
  /** Number of producers at a time. */
  parallel: number;
  seed: number;
}

/** Lines that a process has written when it works. */
const WORKING = 2;
/** When processes are killed: after that many of their lines, and how long after that at most. */
const MOMENTS = [
  { share: 0.1, what: "starting", lines: 0, msMax: 400 },
  { share: 0.2, what: "its first events", lines: 1, msMax: 40 },
  { share: 0.7, what: "working", lines: WORKING, msMax: 200 },
];

/** Starting Node costs five times as much as the others. */
const SHARES = ["deno", "bun", "deno", "bun", "node"].filter((name) => RUNTIMES.includes(name));

/**
 * Starts producers and consumers on every runtime and kills them all; returns them in the order they were
 * started.
 */
export async function storm(plan: StormPlan): Promise<KilledRun[]> {
  const random = randomFrom(plan.seed);
  const killed: KilledRun[] = [];
  let [runs, producers, consumers] = [0, 0, 0];
  let namesLeft = plan.names.length;

  const liveAndDie = async (name?: string): Promise<void> => {
    const run = runs++;
    const runtime = SHARES[run % SHARES.length];
    const logFile = `${plan.logs}/${run}.log`;
    const { rootPath, topic } = plan;
    const child = name === undefined
      ? new Child(runtime, "produce", [rootPath, topic, String(run), logFile])
      : new Child(runtime, "consume", [rootPath, topic, String(run), name, logFile]);
    const { lines, msMax } = momentAt(random());
    try {
      for (let line = 0; line < lines; line++) await child.line();
      // Half of the working consumers have acknowledged something, however busy the machine is.
      if (name !== undefined && lines === WORKING && random() < 0.5) await child.line();
      // An acknowledgement has to wait for events to be read, and a consumer's first one for the disk.
      await sleep(random() * msMax * (name === undefined ? 1 : 2));
    } finally {
      const wasKilled = await child.kill();
      if (!wasKilled) await child.finish();
    }
    killed.push({ run, runtime, name, logFile });
  };
  // Producers continue while there are consumers: one that has acknowledged everything waits for the next
  // event.
  const produce = async (): Promise<void> => {
    while (producers++ < plan.producers || namesLeft > 0) await liveAndDie();
  };
  const consume = async (name: string): Promise<void> => {
    try {
      while (consumers++ < plan.consumers) await liveAndDie(name);
    } finally {
      namesLeft--;
    }
  };
  await Promise.all([...Array.from({ length: plan.parallel }, produce), ...plan.names.map(consume)]);
  return killed.sort((a, b) => a.run - b.run);
}

/** The complete lines of a killed process's log, split at spaces. */
export function logLines({ logFile }: KilledRun): string[][] {
  let text: string;
  try {
    text = readFileSync(logFile, "utf8");
  } catch {
    // Killed before it created one.
    return [];
  }
  return text.split("\n").slice(0, -1).map((line) => line.split(" "));
}

function momentAt(share: number): (typeof MOMENTS)[number] {
  let sum = 0;
  return MOMENTS.find((moment) => (sum += moment.share) > share) ?? MOMENTS[0];
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
