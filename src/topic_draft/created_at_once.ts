import type { DriverInterface, TopicDefinition, TopicDraftInterface } from "../contract.ts";
import { NotSupportedError } from "../errors.ts";

/** A topic with a stored position under this consumer name is unfinished. */
export const UNFINISHED_CONSUMER = "diaspora-unfinished";

/**
 * The draft of an engine that cannot hide topics: visible at once, marked by the position of a consumer if the
 * engine stores positions, and deleted when it is discarded.
 */
export async function createdAtOnce(
  driver: DriverInterface,
  name: string,
  definition: TopicDefinition,
): Promise<TopicDraftInterface> {
  await driver.createTopic(name, definition);
  const topic = await driver.openTopic(name);
  await unlessUnsupported(() => topic.seekConsumer(UNFINISHED_CONSUMER, "earliest"));
  return {
    topic,
    publish: async () => {
      const again = await driver.openTopic(name);
      await unlessUnsupported(() => again.deleteConsumer(UNFINISHED_CONSUMER));
      await again.close();
    },
    discard: () => driver.deleteTopic(name),
  };
}

/** Whether a topic was created by {@linkcode createdAtOnce} and not published. */
export async function isUnfinished(topic: { consumers(): Promise<string[]> }): Promise<boolean> {
  try {
    return (await topic.consumers()).includes(UNFINISHED_CONSUMER);
  } catch (error) {
    if (error instanceof NotSupportedError) return false;
    throw error;
  }
}

async function unlessUnsupported(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof NotSupportedError)) throw error;
  }
}
