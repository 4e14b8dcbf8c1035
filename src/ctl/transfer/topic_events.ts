import type { Event, Topic } from "../../../mod.ts";
import type { Done } from "../console/progress.ts";
import { selectSmall } from "../consume/data_sink.ts";

/**
 * Every event that is in a topic now, one partition after the other, in the batches in which they are read.
 * Rejects with the signal's reason when it is aborted.
 */
export async function* eventsOf(
  topic: Topic,
  { done, signal }: { done: Done; signal: AbortSignal },
): AsyncGenerator<{ partition: number; events: Event[] }, void, void> {
  for (let partition = 0; partition < topic.partitions.length; partition++) {
    await using consumer = topic.consumer(`diaspora-ctl-${crypto.randomUUID()}`, {
      partitions: [partition],
      dataSelector: selectSmall,
    });
    for await (const events of consumer.batches({ until: "end", signal })) {
      yield { partition, events };
      done.events += events.length;
      for (const event of events) done.bytes += event.metadataText.length + event.dataDescriptor.size;
    }
  }
}
