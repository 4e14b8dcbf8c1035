import type { Consumer, ConsumerOptions, Topic } from "../../../mod.ts";
import { checkReachable } from "../../contract/partitions.ts";
import { type StartArgument, startIn } from "../position.ts";

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
