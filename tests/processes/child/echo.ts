import type { Topic } from "../../../mod.ts";
import { tell } from "./task.ts";

/**
 * Pushes every event of partition 0 to partition 1, until it is killed.
 *
 * ```text
 * echo ROOT_PATH TOPIC
 * ```
 */
export async function echo(topic: Topic): Promise<void> {
  await using producer = topic.producer("echo");
  await using consumer = topic.consumer("echo", { partitions: [0], from: "latest" });
  await consumer.ready();
  tell("ready");
  for await (const event of consumer.events()) {
    await producer.push(event.metadata, undefined, { partition: 1 });
  }
}
