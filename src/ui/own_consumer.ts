import { randomUUID } from "node:crypto";
import type { Consumer, ConsumerOptions, Topic } from "../../mod.ts";

/** A consumer under a name that no one else has: it acknowledges nothing, and leaves no trace. */
export function ownConsumer(topic: Topic, options: ConsumerOptions): Consumer {
  return topic.consumer(`ui-${randomUUID()}`, options);
}
