import type { TopicDraftInterface } from "./contract.ts";
import type { JsonValue } from "./json.ts";
import type { Topic } from "./topic.ts";

/**
 * A topic that is being filled, and that no one sees before it is whole. Made by {@linkcode Driver.draftTopic}.
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
  /** The topic, to be written to; flush before it is published. */
  readonly topic: Topic<T>;
  readonly #driver: TopicDraftInterface;
  readonly #keep: boolean;
  #isSettled = false;

  /** Made by {@linkcode Driver.draftTopic}; with `keep` it stays when it is neither published nor discarded. */
  constructor(topic: Topic<T>, driver: TopicDraftInterface, keep: boolean) {
    this.topic = topic;
    this.#driver = driver;
    this.#keep = keep;
  }

  /** Closes the topic and shows it to everybody as a whole; throws `TopicExistsError` if its name was taken meanwhile. */
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

  /** Discards what was not published; keeps it if it was made to be resumed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isSettled) return;
    if (this.#keep) await this.topic.close();
    else await this.discard();
  }
}
