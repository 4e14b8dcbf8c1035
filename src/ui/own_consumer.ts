import { randomUUID } from "node:crypto";
import type { Consumer, ConsumerOptions, Topic } from "../../mod.ts";

/** A consumer with a unique name: it acknowledges nothing and leaves no trace. */
export function ownConsumer(topic: Topic, options: ConsumerOptions): Consumer {
  return topic.consumer(`ui-${randomUUID()}`, options);
}
