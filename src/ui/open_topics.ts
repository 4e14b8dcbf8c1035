import {
  type ComponentDocument,
  type Driver,
  type JsonValue,
  type Serializer,
  type Topic,
  TopicDeletedError,
} from "../../mod.ts";
import { counted } from "../text/counted.ts";

interface OpenTopic {
  topic: Promise<Topic>;
  users: number;
  usedMs: number;
  openedMs: number;
}

const OPEN_MAX = 32;

/**
 * A cache of open topics: limited in time, so that a topic recreated under the same name is soon noticed. Unused
 * ones are closed if there are too many.
 */
export class OpenTopics implements AsyncDisposable {
  readonly #open = new Map<string, OpenTopic>();
  /** Expired topics that are still in use. */
  readonly #retired = new Set<OpenTopic>();

  constructor(private readonly driver: Driver, private readonly ageMsMax: number) {}

  /** Uses a topic. If it was deleted it is opened again, once: there may be a new one of that name. */
  async use<R>(name: string, use: (topic: Topic) => Promise<R>): Promise<R> {
    try {
      return await this.#useOnce(name, use);
    } catch (error) {
      if (!(error instanceof TopicDeletedError)) throw error;
      await this.#forget(name);
      return await this.#useOnce(name, use);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.keys()].map((name) => this.#forget(name)));
    await Promise.all([...this.#retired].map(closeOpen));
  }

  async #useOnce<R>(name: string, use: (topic: Topic) => Promise<R>): Promise<R> {
    const known = this.#open.get(name);
    if (known !== undefined && performance.now() - known.openedMs > this.ageMsMax) await this.#forget(name);
    const entry = this.#open.get(name) ?? this.#add(name);
    entry.users++;
    try {
      return await use(await entry.topic);
    } finally {
      entry.users--;
      entry.usedMs = performance.now();
      if (entry.users === 0 && this.#retired.delete(entry)) await closeOpen(entry);
      await this.#closeIdle();
    }
  }

  #add(name: string): OpenTopic {
    const topic = this.#openTopic(name);
    const nowMs = performance.now();
    const entry = { topic, users: 0, usedMs: nowMs, openedMs: nowMs };
    this.#open.set(name, entry);
    topic.catch(() => {
      if (this.#open.get(name) === entry) this.#open.delete(name);
    });
    return entry;
  }

  /** A serializer that may not be loaded must not prevent showing the rest. */
  async #openTopic(name: string): Promise<Topic> {
    const topic = await this.driver.openTopic(name);
    try {
      void topic.serializer;
      return topic;
    } catch {
      await topic.close();
      return await this.driver.openTopic(name, {
        serializer: new UnreadSerializer(topic.definition.serializer),
      });
    }
  }

  async #closeIdle(): Promise<void> {
    while (this.#open.size > OPEN_MAX) {
      let oldest: string | undefined;
      for (const [name, { users, usedMs }] of this.#open) {
        if (users > 0) continue;
        if (oldest === undefined || usedMs < this.#open.get(oldest)!.usedMs) oldest = name;
      }
      if (oldest === undefined) return;
      await this.#forget(oldest);
    }
  }

  /** Current users may continue; others get a new one. */
  async #forget(name: string): Promise<void> {
    const entry = this.#open.get(name);
    if (entry === undefined) return;
    this.#open.delete(name);
    if (entry.users > 0) this.#retired.add(entry);
    else await closeOpen(entry);
  }
}

async function closeOpen(entry: OpenTopic): Promise<void> {
  const topic = await entry.topic.catch(() => undefined);
  await topic?.close();
}

/** Replaces a serializer that is not loaded here, and says so in place of metadata. */
class UnreadSerializer implements Serializer {
  constructor(private readonly document: ComponentDocument) {}

  serialize(): Uint8Array {
    throw new Error("Cannot write: the page only reads");
  }

  deserialize(bytes: Uint8Array): JsonValue {
    return `${
      counted(bytes.byteLength, "byte")
    }, written by the serializer "${this.document.type}", which is not loaded here`;
  }

  config(): ComponentDocument {
    return this.document;
  }
}
