/**
 * The worker process: reads a job from standard input, reports that it is ready, waits for the signal to start,
 * and writes its results, each as a line of JSON.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import type { Gate } from "./produce.ts";
import type { Measured } from "./stopwatch.ts";

/** The messages of the worker process. */
export type WorkerMessage =
  | { ready: true }
  | { measured: Measured }
  | { error: string; code?: string | undefined };

/** Runs one job from standard input. */
export async function work<Job>(doJob: (job: Job, gate: Gate) => Promise<Measured>): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  const nextLine = lineReader(lines);
  try {
    const job: Job = JSON.parse(await nextLine());
    const measured = await doJob(job, async () => {
      await send({ ready: true });
      await nextLine();
    });
    await send({ measured });
  } catch (error) {
    const { message = String(error), code } = error as { message?: string; code?: string };
    await send({ error: message, code });
  } finally {
    lines.close();
    process.stdin.destroy();
  }
}

function lineReader(lines: AsyncIterable<string>): () => Promise<string> {
  const iterator = lines[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await iterator.next();
    if (done === true) throw new Error("No one waits for this measurement any more");
    return value;
  };
}

async function send(message: WorkerMessage): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write(`${JSON.stringify(message)}\n`, () => resolve()));
}
