import type { DriverInterface, TopicDefinition, TopicDraftInterface } from "../contract.ts";
import { NotSupportedError } from "../errors.ts";

/** The name under which a topic that is not whole has a position, so that it is distinguished from one that is. */
export const UNFINISHED_CONSUMER = "diaspora-unfinished";

/**
 * The draft of an engine that cannot hide topics: there for everybody at once, marked by the position of a consumer
 * where the engine keeps positions, and deleted when it is discarded.
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

/** Whether a topic is one that {@linkcode createdAtOnce} made, and that no one published. */
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
