import {
  type Consumer,
  type ConsumerOptions,
  type Event,
  PartitionMovedError,
  type Topic,
} from "../../../mod.ts";
import { checkReachable } from "../../contract/partitions.ts";
import { type StartArgument, startIn } from "../position.ts";
import type { Log } from "../console/log.ts";
import { oneLine } from "../report.ts";

/** Creates a consumer that starts at a position, unless its name has a stored one. */
export async function openConsumer(
  topic: Topic,
  name: string | undefined,
  start: StartArgument,
  options: Omit<ConsumerOptions, "from">,
): Promise<Consumer> {
  const counted = typeof start === "object" && "last" in start;
  // A unique name: nothing is ever stored under it.
  const consumerName = name ?? `diaspora-ctl-${crypto.randomUUID()}`;
  const consumer = topic.consumer(consumerName, counted ? options : { ...options, from: start });
  if (!counted) return consumer;
  try {
    await consumer.ready();
    const described = await topic.describe();
    checkReachable(described.filter(({ partition }) => consumer.partitions.includes(partition)));
    const known = new Map(described.map((partition) => [partition.partition, partition]));
    const lags = name === undefined ? [] : await topic.lag(name);
    // A position that is unknown now is not one that was never stored.
    checkReachable(lags.filter(({ partition }) => consumer.partitions.includes(partition)));
    for (const partition of consumer.partitions) {
      if (lags.some((lag) => lag.partition === partition && lag.acknowledged)) continue;
      await consumer.seek(startIn(known.get(partition)!, start), { partitions: [partition] });
    }
    return consumer;
  } catch (error) {
    await consumer.close();
    throw error;
  }
}

/** Acknowledges an event; if its partition was given to another member of the group, that one gets it again. */
export async function acknowledgePrinted(event: Event, log: Log): Promise<void> {
  try {
    await event.acknowledge();
  } catch (error) {
    if (!(error instanceof PartitionMovedError)) throw error;
    log.warn(oneLine(error));
  }
}
