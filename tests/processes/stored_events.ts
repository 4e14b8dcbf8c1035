import { FullDataSelector, type Topic } from "../../mod.ts";
import { type Content, isDataOf } from "./content.ts";

/** Every event of a partition, by its id. */
export type StoredPartition = Content[];

/** Reads everything in a topic; throws if ids are not dense or something differs from what was pushed. */
export async function readStored(topic: Topic): Promise<StoredPartition[]> {
  const stored: StoredPartition[] = [];
  for (let partition = 0; partition < topic.partitions.length; partition++) {
    stored.push(await readPartition(topic, partition));
  }
  return stored;
}

async function readPartition(topic: Topic, partition: number): Promise<StoredPartition> {
  await using consumer = topic.consumer(`reader of ${partition}`, {
    partitions: [partition],
    dataSelector: FullDataSelector,
  });
  const stored: StoredPartition = [];
  for await (const events of consumer.batches({ until: "end" })) {
    for (const event of events) {
      const content = event.metadata as Content;
      if (event.id !== stored.length) {
        throw new Error(`Event ${event.id} of partition ${partition} follows event ${stored.length - 1}`);
      }
      if (!isDataOf(content, event.data ?? new Uint8Array(0))) {
        throw new Error(`Event ${event.id} of partition ${partition} has data that is not its own`);
      }
      stored.push(content);
    }
  }
  return stored;
}
