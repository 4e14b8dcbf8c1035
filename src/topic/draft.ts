import type { DriverInterface, PartitionLag, TopicDefinition, TopicDraftInterface } from "../contract.ts";
import { checkReachable } from "../contract/partitions.ts";
import type { JsonValue } from "../json.ts";
import type { Topic } from "../topic.ts";
import { NotSupportedError } from "../errors.ts";

/**
 * A topic that is being filled, hidden until it is published. Created by {@linkcode Driver.draftTopic}.
 *
 * @example
 * ```ts
 * import { Driver } from "@diaspora/stream";
 *
 * await using driver = await Driver.open("memory", {});
 * await using draft = await driver.draftTopic("restored", { options: { num_partitions: 2 } });
 * const producer = draft.topic.producer();
 * producer.push({ energy: 42 });
 * await producer.flush();
 * console.log(await driver.topicExists("restored")); // false
 * await draft.publish();
 * console.log(await driver.topicExists("restored")); // true
 * ```
 */
export class TopicDraft<T = JsonValue> implements AsyncDisposable {
  /** The topic, for writing; flush before publishing. */
  readonly topic: Topic<T>;
  readonly #driver: TopicDraftInterface;
  readonly #keep: boolean;
  #isSettled = false;

  /** Created by {@linkcode Driver.draftTopic}; with `keep` it remains if it is neither published nor discarded. */
  constructor(topic: Topic<T>, driver: TopicDraftInterface, keep: boolean) {
    this.topic = topic;
    this.#driver = driver;
    this.#keep = keep;
  }

  /**
   * Closes the topic and makes it visible as a whole; throws `TopicExistsError` if the name was taken in the
   * meantime.
   */
  async publish(): Promise<void> {
    await this.topic.close();
    await this.#driver.publish();
    this.#isSettled = true;
  }

  /** Closes the topic and removes it. */
  async discard(): Promise<void> {
    this.#isSettled = true;
    try {
      await this.topic.close();
    } finally {
      await this.#driver.discard();
    }
  }

  /** Discards the draft unless it was published or created to be resumed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isSettled) return;
    if (this.#keep) await this.topic.close();
    else await this.discard();
  }
}

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

/**
 * Whether a topic was created by {@linkcode createdAtOnce} and not published. Throws if that is not known now: a list
 * of consumers may be incomplete.
 */
export async function isUnfinished(
  topic: { lag(consumerName: string): Promise<PartitionLag[]> },
): Promise<boolean> {
  try {
    const lags = await topic.lag(UNFINISHED_CONSUMER);
    if (lags.some(({ acknowledged }) => acknowledged)) return true;
    checkReachable(lags);
    return false;
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
