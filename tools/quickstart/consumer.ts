/**
 * The consumer of the quick start, in a separate process: adds up the distances, and acknowledges every
 * 10,000 events. It reports what it has acknowledged on standard output, one line of JSON each time.
 *
 * ```text
 * consumer.ts ROOT_PATH NAME [PAUSE_AFTER]
 * ```
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { Driver, type Event } from "../../mod.ts";
import { type Flight, TOPIC } from "./flight.ts";

/** How far the consumer is. */
export interface Progress {
  /** Events read by this process. */
  read: number;
  /** Events acknowledged by this process. */
  acknowledged: number;
  /** Sum of the distances of the acknowledged ones, in miles. */
  distance: number;
  /** Whether it is paused, half-way through. */
  paused?: boolean;
}

const ACKNOWLEDGE_EVERY = 10_000;

async function consume(rootPath: string, name: string, pauseAfter: number): Promise<void> {
  await using driver = await Driver.open("files", { root_path: rootPath });
  await using topic = await driver.openTopic<Flight>(TOPIC);
  await using consumer = topic.consumer(name);
  const latest = new Map<number, Event<Flight>>();
  let [read, distance] = [0, 0];

  const acknowledge = async (): Promise<void> => {
    await Promise.all([...latest.values()].map((event) => event.acknowledge()));
    tell({ read, acknowledged: read, distance });
  };
  for await (const event of consumer.events({ until: "end" })) {
    latest.set(event.partition, event);
    distance += event.metadata.distance;
    read++;
    if (read % ACKNOWLEDGE_EVERY === 0) await acknowledge();
    if (read === pauseAfter) {
      tell({ read, acknowledged: read - read % ACKNOWLEDGE_EVERY, distance, paused: true });
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    }
  }
  await acknowledge();
}

function tell(progress: Progress): void {
  writeSync(1, JSON.stringify(progress) + "\n");
}

const [rootPath, name, pauseAfter = "0"] = process.argv.slice(2);
await consume(rootPath, name, Number(pauseAfter));
