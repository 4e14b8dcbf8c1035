import type { Topic } from "../../mod.ts";
import type { ConsumerView, Page } from "./contract.ts";

/** Some of the consumer names of a topic, and how far each is behind. */
export async function consumersPage(
  topic: Topic,
  { offset, limit }: { offset: number; limit: number },
): Promise<Page<ConsumerView>> {
  const names = await topic.consumers();
  const items: ConsumerView[] = [];
  for (const name of names.slice(offset, offset + limit)) {
    const partitions = await topic.lag(name);
    items.push({
      name,
      events: partitions.reduce((sum, { events }) => sum + events, 0),
      bytes: partitions.reduce((sum, { bytes }) => sum + bytes, 0),
      seconds: Math.max(0, ...partitions.map(({ seconds }) => seconds)),
      partitions,
    });
  }
  return { total: names.length, offset, items };
}
