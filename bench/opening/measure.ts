import process from "node:process";
import { Driver, type Topic } from "../../mod.ts";

/** Milliseconds of each step: the first time in a new process, and the median of many. */
export interface Times {
  open: number;
  firstPull: number;
  seekId: number;
  seekTime: number;
}

/** The measurements of a store. */
export interface Measured {
  /** The first round in a new process that has loaded the library: includes compiling it. */
  cold: Times;
  /** The median of the later rounds. */
  warm: Times;
  /** The slowest of the later rounds. */
  worst: Times;
  /** How much memory the first round added to the process, in MiB. */
  memory: number;
}

const ROUNDS = 30;

/**
 * Opens a topic repeatedly, and looks up random events; alone in its process, so that memory can be measured.
 */
export async function measure(rootPath: string, name: string, events: number): Promise<Measured> {
  // Loads the engine, as a program that opens topics would have done before.
  await (await Driver.open("files", { root_path: rootPath })).close();
  const before = residentMiB();
  const rounds: Times[] = [];
  rounds.push(await measureOnce(rootPath, name, events));
  const memory = residentMiB() - before;
  const { oldest, newest } = await timesOf(rootPath, name);
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push(await measureOnce(rootPath, name, events, oldest, newest));
  }
  const [cold, ...rest] = rounds;
  const pick = (choose: (values: number[]) => number): Times => ({
    open: choose(rest.map(({ open }) => open)),
    firstPull: choose(rest.map(({ firstPull }) => firstPull)),
    seekId: choose(rest.map(({ seekId }) => seekId)),
    seekTime: choose(rest.map(({ seekTime }) => seekTime)),
  });
  return {
    cold,
    warm: pick((values) => values.sort((a, b) => a - b)[values.length >> 1]),
    worst: pick((values) => Math.max(...values)),
    memory,
  };
}

function residentMiB(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().rss / 2 ** 20;
}

/** The times of the first and the last event, in milliseconds since 1970. */
async function timesOf(rootPath: string, name: string): Promise<{ oldest: number; newest: number }> {
  await using driver = await Driver.open("files", { root_path: rootPath });
  await using topic = await driver.openTopic(name);
  const [{ oldestTime = 0, newestTime = 0 }] = await topic.describe();
  return { oldest: oldestTime, newest: newestTime };
}

async function measureOnce(
  rootPath: string,
  name: string,
  events: number,
  oldest = 0,
  newest = Date.now() - 1000,
): Promise<Times> {
  const began = performance.now();
  await using driver = await Driver.open("files", { root_path: rootPath });
  await using topic: Topic = await driver.openTopic(name);
  const opened = performance.now();
  await using consumer = topic.consumer(`bench ${Math.random()}`);
  await consumer.pull();
  const pulled = performance.now();

  const id = Math.floor(Math.random() * events);
  await consumer.seek({ id });
  const event = await consumer.pull();
  const found = performance.now();
  if (event.id !== id) throw new Error(`Seeking event ${id} gave event ${event.id}`);

  const time = oldest + Math.floor(Math.random() * (newest - oldest));
  const beforeTime = performance.now();
  await consumer.seek({ time });
  const later = await consumer.pull();
  const foundTime = performance.now();
  if (later.timestamp < time) throw new Error(`Seeking time ${time} gave an event of ${later.timestamp}`);
  return {
    open: opened - began,
    firstPull: pulled - opened,
    seekId: found - pulled,
    seekTime: foundTime - beforeTime,
  };
}
